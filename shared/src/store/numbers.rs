//! Numbers: which record they belong to, and when something last came for them.

use super::item::{self, number, text};
use super::{Store, StoreError, keys, unavailable};
use crate::domain::ids::{OnboardingId, PhoneNumberId};
use crate::domain::time::Timestamp;
use std::time::Duration;

/// How exactly the time of the last event is known: one write a minute and number is enough for people.
const EXACTNESS: Duration = Duration::from_secs(60);

impl Store {
    /// The record a number belongs to.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable.
    pub async fn record_of(&self, phone: &PhoneNumberId) -> Result<Option<OnboardingId>, StoreError> {
        let key = item::key_of(&keys::number(phone));
        let request = self.client().get_item().table_name(&self.table).set_key(Some(key));
        let found = request.send().await.map_err(|error| unavailable(&error))?.item;
        let id = found.as_ref().and_then(|item| item.get("onboarding")).and_then(|id| id.as_s().ok());
        Ok(id.and_then(|id| OnboardingId::parse(id).ok()))
    }

    /// When something last came for a number, to the minute.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable.
    pub async fn last_event(&self, phone: &PhoneNumberId) -> Result<Option<Timestamp>, StoreError> {
        let key = item::key_of(&keys::last_event(phone));
        let request = self.client().get_item().table_name(&self.table).set_key(Some(key));
        let found = request.send().await.map_err(|error| unavailable(&error))?.item;
        let at = found.as_ref().and_then(|item| item.get("at")).and_then(|at| at.as_n().ok());
        Ok(at.and_then(|at| at.parse().ok()).map(Timestamp::from_millis))
    }

    /// Notes that something came for a number. Older news, and a second within the minute, is not written.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable.
    pub async fn note_event(&self, phone: &PhoneNumberId, at: Timestamp) -> Result<(), StoreError> {
        let mut item = item::key_of(&keys::last_event(phone));
        item.insert("entity".to_owned(), text("last event"));
        item.insert("at".to_owned(), number(at.as_millis()));
        let before = at.as_millis().saturating_sub(i64::try_from(EXACTNESS.as_millis()).unwrap_or_default());
        let request = self.client().put_item().table_name(&self.table).set_item(Some(item));
        let request = request
            .condition_expression("attribute_not_exists(pk) OR #at < :before")
            .expression_attribute_names("#at", "at")
            .expression_attribute_values(":before", number(before));
        match request.send().await.map_err(|error| unavailable(&error)) {
            Ok(_) | Err(StoreError::Conflict) => Ok(()),
            Err(error) => Err(error),
        }
    }
}
