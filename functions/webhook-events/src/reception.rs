//! When something last came for a number: one of the lights by which people see that it is really receiving.

use shared::domain::ids::PhoneNumberId;
use shared::domain::time::Timestamp;
use shared::store::{Store, StoreError};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Between two writes for one number: people want to know the minute.
const PAUSE: Duration = Duration::from_secs(60);
/// Numbers that are remembered; beyond, all are forgotten, which costs a write each.
const MOST: usize = 10_000;

/// What this process noted already.
#[derive(Debug, Default)]
pub(crate) struct Reception(Mutex<BTreeMap<PhoneNumberId, Timestamp>>);

impl Reception {
    /// Notes that something came, unless that was noted within the minute.
    pub(crate) async fn note(&self, store: &Store, phone: &PhoneNumberId, at: Timestamp) -> Result<(), StoreError> {
        if self.is_known(phone, at) {
            return Ok(());
        }
        store.note_event(phone, at).await
    }

    fn is_known(&self, phone: &PhoneNumberId, at: Timestamp) -> bool {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if noted.get(phone).is_some_and(|last| at.since(*last) < PAUSE) {
            return true;
        }
        if noted.len() >= MOST {
            noted.clear();
        }
        noted.insert(phone.clone(), at);
        false
    }
}
