//! Accounts that Meta announced as shared with us, whether or not a signup in a browser named them.

use super::item::{self, Require, number, text};
use super::{Store, StoreError, Versioned, keys, unavailable};
use crate::domain::ids::{BusinessId, WabaId};
use crate::domain::onboarding::Onboarding;
use crate::domain::progress::TimelineEntry;
use crate::domain::time::Timestamp;
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

const ENTITY: &str = "partnership";

/// An account that its owner shares with us, from a webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Partnership {
    /// The owner's portfolio, as reported by Meta.
    pub business: BusinessId,
    /// When Meta reported it.
    pub at: Timestamp,
    /// Whether Meta requires certification of the business before its first message.
    #[serde(default)]
    pub uncertified: bool,
    /// When to check whether a signup has claimed it; `None` once that was checked.
    pub due: Option<Timestamp>,
}

impl Store {
    /// What Meta announced about an account.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable or the item undecodable.
    pub async fn partnership(&self, waba: &WabaId) -> Result<Option<Versioned<Partnership>>, StoreError> {
        let found = self.item(&keys::partnership(waba)).await?;
        found.map(|found| item::read(found, ENTITY)).transpose()
    }

    /// Saves an announcement over the version that was read (`None`: over nothing).
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when another process saved first.
    pub async fn save_partnership(
        &self,
        waba: &WabaId,
        partnership: &Partnership,
        version: Option<u64>,
    ) -> Result<(), StoreError> {
        let write = self.partnership_write(waba, partnership, version)?;
        self.transact(vec![write], None).await
    }

    /// Begins an onboarding for an announced account and closes the announcement in one transaction.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when another process did so first.
    pub async fn begin_announced(
        &self,
        waba: &WabaId,
        announced: &Versioned<Partnership>,
        onboarding: &Onboarding,
        timeline: &[TimelineEntry],
    ) -> Result<(), StoreError> {
        let over = Partnership { due: None, ..announced.record.clone() };
        let item = super::onboardings::state_item(onboarding, 1)?;
        let put = item::put(&self.table, item, Require::Absent)?;
        let mut writes = vec![
            TransactWriteItem::builder().put(put).build(),
            self.partnership_write(waba, &over, Some(announced.version))?,
            self.customer_pointer(onboarding)?,
        ];
        writes.extend(self.timeline_writes(onboarding, timeline)?);
        self.transact(writes, None).await
    }

    fn partnership_write(
        &self,
        waba: &WabaId,
        partnership: &Partnership,
        version: Option<u64>,
    ) -> Result<TransactWriteItem, StoreError> {
        let key = keys::partnership(waba);
        let mut item = item::build(&key, ENTITY, version.unwrap_or(0).saturating_add(1), partnership)?;
        if let Some(due) = partnership.due {
            item.insert("due_kind".to_owned(), text(keys::DUE_PARTNERS));
            item.insert("due_at".to_owned(), number(due.as_seconds_up()));
        }
        let require = version.map_or(Require::Absent, Require::Version);
        Ok(TransactWriteItem::builder().put(item::put(&self.table, item, require)?).build())
    }

    /// Announced accounts that are due at `now`, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable.
    pub async fn announced(&self, now: Timestamp, limit: i32) -> Result<Vec<WabaId>, StoreError> {
        let found = self.due_keys(keys::DUE_PARTNERS, now, limit).await?;
        Ok(found.iter().filter_map(|pk| WabaId::parse(pk.strip_prefix("WABA#")?).ok()).collect())
    }

    /// Partition keys of what is due at `now`, at most `limit`. If more is due, half of them are the longest overdue and half
    /// the most recent: records that fail every time stay the longest overdue, and would block all others.
    pub(super) async fn due_keys(&self, kind: &str, now: Timestamp, limit: i32) -> Result<Vec<String>, StoreError> {
        let half = limit / 2;
        let mut due = self.due_page(kind, now, (half, true)).await?;
        if i32::try_from(due.len()).is_ok_and(|found| found < half) {
            return Ok(due);
        }
        let recent = self.due_page(kind, now, (limit - half, false)).await?;
        let known: BTreeSet<String> = due.iter().cloned().collect();
        due.extend(recent.into_iter().filter(|key| !known.contains(key)));
        Ok(due)
    }

    async fn due_page(
        &self,
        kind: &str,
        now: Timestamp,
        (limit, oldest_first): (i32, bool),
    ) -> Result<Vec<String>, StoreError> {
        let request = self.client().query().table_name(&self.table).index_name("ByDue").limit(limit);
        let request = request.scan_index_forward(oldest_first);
        let request = request
            .key_condition_expression("due_kind = :kind AND due_at <= :now")
            .expression_attribute_values(":kind", text(kind))
            .expression_attribute_values(":now", number(now.as_millis().div_euclid(1000)));
        let found = request.send().await.map_err(|error| unavailable(&error))?.items.unwrap_or_default();
        let key = |mut item: item::Item| match item.remove("pk") {
            Some(AttributeValue::S(pk)) => Some(pk),
            _ => None,
        };
        Ok(found.into_iter().filter_map(key).collect())
    }
}
