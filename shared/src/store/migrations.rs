//! Phone number migrations, and the accounts that the numbers came from.

use super::item::{self, Item, Require, number, text};
use super::update::{Record, next_version};
use super::{Store, StoreError, Versioned, keys, unavailable};
use crate::domain::ids::{MigrationId, OnboardingId, WabaId};
use crate::domain::migration::{ALIAS, Migration, MigrationFact, MigrationNext, advance, advance_by};
use crate::domain::operation::Operation;
use crate::domain::time::Timestamp;
use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use std::collections::HashMap;

const ENTITY: &str = "move";

/// Migrations in a list: the newest.
const LISTED: usize = 100;

impl Record for Migration {
    type Key = MigrationId;
    type Beside = Timestamp;

    async fn load(store: &Store, key: &MigrationId) -> Result<Option<Versioned<Self>>, StoreError> {
        store.migration(key).await
    }

    async fn save(
        store: &Store,
        _key: &MigrationId,
        held: Option<&Versioned<Self>>,
        after: Self,
        now: Timestamp,
    ) -> Result<Versioned<Self>, StoreError> {
        let version = next_version(held);
        let put = item::put(&store.table, migration_item(&after, version, now)?, Require::of(held))?;
        store.transact(vec![TransactWriteItem::builder().put(put).build()], None).await?;
        Ok(Versioned { record: after, version })
    }
}

impl Store {
    /// Stores a new migration. A number has one at a time in an onboarding: `earlier` is the previous one, which has
    /// ended.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when another migration of the number was stored in the meantime.
    pub async fn create_migration(
        &self,
        migration: &Migration,
        earlier: Option<&MigrationId>,
    ) -> Result<(), StoreError> {
        let state = item::put(&self.table, migration_item(migration, 1, migration.created_at)?, Require::Absent)?;
        let mut pointer = item::key_of(&keys::migration_of_number(&migration.onboarding, &migration.fingerprint));
        pointer.insert("entity".to_owned(), text("number's move"));
        pointer.insert("move_id".to_owned(), text(migration.id.as_str()));
        pointer.insert("expires_at".to_owned(), number(migration.expires_at().as_seconds_up()));
        let earlier = text(earlier.map_or("", MigrationId::as_str));
        let pointer = Put::builder()
            .table_name(&self.table)
            .set_item(Some(pointer))
            .condition_expression("attribute_not_exists(pk) OR move_id = :earlier")
            .set_expression_attribute_values(Some(HashMap::from([(":earlier".to_owned(), earlier)])));
        let pointer = pointer.build().map_err(|_| StoreError::Undecodable("request"))?;
        let write = |put| TransactWriteItem::builder().put(put).build();
        self.transact(vec![write(state), write(pointer)], None).await
    }

    /// The last migration of a number to an onboarding.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable or the item undecodable.
    pub async fn migration_of_number(
        &self,
        onboarding: &OnboardingId,
        fingerprint: &str,
    ) -> Result<Option<Versioned<Migration>>, StoreError> {
        let pointer = self.item(&keys::migration_of_number(onboarding, fingerprint)).await?;
        let id = pointer
            .as_ref()
            .and_then(|item| item.get("move_id")?.as_s().ok())
            .and_then(|id| MigrationId::parse(id).ok());
        match id {
            Some(id) => self.migration(&id).await,
            None => Ok(None),
        }
    }

    /// A migration.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable or the item undecodable.
    pub async fn migration(&self, id: &MigrationId) -> Result<Option<Versioned<Migration>>, StoreError> {
        self.item(&keys::migration(id)).await?.map(|found| item::read(found, ENTITY)).transpose()
    }

    /// Applies a fact to a migration; after a version conflict, to the newer record. `None` when the migration does not
    /// exist or the fact changes nothing.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable, or every attempt ended in a version conflict.
    pub async fn record_migration(
        &self,
        id: &MigrationId,
        fact: &MigrationFact,
        now: Timestamp,
    ) -> Result<Option<Migration>, StoreError> {
        self.record_migration_by(id, fact, None, now).await
    }

    /// Like [`Store::record_migration`]; also saves who requested the operation.
    ///
    /// # Errors
    /// As [`Store::record_migration`].
    pub async fn record_migration_by(
        &self,
        id: &MigrationId,
        fact: &MigrationFact,
        operation: Option<&Operation>,
        now: Timestamp,
    ) -> Result<Option<Migration>, StoreError> {
        self.change_migration(id, now, |before| Some(advance_by(before, fact, operation, now))).await
    }

    /// Counts a code that is about to be requested or entered; `None` when the migration does not exist, or no more
    /// codes are allowed.
    ///
    /// # Errors
    /// As [`Store::record_migration`].
    pub async fn count_code(
        &self,
        id: &MigrationId,
        fact: &MigrationFact,
        operation: &Operation,
        now: Timestamp,
    ) -> Result<Option<Migration>, StoreError> {
        let count =
            |before: &Migration| before.allows(fact, now).then(|| advance_by(before, fact, Some(operation), now));
        self.change_migration(id, now, count).await
    }

    /// Saves the start of a check that is due; `None` when none is due, or another worker has started it.
    ///
    /// # Errors
    /// As [`Store::record_migration`].
    pub async fn begin_check(&self, id: &MigrationId, now: Timestamp) -> Result<Option<Migration>, StoreError> {
        let begin = |before: &Migration| {
            (before.next(now) == MigrationNext::Check).then(|| advance(before, &MigrationFact::CheckStarted, now))
        };
        self.change_migration(id, now, begin).await
    }

    async fn change_migration(
        &self,
        id: &MigrationId,
        now: Timestamp,
        change: impl Fn(&Migration) -> Option<Migration> + Sync,
    ) -> Result<Option<Migration>, StoreError> {
        let decide =
            |before: Option<&Migration>| Ok::<_, StoreError>(before.and_then(&change).map(|after| (after, now)));
        Ok(self.update(id, decide).await?.saved().map(|saved| saved.record))
    }

    /// Migrations that are due at `now`, the longest overdue first.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable.
    pub async fn due_migrations(&self, now: Timestamp, limit: i32) -> Result<Vec<MigrationId>, StoreError> {
        let found = self.due_keys(keys::MOVES, now, limit).await?;
        Ok(found.iter().filter_map(|pk| MigrationId::parse(pk.strip_prefix("MOVE#")?).ok()).collect())
    }

    /// The newest migrations, newest first.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable or an item undecodable.
    pub async fn moves(&self) -> Result<Vec<Migration>, StoreError> {
        let request = self.client().query().table_name(&self.table).index_name("ByList");
        let request = request
            .key_condition_expression("#list = :list")
            .expression_attribute_names("#list", "list")
            .expression_attribute_values(":list", text(keys::MOVES))
            .scan_index_forward(false);
        let mut pages = request.into_paginator().items().send();
        let mut moves = Vec::new();
        while let Some(found) = pages.next().await {
            let found = found.map_err(|error| unavailable(&error))?;
            moves.push(item::read::<Migration>(found, ENTITY)?.record);
            if moves.len() == LISTED {
                break;
            }
        }
        Ok(moves)
    }

    /// Maps the account a number came from to the one it was migrated to, for two weeks: webhooks of the old account
    /// may arrive late.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable.
    pub async fn alias(&self, source: &WabaId, target: &WabaId, now: Timestamp) -> Result<(), StoreError> {
        let mut item = item::key_of(&keys::alias(source));
        item.insert("entity".to_owned(), text("alias"));
        item.insert("waba".to_owned(), text(target.as_str()));
        item.insert("expires_at".to_owned(), number(now.after(ALIAS).as_seconds_up()));
        let request = self.client().put_item().table_name(&self.table).set_item(Some(item));
        request.send().await.map(drop).map_err(|error| unavailable(&error))
    }

    /// The account that replaces one a number came from, until the mapping expires.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable.
    pub async fn alias_of(&self, source: &WabaId, now: Timestamp) -> Result<Option<WabaId>, StoreError> {
        let Some(item) = self.item(&keys::alias(source)).await? else { return Ok(None) };
        let until = item.get("expires_at").and_then(|until| until.as_n().ok()?.parse::<i64>().ok());
        let live = until.is_some_and(|until| now < Timestamp::from_seconds(until));
        let waba = item.get("waba").filter(|_| live).and_then(|waba| waba.as_s().ok());
        Ok(waba.and_then(|waba| WabaId::parse(waba).ok()))
    }
}

fn migration_item(migration: &Migration, version: u64, now: Timestamp) -> Result<Item, StoreError> {
    let mut item = item::build(&keys::migration(&migration.id), ENTITY, version, migration)?;
    item.insert("list".to_owned(), text(keys::MOVES));
    item.insert("list_order".to_owned(), text(migration.id.as_str()));
    item.insert("expires_at".to_owned(), number(migration.expires_at().as_seconds_up()));
    if let Some(due) = migration.due_at(now) {
        item.insert("due_kind".to_owned(), text(keys::MOVES));
        item.insert("due_at".to_owned(), number(due.as_seconds_up()));
    }
    Ok(item)
}
