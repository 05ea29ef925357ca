//! Status values of which only the newest counts, each in an item of its own.

use super::item::{self, Item, number, text};
use super::keys::Key;
use super::{Store, StoreError, keys, unavailable};
use crate::domain::time::Timestamp;

/// The condition under which a report replaces the stored value.
const NEWER: &str = "attribute_not_exists(pk) OR #at < :at";

/// The status of a multi-partner solution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Solution {
    /// Its id.
    pub id: String,
    /// The status value that Meta reported.
    pub status: String,
    /// Since when.
    pub at: Timestamp,
}

impl Store {
    /// Records the status of a multi-partner solution.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable.
    pub async fn note_solution(&self, solution: &Solution) -> Result<(), StoreError> {
        let mut item = Item::from([("entity".to_owned(), text("solution"))]);
        item.insert("status".to_owned(), text(&solution.status));
        self.put_newest(&keys::solution(&solution.id), item, solution.at).await
    }

    /// The multi-partner solutions that Meta reported.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable.
    pub async fn solutions(&self) -> Result<Vec<Solution>, StoreError> {
        let found = self.items_under("PLATFORM", keys::SOLUTION).await?;
        Ok(found.iter().filter_map(solution).collect())
    }

    /// An older report is not written.
    async fn put_newest(&self, key: &Key, mut item: Item, at: Timestamp) -> Result<(), StoreError> {
        item.extend(item::key_of(key));
        item.insert("at".to_owned(), number(at.as_millis()));
        let request = self.client().put_item().table_name(&self.table).set_item(Some(item));
        let request = request
            .condition_expression(NEWER)
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
