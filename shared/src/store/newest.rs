//! Facts of which only the newest counts, each in an item of its own.

use super::item::{self, Item, number, text};
use super::keys::Key;
use super::{Store, StoreError, keys, unavailable};
use crate::domain::ids::PhoneNumberId;
use crate::domain::time::Timestamp;
use aws_sdk_dynamodb::types::AttributeValue;

/// When news replaces what is known.
const NEWER: &str = "attribute_not_exists(pk) OR #at < :at";
const NEWER_OR_OF_THE_SAME_TIME: &str = "attribute_not_exists(pk) OR #at <= :at";

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
    /// Notes whether somebody wants no more marketing messages from a number. Who stops and resumes within one second has
    /// stopped.
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
        let wins = if stopped { NEWER_OR_OF_THE_SAME_TIME } else { NEWER };
        self.put_newest(&keys::preference(phone, person), item, at, wins).await
    }

    /// Has a preference hold under another name of the same person too.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable.
    pub async fn carry_preference(&self, phone: &PhoneNumberId, was: &str, is: &str) -> Result<(), StoreError> {
        let Some(item) = self.preference(phone, was).await? else { return Ok(()) };
        let at = item.get("at").and_then(|at| at.as_n().ok()).and_then(|at| at.parse().ok());
        let Some(at) = at.map(Timestamp::from_millis) else { return Err(StoreError::Undecodable("preference")) };
        self.note_preference(phone, is, stopped(&item), at).await
    }

    async fn preference(&self, phone: &PhoneNumberId, person: &str) -> Result<Option<Item>, StoreError> {
        let key = item::key_of(&keys::preference(phone, person));
        let request = self.client().get_item().table_name(&self.table).set_key(Some(key)).consistent_read(true);
        Ok(request.send().await.map_err(|error| unavailable(&error))?.item)
    }

    /// Whether somebody wants no more marketing messages from a number.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable.
    pub async fn has_stopped(&self, phone: &PhoneNumberId, person: &str) -> Result<bool, StoreError> {
        Ok(self.preference(phone, person).await?.as_ref().is_some_and(stopped))
    }

    /// Notes the status of a multi-partner solution.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable.
    pub async fn note_solution(&self, solution: &Solution) -> Result<(), StoreError> {
        let mut item = Item::from([("entity".to_owned(), text("solution"))]);
        item.insert("status".to_owned(), text(&solution.status));
        self.put_newest(&keys::solution(&solution.id), item, solution.at, NEWER).await
    }

    /// The multi-partner solutions Meta told us about.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable.
    pub async fn solutions(&self) -> Result<Vec<Solution>, StoreError> {
        let found = self.items_under("PLATFORM", keys::SOLUTION).await?;
        Ok(found.iter().filter_map(solution).collect())
    }

    /// Older news is not written.
    async fn put_newest(&self, key: &Key, mut item: Item, at: Timestamp, wins: &str) -> Result<(), StoreError> {
        item.extend(item::key_of(key));
        item.insert("at".to_owned(), number(at.as_millis()));
        let request = self.client().put_item().table_name(&self.table).set_item(Some(item));
        let request = request
            .condition_expression(wins)
            .expression_attribute_names("#at", "at")
            .expression_attribute_values(":at", number(at.as_millis()));
        match request.send().await.map_err(|error| unavailable(&error)) {
            Ok(_) | Err(StoreError::Conflict) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

fn stopped(item: &Item) -> bool {
    item.get("stopped").and_then(|stopped| stopped.as_bool().ok()).copied().unwrap_or(false)
}

fn solution(item: &Item) -> Option<Solution> {
    let field = |name: &str| item.get(name).and_then(|value| value.as_s().ok());
    let at = item.get("at").and_then(|at| at.as_n().ok()).and_then(|at| at.parse().ok())?;
    let id = field("sk")?.strip_prefix(keys::SOLUTION)?.to_owned();
    Some(Solution { id, status: field("status")?.clone(), at: Timestamp::from_millis(at) })
}
