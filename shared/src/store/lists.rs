//! What is due, and lists for the API.

use super::item::{self, Item, text};
use super::{Store, StoreError, keys, unavailable};
use crate::domain::ids::{BusinessId, CustomerRef, OnboardingId};
use crate::domain::onboarding::{Onboarding, State};
use crate::domain::time::Timestamp;

/// Where a list continues; opaque to callers of the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// The state whose list is being read.
    pub state: Option<State>,
    /// The last onboarding of the previous page.
    pub last: Option<OnboardingId>,
}

/// An item of a list.
pub type Summary = Onboarding;

/// A page of a list.
#[derive(Debug)]
pub struct ListPage {
    /// The onboardings, oldest first.
    pub onboardings: Vec<Summary>,
    /// The last one, when more follow.
    pub last: Option<OnboardingId>,
}

impl Store {
    /// Onboardings due at `now`, the longest overdue first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable.
    pub async fn due(&self, now: Timestamp, limit: i32) -> Result<Vec<OnboardingId>, StoreError> {
        let found = self.due_keys(keys::DUE, now, limit).await?;
        Ok(found.iter().filter_map(|pk| keys::onboarding_id(pk)).collect())
    }

    /// Onboardings in a state, `limit` at a time. The index is eventually consistent.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable or an item undecodable.
    pub async fn in_state(
        &self,
        state: State,
        after: Option<&OnboardingId>,
        limit: i32,
    ) -> Result<ListPage, StoreError> {
        let list = keys::state_list(state);
        let start = after.map(|id| {
            let mut start = item::key_of(&keys::onboarding(id));
            start.insert("list".to_owned(), text(&list));
            start.insert("list_order".to_owned(), text(id.as_str()));
            start
        });
        let request = self.client().query().table_name(&self.table).index_name("ByList").limit(limit);
        let request = request
            .key_condition_expression("#list = :list")
            .expression_attribute_names("#list", "list")
            .expression_attribute_values(":list", text(&list))
            .set_exclusive_start_key(start);
        let reply = request.send().await.map_err(|error| unavailable(&error))?;
        let more = reply.last_evaluated_key.is_some();
        page(reply.items.unwrap_or_default(), more)
    }

    /// A customer's onboardings.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable or an item undecodable.
    pub async fn of_customer(&self, customer: &CustomerRef) -> Result<Vec<Summary>, StoreError> {
        self.pointed_at(&keys::customer(customer)).await
    }

    /// Onboardings that have or had an account of a portfolio, whichever customer they belong to.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable or an item undecodable.
    pub async fn of_portfolio(&self, portfolio: &BusinessId) -> Result<Vec<Summary>, StoreError> {
        self.pointed_at(&keys::portfolio(portfolio)).await
    }

    /// Onboardings with a share of the credit line.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable or an item undecodable.
    pub async fn with_credit(&self) -> Result<Vec<Summary>, StoreError> {
        let mut onboardings = Vec::new();
        for found in self.listed(keys::CREDIT_SHARES).await? {
            let Some(id) = found.get("sk").and_then(|sk| keys::onboarding_id(sk.as_s().ok()?)) else {
                continue;
            };
            onboardings.extend(self.onboarding(&id).await?.map(|held| held.record));
        }
        Ok(onboardings)
    }

    /// All items of one list, across all pages.
    pub(super) async fn listed(&self, list: &str) -> Result<Vec<Item>, StoreError> {
        let request = self.client().query().table_name(&self.table).index_name("ByList");
        let request = request
            .key_condition_expression("#list = :list")
            .expression_attribute_names("#list", "list")
            .expression_attribute_values(":list", text(list));
        let mut pages = request.into_paginator().items().send();
        let mut items = Vec::new();
        while let Some(found) = pages.next().await {
            items.push(found.map_err(|error| unavailable(&error))?);
        }
        Ok(items)
    }

    /// All items of one partition whose sort key has the prefix.
    pub(super) async fn items_under(&self, pk: &str, prefix: &str) -> Result<Vec<Item>, StoreError> {
        let request = self.client().query().table_name(&self.table);
        let request = request
            .key_condition_expression("pk = :pk AND begins_with(sk, :prefix)")
            .expression_attribute_values(":pk", text(pk))
            .expression_attribute_values(":prefix", text(prefix));
        let mut pages = request.into_paginator().items().send();
        let mut items = Vec::new();
        while let Some(found) = pages.next().await {
            items.push(found.map_err(|error| unavailable(&error))?);
        }
        Ok(items)
    }

    /// The onboardings whose ids are the sort keys of a partition.
    async fn pointed_at(&self, partition: &str) -> Result<Vec<Summary>, StoreError> {
        let request = self.client().query().table_name(&self.table);
        let request = request
            .key_condition_expression("pk = :pk AND begins_with(sk, :onboarding)")
            .expression_attribute_values(":pk", text(partition))
            .expression_attribute_values(":onboarding", text(keys::ONBOARDING));
        let found = request.send().await.map_err(|error| unavailable(&error))?.items.unwrap_or_default();
        let mut onboardings = Vec::new();
        for pointer in &found {
            let Some(id) = pointer.get("sk").and_then(|sk| keys::onboarding_id(sk.as_s().ok()?)) else {
                continue;
            };
            onboardings.extend(self.onboarding(&id).await?.map(|held| held.record));
        }
        Ok(onboardings)
    }
}

fn page(found: Vec<Item>, more: bool) -> Result<ListPage, StoreError> {
    let read = |item| item::read::<Onboarding>(item, "onboarding").map(|held| held.record);
    let onboardings: Vec<Summary> = found.into_iter().map(read).collect::<Result<_, _>>()?;
    let last = onboardings.last().filter(|_| more).map(|onboarding| onboarding.id.clone());
    Ok(ListPage { onboardings, last })
}
