//! Changes of accounts that are not connected yet: the webhook often arrives before our own record exists.

use super::item::{self, number, text};
use super::{Store, StoreError, Versioned, keys, unavailable};
use crate::domain::ids::WabaId;
use crate::domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::time::Duration;

const ENTITY: &str = "parked change";

/// How long a finished item is retained before the table's time to live deletes it.
const RETENTION: Duration = Duration::from_secs(24 * 3600);

/// A change that waits for its account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parked {
    /// Identifies the change in every redelivery.
    pub fingerprint: String,
    /// The change alone, as a queue message.
    pub envelope: String,
    /// When it first arrived.
    pub since: Timestamp,
    /// When it is retried; `None` once it is finished.
    pub due: Option<Timestamp>,
}

impl Store {
    /// Parks a change until its account is known. One that is already parked or finished is left unchanged.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable.
    pub async fn park(&self, waba: &WabaId, parked: &Parked) -> Result<(), StoreError> {
        match self.save_parked(waba, parked, None).await {
            Err(StoreError::Conflict) => Ok(()),
            saved => saved,
        }
    }

    /// Saves a parked change over the version that was read (`None`: over nothing).
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when another process saved first.
    pub async fn save_parked(&self, waba: &WabaId, parked: &Parked, version: Option<u64>) -> Result<(), StoreError> {
        let key = keys::parked(waba, &parked.fingerprint);
        let mut item = item::build(&key, ENTITY, version.unwrap_or(0).saturating_add(1), parked)?;
        match parked.due {
            Some(due) => {
                item.insert("due_kind".to_owned(), text(keys::DUE_PARKED));
                item.insert("due_at".to_owned(), number(due.as_seconds_up()));
            }
            None => {
                item.insert("expires_at".to_owned(), number(parked.since.after(2 * RETENTION).as_seconds_up()));
            }
        }
        let require = version.map_or(item::Require::Absent, item::Require::Version);
        let request = self.client().put_item().table_name(&self.table).set_item(Some(item));
        let request =
            request.condition_expression(require.expression()).set_expression_attribute_values(require.values());
        request.send().await.map(drop).map_err(|error| unavailable(&error))
    }

    /// The parked changes of an account.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable or an item undecodable.
    pub async fn parked(&self, waba: &WabaId) -> Result<Vec<Versioned<Parked>>, StoreError> {
        let found = self.items_under(&keys::waba(waba), keys::PARKED).await?;
        let held: Vec<Versioned<Parked>> =
            found.into_iter().map(|item| item::read(item, ENTITY)).collect::<Result<_, _>>()?;
        Ok(held.into_iter().filter(|held| held.record.due.is_some()).collect())
    }

    /// Accounts with a parked change that is due at `now`, without duplicates, from at most `limit` changes.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable.
    pub async fn parked_accounts(&self, now: Timestamp, limit: i32) -> Result<Vec<WabaId>, StoreError> {
        let found = self.due_keys(keys::DUE_PARKED, now, limit).await?;
        let mut wabas: Vec<WabaId> =
            found.iter().filter_map(|pk| WabaId::parse(pk.strip_prefix("WABA#")?).ok()).collect();
        wabas.sort();
        wabas.dedup();
        Ok(wabas)
    }
}
