//! Finds the account and the record that a change is about.

use shared::domain::ids::WabaId;
use shared::store::{Owner, Store, StoreError};
use shared::webhook::change::Change;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Cache of owners for one delivery: a thousand changes usually concern a few accounts.
#[derive(Default)]
pub(crate) struct Owners(Mutex<HashMap<WabaId, Option<Owner>>>);

impl Owners {
    async fn of(&self, store: &Store, waba: &WabaId) -> Result<Option<Owner>, StoreError> {
        if let Some(known) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(waba) {
            return Ok(known.clone());
        }
        // A customer that has left is no owner: the account may belong to another one, whose record is not saved yet.
        let owner = store.owner(waba).await?.filter(|owner| !owner.released);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(waba.clone(), owner.clone());
        Ok(owner)
    }
}

/// Where a change belongs.
pub(crate) enum Route {
    /// An account that a record owns.
    Account(WabaId, Owner),
    /// An account that no record owns, either not yet or no longer.
    Unknown(WabaId),
    /// It names two accounts of different customers.
    Disputed,
    /// It names no account.
    Nowhere,
}

/// The nested id takes precedence over `entry.id`, which is a portfolio for partner events. If both are accounts that
/// we know and they belong to different customers, neither is trusted.
pub(crate) async fn route(store: &Store, owners: &Owners, change: &Change<'_>) -> Result<Route, StoreError> {
    let Some(waba) = change.waba() else { return Ok(Route::Nowhere) };
    let Some(owner) = owners.of(store, &waba).await? else { return Ok(Route::Unknown(waba)) };
    if let Some(entry) = change.entry_waba().filter(|entry| *entry != waba) {
        let other = owners.of(store, &entry).await?;
        if other.is_some_and(|other| other.customer_ref != owner.customer_ref) {
            return Ok(Route::Disputed);
        }
    }
    Ok(Route::Account(waba, owner))
}
