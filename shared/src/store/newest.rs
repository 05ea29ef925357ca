//! Facts of which only the newest counts, each in an item of its own.

use super::item::{self, Item, number, text};
use super::keys::Key;
use super::{Store, StoreError, keys, unavailable};
use crate::domain::ids::PhoneNumberId;
use crate::domain::time::Timestamp;
use aws_sdk_dynamodb::types::AttributeValue;

/// The status of a multi-partner solution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Solution {
    /// Its id.
    pub id: String,
    /// In Meta's words.
    pub status: String,
    /// Since when.
    pub at: Timestamp,
}

impl Store {
    /// Notes whether somebody wants no more marketing messages from a number.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable.
    pub async fn note_preference(
        &self,
        phone: &PhoneNumberId,
        person: &str,
        stopped: bool,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut item = Item::from([("entity".to_owned(), text("preference"))]);
        item.insert("stopped".to_owned(), AttributeValue::Bool(stopped));
        self.put_newest(&keys::preference(phone, person), item, at).await
    }

    /// Whether somebody wants no more marketing messages from a number.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable.
    pub async fn has_stopped(&self, phone: &PhoneNumberId, person: &str) -> Result<bool, StoreError> {
        let key = item::key_of(&keys::preference(phone, person));
        let request = self.client.get_item().table_name(&self.table).set_key(Some(key));
        let found = request.send().await.map_err(|error| unavailable(&error))?.item;
        let stopped = found.as_ref().and_then(|item| item.get("stopped")).and_then(|stopped| stopped.as_bool().ok());
        Ok(stopped.copied().unwrap_or(false))
    }

    /// Notes the status of a multi-partner solution.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable.
    pub async fn note_solution(&self, solution: &Solution) -> Result<(), StoreError> {
        let mut item = Item::from([("entity".to_owned(), text("solution"))]);
        item.insert("status".to_owned(), text(&solution.status));
        self.put_newest(&keys::solution(&solution.id), item, solution.at).await
    }

    /// The multi-partner solutions Meta told us about.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable.
    pub async fn solutions(&self) -> Result<Vec<Solution>, StoreError> {
        let found = self.items_under("PLATFORM", keys::SOLUTION).await?;
        Ok(found.iter().filter_map(solution).collect())
    }

    /// Older news, and the same again, is not written.
    async fn put_newest(&self, key: &Key, mut item: Item, at: Timestamp) -> Result<(), StoreError> {
        item.extend(item::key_of(key));
        item.insert("at".to_owned(), number(at.as_millis()));
        let request = self.client.put_item().table_name(&self.table).set_item(Some(item));
        let request = request
            .condition_expression("attribute_not_exists(pk) OR #at < :at")
            .expression_attribute_names("#at", "at")
            .expression_attribute_values(":at", number(at.as_millis()));
        match request.send().await.map_err(|error| unavailable(&error)) {
            Ok(_) | Err(StoreError::Conflict) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

fn solution(item: &Item) -> Option<Solution> {
    let field = |name: &str| item.get(name).and_then(|value| value.as_s().ok());
    let at = item.get("at").and_then(|at| at.as_n().ok()).and_then(|at| at.parse().ok())?;
    let id = field("sk")?.strip_prefix(keys::SOLUTION)?.to_owned();
    Some(Solution { id, status: field("status")?.clone(), at: Timestamp::from_millis(at) })
}
