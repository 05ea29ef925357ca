//! Whose records a change is about.

use shared::domain::ids::WabaId;
use shared::store::{Owner, Store, StoreError};
use shared::webhook::change::Change;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// The owners that one delivery asked for: a thousand changes are mostly of a few accounts.
#[derive(Default)]
pub(crate) struct Owners(Mutex<HashMap<WabaId, Option<Owner>>>);

impl Owners {
    async fn of(&self, store: &Store, waba: &WabaId) -> Result<Option<Owner>, StoreError> {
        if let Some(known) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(waba) {
            return Ok(known.clone());
        }
        // Who has left is no owner: the account may be somebody else's by now, whose record is about to be written.
        let owner = store.owner(waba).await?.filter(|owner| !owner.released);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(waba.clone(), owner.clone());
        Ok(owner)
    }
}

/// Where a change belongs.
pub(crate) enum Route {
    /// An account that a record has.
    Account(WabaId, Owner),
    /// An account that no record has yet, or none any more.
    Unknown(WabaId),
    /// It names two accounts of different customers.
    Disputed,
    /// It names none.
    Nowhere,
}

/// The nested id goes before `entry.id`, which is a portfolio for partner events. Where both are accounts of ours and belong
/// to different customers, neither is believed.
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
