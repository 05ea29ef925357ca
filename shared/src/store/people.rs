//! The people who write with a number: one item under each name of a person, all equal, so that one read by any name
//! finds the other names and the opt-out. A change saves all of them in one transaction over the versions that were
//! read: of two joins at once, the second one sees what the first one saved.
//!
//! The items hold fingerprints only. They expire a year after the last change, unless the person decided about marketing
//! messages: that decision applies until the next one.

use super::item::{self, Require, number};
use super::update::Record;
use super::{Store, StoreError, Versioned, keys};
use crate::domain::ids::PhoneNumberId;
use crate::domain::person::{Names, Person, Preference};
use crate::domain::time::Timestamp;
use aws_sdk_dynamodb::types::TransactWriteItem;
use std::collections::BTreeMap;
use std::time::Duration;

const ENTITY: &str = "person";

/// How long a person is stored without any change.
const RETENTION: Duration = Duration::from_secs(365 * 24 * 3600);
/// With less left than this, a person who is seen again is stored anew.
const RENEW: Duration = Duration::from_secs(180 * 24 * 3600);

/// A person with what is stored under each of the names.
#[derive(Debug, Clone, PartialEq)]
struct Known {
    person: Person,
    /// Version of the item under each name; `None` without one.
    versions: BTreeMap<String, Option<u64>>,
    /// Whether every item is there, equals the person and does not expire soon.
    settled: bool,
}

impl Record for Known {
    type Key = (PhoneNumberId, Names, Timestamp);
    type Beside = Timestamp;

    async fn load(store: &Store, (phone, names, now): &Self::Key) -> Result<Option<Versioned<Self>>, StoreError> {
        let mut known = Self { person: Person::named(names.clone()), versions: BTreeMap::new(), settled: true };
        let mut found = Vec::new();
        // The items of names that an item lists are read too; usually the first one lists them all. Of too many names
        // nothing is saved.
        while !known.person.is_too_many()
            && let Some(name) = known.person.names.iter().find(|name| !known.versions.contains_key(*name)).cloned()
        {
            let stored = store.person_under(phone, &name, *now).await?;
            known.versions.insert(name, stored.version);
            known.person = known.person.joined(&stored.person);
            found.push(stored);
        }
        let person = &known.person;
        known.settled = found.iter().all(|stored| stored.lasting && stored.person == *person);
        Ok(Some(Versioned { record: known, version: 0 }))
    }

    async fn save(
        store: &Store,
        (phone, ..): &Self::Key,
        _held: Option<&Versioned<Self>>,
        after: Self,
        now: Timestamp,
    ) -> Result<Versioned<Self>, StoreError> {
        let mut writes = Vec::with_capacity(after.versions.len());
        for (name, version) in &after.versions {
            let next = version.unwrap_or(0).saturating_add(1);
            let mut item = item::build(&keys::person(phone, name), ENTITY, next, &after.person)?;
            if after.person.preference.is_none() {
                item.insert("expires_at".to_owned(), number(now.after(RETENTION).as_seconds_up()));
            }
            let put = item::put(&store.table, item, version.map_or(Require::Absent, Require::Version))?;
            writes.push(TransactWriteItem::builder().put(put).build());
        }
        store.transact(writes, None).await?;
        Ok(Versioned { record: after, version: 0 })
    }
}

/// What is stored under one name.
struct UnderName {
    person: Person,
    version: Option<u64>,
    lasting: bool,
}

impl Store {
    /// Records that these names are one person.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable.
    pub async fn join_person(&self, phone: &PhoneNumberId, names: &Names, now: Timestamp) -> Result<(), StoreError> {
        if names.len() < 2 { Ok(()) } else { self.change_person(phone, names, None, now).await }
    }

    /// Records that these names are one person, who stopped or resumed marketing messages. Somebody who does both within
    /// one second counts as stopped.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable.
    pub async fn note_preference(
        &self,
        phone: &PhoneNumberId,
        names: &Names,
        preference: Preference,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.change_person(phone, names, Some(preference), now).await
    }

    /// The person with that name: one read in the usual case.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable.
    pub async fn person(&self, phone: &PhoneNumberId, name: &str, now: Timestamp) -> Result<Person, StoreError> {
        Ok(self.person_under(phone, name, now).await?.person)
    }

    /// A person has few names: with more than that, a decision still applies to each of these names, but they are not
    /// joined.
    async fn change_person(
        &self,
        phone: &PhoneNumberId,
        names: &Names,
        preference: Option<Preference>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if self.saved_person(phone, names, preference, now).await? {
            return Ok(());
        }
        tracing::warn!(phone.id = %phone, names = names.len(), "names not joined: too many for one person");
        for name in names.iter().filter(|_| preference.is_some()) {
            self.saved_person(phone, &Names::from([name.clone()]), preference, now).await?;
        }
        Ok(())
    }

    /// `false`: these would be too many names for one person.
    async fn saved_person(
        &self,
        phone: &PhoneNumberId,
        names: &Names,
        preference: Option<Preference>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut too_many = false;
        let decide = |known: Option<&Known>| {
            let Some(known) = known else { return Ok::<_, StoreError>(None) };
            too_many = known.person.is_too_many();
            let person = known.person.clone().prefers(preference);
            let unchanged = known.settled && person == known.person;
            let after = Known { person, versions: known.versions.clone(), settled: true };
            // `settled` differs from what was read whenever something has to be saved.
            Ok((!unchanged && !too_many).then_some((after, now)))
        };
        self.update(&(phone.clone(), names.clone(), now), decide).await?;
        Ok(!too_many)
    }

    /// The item under one name, or what was stored before people had several names.
    async fn person_under(&self, phone: &PhoneNumberId, name: &str, now: Timestamp) -> Result<UnderName, StoreError> {
        let Some(found) = self.item(&keys::person(phone, name)).await? else {
            let person = self.person_of_old(phone, name).await?;
            return Ok(UnderName { person, version: None, lasting: false });
        };
        let until = found.get("expires_at").and_then(|until| until.as_n().ok()?.parse().ok());
        let until = until.map(Timestamp::from_seconds);
        let Versioned { record, version } = item::read::<Person>(found, ENTITY)?;
        let live = until.is_none_or(|until| now < until);
        let mut person = if live { record } else { Person::default() };
        person.names.insert(name.to_owned());
        Ok(UnderName { person, version: Some(version), lasting: until.is_none_or(|until| now.after(RENEW) < until) })
    }

    async fn person_of_old(&self, phone: &PhoneNumberId, name: &str) -> Result<Person, StoreError> {
        let mut person = Person::named(Names::from([name.to_owned()]));
        if let Some(item) = self.item(&keys::preference(phone, name)).await? {
            let at = item.get("at").and_then(|at| at.as_n().ok()).and_then(|at| at.parse().ok());
            let at = at.map(Timestamp::from_millis).ok_or(StoreError::Undecodable("preference"))?;
            let stopped = item.get("stopped").and_then(|stopped| stopped.as_bool().ok()).copied().unwrap_or(false);
            person.preference = Some(Preference { at, stopped });
        }
        if let Some(item) = self.item(&keys::renamed(phone, name)).await? {
            person.names.extend(item.get("is").and_then(|is| is.as_s().ok()).cloned());
        }
        Ok(person)
    }
}
