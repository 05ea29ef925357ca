//! When a number last received a webhook: one of the five lights of the reception check.

use shared::domain::ids::PhoneNumberId;
use shared::domain::time::Timestamp;
use shared::store::{Store, StoreError};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Time between two writes for one number: a resolution of a minute is enough.
const PAUSE: Duration = Duration::from_secs(60);
/// Most numbers in the cache; when it is full it is cleared, which costs one write per number.
const MOST: usize = 10_000;

/// The last write per number of this process.
#[derive(Debug, Default)]
pub(crate) struct Reception(Mutex<BTreeMap<PhoneNumberId, Timestamp>>);

impl Reception {
    /// Saves that a webhook arrived, unless that was saved within the last minute.
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
