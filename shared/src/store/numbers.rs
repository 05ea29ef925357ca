//! Numbers: which record they belong to, and when their last webhook arrived.

use super::item::{self, number, text};
use super::{Store, StoreError, keys, unavailable};
use crate::domain::ids::{OnboardingId, PhoneNumberId};
use crate::domain::time::Timestamp;
use std::time::Duration;

/// Precision of the time of the last event: one write per minute and number is precise enough.
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

    /// When the last webhook for a number arrived, to the minute.
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

    /// Records that a webhook arrived for a number. An older one, or another one within the minute, is not written.
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
