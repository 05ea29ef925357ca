//! Onboardings, their timeline, and who owns an account.

use super::item::{self, Item, Require, number, text};
use super::{Held, Store, StoreError, keys, unavailable};
use crate::domain::ids::{OnboardingId, WabaId};
use crate::domain::onboarding::{Onboarding, Phase};
use crate::domain::progress::{TimelineEntry, due_at};
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};
use std::collections::HashMap;

const ENTITY: &str = "onboarding";
const OWNER: &str = "owner";

/// One save of an onboarding: from what was read to what is true now.
#[derive(Debug)]
pub struct Save<'a> {
    /// The version that was read.
    pub version: u64,
    /// The record that was read.
    pub before: &'a Onboarding,
    /// The record to store.
    pub after: &'a Onboarding,
    /// What happened in between.
    pub timeline: &'a [TimelineEntry],
}

/// What an onboarding is to its account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ownership {
    /// The account is not known.
    Unknown,
    /// Connected: polled, and bound to the customer.
    Active,
    /// Not connected at the moment, and still bound.
    Idle,
    /// Free for any customer.
    Released,
}

impl Ownership {
    fn of(onboarding: &Onboarding) -> Self {
        match (&onboarding.waba, &onboarding.phase) {
            (None, _) => Self::Unknown,
            (Some(_), Phase::Connected { .. }) => Self::Active,
            (Some(_), Phase::Left { .. }) => Self::Released,
            (Some(_), _) => Self::Idle,
        }
    }
}

impl Store {
    /// Reads an onboarding.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable or the item undecodable.
    pub async fn onboarding(&self, id: &OnboardingId) -> Result<Option<Held<Onboarding>>, StoreError> {
        let key = item::key_of(&keys::onboarding(id));
        let request = self.client.get_item().table_name(&self.table).set_key(Some(key)).consistent_read(true);
        let found = request.send().await.map_err(|error| unavailable(&error))?.item;
        found.map(|found| item::read(found, ENTITY)).transpose()
    }

    /// Saves an onboarding with its timeline and, when it became known or ended, its account's owner, all or nothing.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when somebody saved first, [`StoreError::BoundElsewhere`] when the account belongs to
    /// another customer.
    pub async fn save(&self, save: &Save<'_>) -> Result<(), StoreError> {
        let item = state_item(save.after, save.version.saturating_add(1))?;
        let put = item::put(&self.table, item, Require::Version(save.version))?;
        let mut writes = vec![TransactWriteItem::builder().put(put).build()];
        let owner = self.owner_write(save).await?;
        let owner_at = owner.is_some().then_some(writes.len());
        writes.extend(owner);
        writes.extend(self.portfolio_write(save)?);
        writes.extend(self.timeline_writes(save.after, save.timeline)?);
        self.transact(writes, owner_at).await
    }

    /// Who owns an account.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable.
    pub async fn owner(&self, waba: &WabaId) -> Result<Option<OnboardingId>, StoreError> {
        let key = item::key_of(&keys::owner(waba));
        let request = self.client.get_item().table_name(&self.table).set_key(Some(key)).consistent_read(true);
        let found = request.send().await.map_err(|error| unavailable(&error))?.item;
        let onboarding = found.as_ref().and_then(|item| item.get("onboarding")).and_then(|value| value.as_s().ok());
        Ok(onboarding.and_then(|id| OnboardingId::parse(id).ok()))
    }

    /// The timeline, oldest first.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable or an item undecodable.
    pub async fn timeline(&self, id: &OnboardingId) -> Result<Vec<TimelineEntry>, StoreError> {
        let mut pages = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk AND begins_with(sk, :event)")
            .expression_attribute_values(":pk", text(&keys::onboarding(id).pk))
            .expression_attribute_values(":event", text(keys::EVENT))
            .into_paginator()
            .items()
            .send();
        let mut timeline = Vec::new();
        while let Some(found) = pages.next().await {
            let found = found.map_err(|error| unavailable(&error))?;
            timeline.push(item::read::<TimelineEntry>(found, "timeline entry")?.record);
        }
        Ok(timeline)
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

    pub(super) fn customer_pointer(&self, onboarding: &Onboarding) -> Result<TransactWriteItem, StoreError> {
        let mut item = item::key_of(&keys::customers_onboarding(&onboarding.customer_ref, &onboarding.id));
        item.insert("entity".to_owned(), text("customer's onboarding"));
        Ok(TransactWriteItem::builder().put(item::put(&self.table, item, Require::Absent)?).build())
    }

    /// Binds the account when it became known, takes it off the list of polled ones when it is not connected any more,
    /// and sets it free when the customer has left.
    async fn owner_write(&self, save: &Save<'_>) -> Result<Option<TransactWriteItem>, StoreError> {
        let (was, is) = (Ownership::of(save.before), Ownership::of(save.after));
        let Some(waba) = save.after.waba.as_ref().filter(|_| was != is) else { return Ok(None) };
        // The customer may have connected the account again meanwhile: then it belongs to that onboarding.
        if is != Ownership::Active && self.owner(waba.id()).await?.is_some_and(|owner| owner != save.after.id) {
            return Ok(None);
        }
        let mut item = item::key_of(&keys::owner(waba.id()));
        item.insert("entity".to_owned(), text(OWNER));
        item.insert("customer_ref".to_owned(), text(save.after.customer_ref.as_str()));
        item.insert("onboarding".to_owned(), text(save.after.id.as_str()));
        match is {
            Ownership::Active => {
                item.insert("list".to_owned(), text(keys::ACTIVE_WABAS));
                item.insert("list_order".to_owned(), text(waba.id().as_str()));
            }
            Ownership::Released => {
                item.insert("released".to_owned(), AttributeValue::Bool(true));
            }
            Ownership::Unknown | Ownership::Idle => {}
        }
        let mine = HashMap::from([(":customer".to_owned(), text(save.after.customer_ref.as_str()))]);
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(pk) OR customer_ref = :customer OR attribute_exists(released)")
            .set_expression_attribute_values(Some(mine));
        let put = put.build().map_err(|_| StoreError::Undecodable(OWNER))?;
        Ok(Some(TransactWriteItem::builder().put(put).build()))
    }

    /// Who has accounts of a portfolio, written once the account is proven and kept: an exit asks it.
    fn portfolio_write(&self, save: &Save<'_>) -> Result<Option<TransactWriteItem>, StoreError> {
        let Some(waba) = save.after.waba.as_ref().filter(|_| save.before.waba.is_none()) else { return Ok(None) };
        let mut item = item::key_of(&keys::portfolios_onboarding(waba.owner(), &save.after.id));
        item.insert("entity".to_owned(), text("portfolio's onboarding"));
        let put = Put::builder().table_name(&self.table).set_item(Some(item)).build();
        let put = put.map_err(|_| StoreError::Undecodable(OWNER))?;
        Ok(Some(TransactWriteItem::builder().put(put).build()))
    }

    /// Writes all or nothing; `owner_at` is the place of the one write whose condition is about another customer. One
    /// write is a plain conditional put: half the price of a transaction of one.
    pub(super) async fn transact(
        &self,
        writes: Vec<TransactWriteItem>,
        owner_at: Option<usize>,
    ) -> Result<(), StoreError> {
        if let [TransactWriteItem { put: Some(put), .. }] = writes.as_slice() {
            let put = put.clone();
            let request = self.client.put_item().table_name(put.table_name).set_item(Some(put.item));
            let request = request.set_condition_expression(put.condition_expression);
            let request = request.set_expression_attribute_values(put.expression_attribute_values);
            return request.send().await.map(drop).map_err(|error| unavailable(&error));
        }
        let sent = self.client.transact_write_items().set_transact_items(Some(writes)).send().await;
        sent.map(drop).map_err(|error| transaction_error(&error, owner_at))
    }
}

/// A newer record goes before a foreign owner: with a stale record the owner's condition may fail for no reason.
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
    } else {
        StoreError::Unavailable("TransactionCanceled".to_owned())
    }
}

/// The record's item with its places in the indexes.
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
