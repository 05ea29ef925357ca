//! Status values of which only the newest counts, each in an item of its own.

use super::item::{self, Item, number, text};
use super::keys::Key;
use super::{Store, StoreError, keys, unavailable};
use crate::domain::ids::PhoneNumberId;
use crate::domain::time::Timestamp;
use aws_sdk_dynamodb::types::AttributeValue;
use std::time::Duration;

/// The condition under which a report replaces the stored value.
const NEWER: &str = "attribute_not_exists(pk) OR #at < :at";
const NEWER_OR_OF_THE_SAME_TIME: &str = "attribute_not_exists(pk) OR #at <= :at";

/// How long an old id stays linked to the new one: Meta repeats a webhook for up to seven days.
const OLD_NAME: Duration = Duration::from_secs(30 * 24 * 3600);
/// Most renames followed from one id to the next.
const MOST_NAMES: usize = 5;

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
    /// Records whether somebody opted out of marketing messages from a number, under each id the person has had since.
    /// Somebody who stops and resumes within one second counts as stopped.
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
        let mut name = Some(person.to_owned());
        for _ in 0..MOST_NAMES {
            let Some(person) = name else { break };
            let mut item = Item::from([("entity".to_owned(), text("preference"))]);
            item.insert("stopped".to_owned(), AttributeValue::Bool(stopped));
            let wins = if stopped { NEWER_OR_OF_THE_SAME_TIME } else { NEWER };
            self.put_newest(&keys::preference(phone, &person), item, at, wins).await?;
            let newer = self.item(&keys::renamed(phone, &person)).await?;
            name = newer.and_then(|item| item.get("is").and_then(|is| is.as_s().ok()).cloned());
        }
        Ok(())
    }

    /// Records that somebody has a new id at `now`. A preference stored under the old id applies to the new one,
    /// whether it arrived before or arrives after the rename.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable.
    pub async fn note_renamed(
        &self,
        phone: &PhoneNumberId,
        was: &str,
        is: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut renamed = item::key_of(&keys::renamed(phone, was));
        renamed.insert("entity".to_owned(), text("renamed"));
        renamed.insert("is".to_owned(), text(is));
        renamed.insert("expires_at".to_owned(), number(now.after(OLD_NAME).as_seconds_up()));
        let request = self.client().put_item().table_name(&self.table).set_item(Some(renamed));
        request.send().await.map_err(|error| unavailable(&error))?;
        let Some(item) = self.item(&keys::preference(phone, was)).await? else { return Ok(()) };
        let at = item.get("at").and_then(|at| at.as_n().ok()).and_then(|at| at.parse().ok());
        let Some(at) = at.map(Timestamp::from_millis) else { return Err(StoreError::Undecodable("preference")) };
        self.note_preference(phone, is, stopped(&item), at).await
    }

    /// Whether somebody opted out of marketing messages from a number.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable.
    pub async fn has_stopped(&self, phone: &PhoneNumberId, person: &str) -> Result<bool, StoreError> {
        Ok(self.item(&keys::preference(phone, person)).await?.as_ref().is_some_and(stopped))
    }

    /// Records the status of a multi-partner solution.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable.
    pub async fn note_solution(&self, solution: &Solution) -> Result<(), StoreError> {
        let mut item = Item::from([("entity".to_owned(), text("solution"))]);
        item.insert("status".to_owned(), text(&solution.status));
        self.put_newest(&keys::solution(&solution.id), item, solution.at, NEWER).await
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
