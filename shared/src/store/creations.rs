//! Reservations of template submissions: one submission per account, name and language at a time, with or without an
//! idempotency key.

use super::item::{self, Require, number};
use super::{Store, StoreError, Versioned, keys, unavailable};
use crate::domain::ids::WabaId;
use crate::domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::time::Duration;

const ENTITY: &str = "template creation";
/// How long a process may work on it before it counts as crashed: longer than the few calls take, including timeouts. A
/// slower process is still caught by Meta, which rejects a second template of the same name.
const LEASE: Duration = Duration::from_secs(60);
/// How long the submitter is remembered: as long as an idempotency key.
const RETENTION: Duration = Duration::from_secs(48 * 3600);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Creation {
    /// Identifies the request.
    holder: Option<String>,
    /// Identifies this attempt of it: two concurrent attempts differ.
    attempt: u64,
    until: Timestamp,
}

/// Who wants to submit a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submitter {
    /// Identifies the request across retries.
    pub holder: String,
    /// Random: identifies this attempt.
    pub attempt: u64,
}

/// A reservation of a template's name and language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reservation {
    by: Submitter,
    version: u64,
    /// Whether the same request held the reservation before, and may have submitted the template.
    pub again: bool,
}

/// Whether a template may be submitted now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reserved {
    /// Yes: the caller holds the reservation.
    Yes(Reservation),
    /// No: another attempt is in progress.
    No {
        /// Whether it is by the same request.
        same: bool,
    },
}

impl Store {
    /// Reserves a template's name and language for a request, unless another attempt holds them and its lease has not
    /// expired.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable or the item undecodable.
    pub async fn reserve_template(
        &self,
        waba: &WabaId,
        name: (&str, &str),
        by: &Submitter,
        now: Timestamp,
    ) -> Result<Reserved, StoreError> {
        let is_same = |held: &Versioned<Creation>| held.record.holder.as_ref() == Some(&by.holder);
        let held = self.creation(waba, name).await?;
        let same = held.as_ref().is_some_and(is_same);
        if held.as_ref().is_some_and(|held| held.record.until > now) {
            return Ok(Reserved::No { same });
        }
        let version = held.as_ref().map(|held| held.version);
        let next = version.unwrap_or(0).saturating_add(1);
        let reserved = Reserved::Yes(Reservation { by: by.clone(), version: next, again: same });
        let creation = Creation { holder: Some(by.holder.clone()), attempt: by.attempt, until: now.after(LEASE) };
        match self.put_creation(waba, name, &creation, (version, next), now).await {
            Ok(()) => Ok(reserved),
            Err(StoreError::Conflict) => {
                let found = self.creation(waba, name).await?;
                // Our own write, if its answer was lost.
                let own = found.as_ref().is_some_and(|found| found.record == creation && found.version == next);
                Ok(if own { reserved } else { Reserved::No { same: found.as_ref().is_some_and(is_same) } })
            }
            Err(error) => Err(error),
        }
    }

    async fn creation(&self, waba: &WabaId, name: (&str, &str)) -> Result<Option<Versioned<Creation>>, StoreError> {
        let found = self.item(&keys::creation(waba, name)).await?;
        found.map(|found| item::read::<Creation>(found, ENTITY)).transpose()
    }

    /// Ends a reservation. `submitted`: Meta has the template, or may have it.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable; the reservation then expires.
    pub async fn release_template(
        &self,
        waba: &WabaId,
        name: (&str, &str),
        reservation: Reservation,
        submitted: bool,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let Reservation { by, version, .. } = reservation;
        let creation = Creation { holder: submitted.then_some(by.holder), attempt: by.attempt, until: now };
        self.put_creation(waba, name, &creation, (Some(version), version.saturating_add(1)), now).await
    }

    async fn put_creation(
        &self,
        waba: &WabaId,
        name: (&str, &str),
        creation: &Creation,
        (read, next): (Option<u64>, u64),
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut item = item::build(&keys::creation(waba, name), ENTITY, next, creation)?;
        item.insert("expires_at".to_owned(), number(now.after(RETENTION).as_seconds_up()));
        let require = read.map_or(Require::Absent, Require::Version);
        let request = self.client().put_item().table_name(&self.table).set_item(Some(item));
        let request =
            request.condition_expression(require.expression()).set_expression_attribute_values(require.values());
        request.send().await.map(drop).map_err(|error| unavailable(&error))
    }
}
