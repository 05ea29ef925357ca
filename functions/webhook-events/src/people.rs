//! Joins the names of people, and remembers what was joined: every message of a person repeats the same names.

use super::EventError;
use super::apply::Applier;
use shared::clock;
use shared::domain::ids::PhoneNumberId;
use shared::domain::person::Names;
use shared::domain::time::Timestamp;
use shared::store::Store;
use shared::webhook::interpret::Observation;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How long it is cached that names are joined. They never separate again; after a year they expire in the table.
const KNOWN: Duration = Duration::from_secs(3600);
/// Most people in the cache; when it is full it is cleared, which costs one read per name.
const MOST: usize = 10_000;

/// Whether an observation says only which names are one person.
pub(crate) fn is_of_people(observation: &Observation) -> bool {
    matches!(observation, Observation::SamePerson { .. })
}

/// Names that were joined, and when.
#[derive(Debug, Default)]
pub(crate) struct People(Mutex<BTreeMap<(PhoneNumberId, Names), Timestamp>>);

impl Applier {
    /// Joins the people that a change names, and removes these observations.
    pub(crate) async fn join_people(&self, observed: &mut Vec<Observation>) -> Result<(), EventError> {
        for observation in observed.extract_if(.., |observation| is_of_people(observation)).collect::<Vec<_>>() {
            if let Observation::SamePerson { phone, names } = observation {
                self.people.join(&self.store, &phone, &names).await?;
            }
        }
        Ok(())
    }
}

impl People {
    /// Records that these names are one person.
    pub(crate) async fn join(&self, store: &Store, phone: &PhoneNumberId, names: &Names) -> Result<(), EventError> {
        let (now, key) = (clock::now(), (phone.clone(), names.clone()));
        if names.len() < 2 || self.knows(&key, now) {
            return Ok(());
        }
        store.join_person(phone, names, now).await?;
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(key, now);
        Ok(())
    }

    fn knows(&self, key: &(PhoneNumberId, Names), now: Timestamp) -> bool {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(key).is_some_and(|joined| now.since(*joined) < KNOWN)
    }
}
