//! Moves of numbers, and the accounts they came from.

use super::item::{self, Item, Require, number, text};
use super::{Held, Store, StoreError, keys, unavailable};
use crate::domain::ids::{MoveId, OnboardingId, WabaId};
use crate::domain::moving::{ALIAS, Move, MoveEvent, MoveNext, advance, advance_by};
use crate::domain::operation::Operation;
use crate::domain::time::Timestamp;
use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use std::collections::HashMap;

const ENTITY: &str = "move";

/// How often a fact is applied to a newer record before the caller has to come again.
const CONFLICTS: usize = 5;

/// Moves a list shows: the newest.
const LISTED: usize = 100;

impl Store {
    /// Stores a new move. A number has one at a time in an onboarding: `earlier` is the one that is over.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the number has another move by now.
    pub async fn create_move(&self, moving: &Move, earlier: Option<&MoveId>) -> Result<(), StoreError> {
        let state = item::put(&self.table, move_item(moving, 1, moving.created_at)?, Require::Absent)?;
        let mut pointer = item::key_of(&keys::move_of_number(&moving.onboarding, &moving.fingerprint));
        pointer.insert("entity".to_owned(), text("number's move"));
        pointer.insert("move_id".to_owned(), text(moving.id.as_str()));
        pointer.insert("expires_at".to_owned(), number(moving.expires_at().as_seconds_up()));
        let earlier = text(earlier.map_or("", MoveId::as_str));
        let pointer = Put::builder()
            .table_name(&self.table)
            .set_item(Some(pointer))
            .condition_expression("attribute_not_exists(pk) OR move_id = :earlier")
            .set_expression_attribute_values(Some(HashMap::from([(":earlier".to_owned(), earlier)])));
        let pointer = pointer.build().map_err(|_| StoreError::Undecodable("request"))?;
        let write = |put| TransactWriteItem::builder().put(put).build();
        self.transact(vec![write(state), write(pointer)], None).await
    }

    /// The last move of a number to an onboarding.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable or the item undecodable.
    pub async fn move_of_number(
        &self,
        onboarding: &OnboardingId,
        fingerprint: &str,
    ) -> Result<Option<Held<Move>>, StoreError> {
        let pointer = self.item(&keys::move_of_number(onboarding, fingerprint)).await?;
        let id =
            pointer.as_ref().and_then(|item| item.get("move_id")?.as_s().ok()).and_then(|id| MoveId::parse(id).ok());
        match id {
            Some(id) => self.moving(&id).await,
            None => Ok(None),
        }
    }

    /// A move.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable or the item undecodable.
    pub async fn moving(&self, id: &MoveId) -> Result<Option<Held<Move>>, StoreError> {
        self.item(&keys::moving(id)).await?.map(|found| item::read(found, ENTITY)).transpose()
    }

    /// Applies a fact to a move, and again to a newer record while somebody else saves first. `None` when there is no such
    /// move or the fact changes nothing.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable, or others were faster every time.
    pub async fn record_move(&self, id: &MoveId, fact: &MoveEvent, now: Timestamp) -> Result<Option<Move>, StoreError> {
        self.record_move_by(id, fact, None, now).await
    }

    /// As [`Store::record_move`]; who asked for the operation is saved with the fact.
    ///
    /// # Errors
    /// As [`Store::record_move`].
    pub async fn record_move_by(
        &self,
        id: &MoveId,
        fact: &MoveEvent,
        operation: Option<&Operation>,
        now: Timestamp,
    ) -> Result<Option<Move>, StoreError> {
        self.change_move(id, now, |before| Some(advance_by(before, fact, operation, now))).await
    }

    /// Counts a code that is about to be asked for or entered; `None` when the move is not there, or no more are allowed.
    ///
    /// # Errors
    /// As [`Store::record_move`].
    pub async fn count_code(
        &self,
        id: &MoveId,
        fact: &MoveEvent,
        operation: &Operation,
        now: Timestamp,
    ) -> Result<Option<Move>, StoreError> {
        let count = |before: &Move| before.allows(fact, now).then(|| advance_by(before, fact, Some(operation), now));
        self.change_move(id, now, count).await
    }

    /// Says that somebody looks at a move that is due; `None` when it is not, or somebody else does.
    ///
    /// # Errors
    /// As [`Store::record_move`].
    pub async fn begin_look(&self, id: &MoveId, now: Timestamp) -> Result<Option<Move>, StoreError> {
        let begin =
            |before: &Move| (before.next(now) == MoveNext::Look).then(|| advance(before, &MoveEvent::LookBegun, now));
        self.change_move(id, now, begin).await
    }

    async fn change_move(
        &self,
        id: &MoveId,
        now: Timestamp,
        change: impl Fn(&Move) -> Option<Move>,
    ) -> Result<Option<Move>, StoreError> {
        for _ in 0..CONFLICTS {
            let Some(held) = self.moving(id).await? else { return Ok(None) };
            let Some(after) = change(&held.record).filter(|after| *after != held.record) else { return Ok(None) };
            let put = move_item(&after, held.version.saturating_add(1), now)?;
            let put = item::put(&self.table, put, Require::Version(held.version))?;
            match self.transact(vec![TransactWriteItem::builder().put(put).build()], None).await {
                Err(StoreError::Conflict) => {}
                saved => return saved.map(|()| Some(after)),
            }
        }
        Err(StoreError::Conflict)
    }

    /// Moves that are due at `now`, the longest overdue first.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable.
    pub async fn due_moves(&self, now: Timestamp, limit: i32) -> Result<Vec<MoveId>, StoreError> {
        let found = self.due_keys(keys::MOVES, now, limit).await?;
        Ok(found.iter().filter_map(|pk| MoveId::parse(pk.strip_prefix("MOVE#")?).ok()).collect())
    }

    /// The newest moves, newest first.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable or an item undecodable.
    pub async fn moves(&self) -> Result<Vec<Move>, StoreError> {
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
            moves.push(item::read::<Move>(found, ENTITY)?.record);
            if moves.len() == LISTED {
                break;
            }
        }
        Ok(moves)
    }

    /// Takes the account a number came from for the one it went to, for two weeks: news of it come late.
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

    /// The account that stands for one that a number came from, while it does.
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

fn move_item(moving: &Move, version: u64, now: Timestamp) -> Result<Item, StoreError> {
    let mut item = item::build(&keys::moving(&moving.id), ENTITY, version, moving)?;
    item.insert("list".to_owned(), text(keys::MOVES));
    item.insert("list_order".to_owned(), text(moving.id.as_str()));
    item.insert("expires_at".to_owned(), number(moving.expires_at().as_seconds_up()));
    if let Some(due) = moving.due_at(now) {
        item.insert("due_kind".to_owned(), text(keys::MOVES));
        item.insert("due_at".to_owned(), number(due.as_seconds_up()));
    }
    Ok(item)
}
