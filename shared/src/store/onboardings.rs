//! Onboardings, their timeline, and the owners of accounts.

use super::item::{self, Item, Require, number, text};
use super::update::{Record, next_version};
use super::{Store, StoreError, Versioned, keys, unavailable};
use crate::domain::ids::OnboardingId;
use crate::domain::onboarding::{Onboarding, Phase};
use crate::domain::progress::{TimelineEntry, due_at};
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::TransactWriteItem;

const ENTITY: &str = "onboarding";

/// One save of an onboarding, from the record that was read to the new one.
#[derive(Debug)]
pub(super) struct Save<'a> {
    /// The version that was read.
    pub(super) version: u64,
    /// The record that was read.
    pub(super) before: &'a Onboarding,
    /// The record to store.
    pub(super) after: &'a Onboarding,
    /// What happened in between.
    pub(super) timeline: &'a [TimelineEntry],
}

impl Record for Onboarding {
    type Key = OnboardingId;
    type Beside = Vec<TimelineEntry>;

    async fn load(store: &Store, key: &OnboardingId) -> Result<Option<Versioned<Self>>, StoreError> {
        store.onboarding(key).await
    }

    /// [`StoreError::BoundElsewhere`] when the account belongs to another customer.
    async fn save(
        store: &Store,
        _key: &OnboardingId,
        held: Option<&Versioned<Self>>,
        after: Self,
        timeline: Vec<TimelineEntry>,
    ) -> Result<Versioned<Self>, StoreError> {
        // A record is begun by a save of its own.
        let held = held.ok_or(StoreError::Conflict)?;
        let save = Save { version: held.version, before: &held.record, after: &after, timeline: &timeline };
        store.save(&save).await?;
        Ok(Versioned { record: after, version: next_version(Some(held)) })
    }
}

impl Store {
    /// Reads an onboarding.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable or the item undecodable.
    pub async fn onboarding(&self, id: &OnboardingId) -> Result<Option<Versioned<Onboarding>>, StoreError> {
        let found = self.item(&keys::onboarding(id)).await?;
        found.map(|found| item::read(found, ENTITY)).transpose()
    }

    /// The record in which a signup continues: itself, or the one it joined.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable or the item undecodable.
    pub async fn joined(&self, onboarding: Onboarding) -> Result<Onboarding, StoreError> {
        match (&onboarding.joins, &onboarding.phase) {
            (Some(other), Phase::Left { .. }) => {
                Ok(self.onboarding(other).await?.map_or(onboarding, |held| held.record))
            }
            _ => Ok(onboarding),
        }
    }

    /// Saves an onboarding with its timeline and, when the account became known or the connection ended, the account's
    /// owner, all or nothing.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when somebody saved first, [`StoreError::BoundElsewhere`] when the account belongs to
    /// another customer.
    async fn save(&self, save: &Save<'_>) -> Result<(), StoreError> {
        let item = state_item(save.after, save.version.saturating_add(1))?;
        let put = item::put(&self.table, item, Require::Version(save.version))?;
        let mut writes = vec![TransactWriteItem::builder().put(put).build()];
        let owner = self.owner_write(save).await?;
        let owner_at = owner.is_some().then_some(writes.len());
        writes.extend(owner);
        writes.extend(self.claim_write(save)?);
        writes.extend(self.portfolio_write(save)?);
        writes.extend(self.new_customer_write(save)?);
        writes.extend(self.share_write(save)?);
        writes.extend(self.number_writes(save)?);
        writes.extend(self.timeline_writes(save.after, save.timeline)?);
        self.transact(writes, owner_at).await
    }

    /// A page of the timeline: the last `most` entries before entry number `before`, or the newest; oldest first, each
    /// with its number.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable or an item undecodable.
    pub async fn timeline_page(
        &self,
        id: &OnboardingId,
        before: Option<u32>,
        most: i32,
    ) -> Result<Vec<(u32, TimelineEntry)>, StoreError> {
        let until = before.map_or(u32::MAX, |before| before.saturating_sub(1));
        let request = self.client().query().table_name(&self.table).limit(most).scan_index_forward(false);
        let request = request
            .key_condition_expression("pk = :pk AND sk BETWEEN :first AND :until")
            .expression_attribute_values(":pk", text(&keys::onboarding(id).pk))
            .expression_attribute_values(":first", text(&keys::timeline(id, 0).sk))
            .expression_attribute_values(":until", text(&keys::timeline(id, until.min(keys::LAST_ENTRY)).sk));
        let found = request.send().await.map_err(|error| unavailable(&error))?.items.unwrap_or_default();
        let read = |item: Item| {
            let number = item.get("sk").and_then(|sk| keys::timeline_number(sk.as_s().ok()?));
            let number = number.ok_or(StoreError::Undecodable("timeline entry"))?;
            Ok((number, item::read::<TimelineEntry>(item, "timeline entry")?.record))
        };
        found.into_iter().rev().map(read).collect()
    }

    pub(super) fn timeline_writes(
        &self,
        after: &Onboarding,
        timeline: &[TimelineEntry],
    ) -> Result<Vec<TransactWriteItem>, StoreError> {
        let first = after.timeline_length.saturating_sub(u32::try_from(timeline.len()).unwrap_or_default());
        (first..)
            .zip(timeline)
            .map(|(number, entry)| {
                let item = item::build(&keys::timeline(&after.id, number), "timeline entry", 1, entry)?;
                let put = item::put(&self.table, item, Require::Absent)?;
                Ok(TransactWriteItem::builder().put(put).build())
            })
            .collect()
    }

    /// Writes all or nothing; `owner_at` is the index of the write whose condition is about another customer. A single
    /// write is a plain conditional put, at half the price of a transaction.
    pub(super) async fn transact(
        &self,
        writes: Vec<TransactWriteItem>,
        owner_at: Option<usize>,
    ) -> Result<(), StoreError> {
        if let [TransactWriteItem { put: Some(put), .. }] = writes.as_slice() {
            let put = put.clone();
            let request = self.client().put_item().table_name(put.table_name).set_item(Some(put.item));
            let request = request.set_condition_expression(put.condition_expression);
            let request = request.set_expression_attribute_values(put.expression_attribute_values);
            return request.send().await.map(drop).map_err(|error| unavailable(&error));
        }
        let sent = self.client().transact_write_items().set_transact_items(Some(writes)).send().await;
        sent.map(drop).map_err(|error| transaction_error(&error, owner_at))
    }
}

/// A version conflict takes precedence over another owner: with a stale record, the owner's condition may fail for no
/// reason.
fn transaction_error<R>(error: &SdkError<TransactWriteItemsError, R>, owner_at: Option<usize>) -> StoreError {
    let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) = error.as_service_error() else {
        return unavailable(error);
    };
    let reasons = cancelled.cancellation_reasons();
    let failed = |index: usize| {
        reasons.get(index).and_then(|reason| reason.code()).is_some_and(|code| code == "ConditionalCheckFailed")
    };
    if failed(0) {
        StoreError::Conflict
    } else if owner_at.is_some_and(failed) {
        StoreError::BoundElsewhere
    } else if reasons
        .iter()
        .any(|reason| matches!(reason.code(), Some("ConditionalCheckFailed" | "TransactionConflict")))
    {
        StoreError::Conflict
    } else if reasons.iter().any(|reason| reason.code() == Some("ValidationError")) {
        StoreError::Refused("ValidationError".to_owned())
    } else {
        StoreError::Unavailable("TransactionCanceled".to_owned())
    }
}

/// The record's item with its index attributes.
pub(super) fn state_item(onboarding: &Onboarding, version: u64) -> Result<Item, StoreError> {
    let mut item = item::build(&keys::onboarding(&onboarding.id), ENTITY, version, onboarding)?;
    item.insert("list".to_owned(), text(&keys::state_list(onboarding.state())));
    item.insert("list_order".to_owned(), text(onboarding.id.as_str()));
    if let Some(due) = due_at(onboarding) {
        item.insert("due_kind".to_owned(), text(keys::DUE));
        item.insert("due_at".to_owned(), number(due.as_seconds_up()));
    }
    Ok(item)
}
