//! Whose records a change is about.

use shared::domain::ids::WabaId;
use shared::store::{Owner, Store, StoreError};
use shared::webhook::change::Change;

/// Where a change belongs.
pub(crate) enum Route {
    /// An account that a record has.
    Account(WabaId, Owner),
    /// An account that no record has yet.
    Unknown(WabaId),
    /// It names two accounts of different customers.
    Disputed,
    /// It names none.
    Nowhere,
}

/// The nested id goes before `entry.id`, which is a portfolio for partner events. Where both are accounts of ours and belong
/// to different customers, neither is believed.
pub(crate) async fn route(store: &Store, change: &Change<'_>) -> Result<Route, StoreError> {
    let Some(waba) = change.waba() else { return Ok(Route::Nowhere) };
    let Some(owner) = store.owner(&waba).await? else { return Ok(Route::Unknown(waba)) };
    if let Some(entry) = change.entry_waba().filter(|entry| *entry != waba) {
        let other = store.owner(&entry).await?;
        if other.is_some_and(|other| other.customer_ref != owner.customer_ref) {
            return Ok(Route::Disputed);
        }
    }
    Ok(Route::Account(waba, owner))
}
