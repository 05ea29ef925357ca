//! Finds the accounts and records that a change is about.

use shared::domain::ids::WabaId;
use shared::store::{Owner, Store, StoreError};
use shared::webhook::change::{Change, Subjects};
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
    /// Accounts that records own; several only for a change that names nothing but their portfolio.
    Accounts(Vec<(WabaId, Owner)>),
    /// An account that no record owns, either not yet or no longer.
    Unknown(WabaId),
    /// It names two accounts of different customers.
    Disputed,
    /// It names no account.
    Nowhere,
}

/// The nested id takes precedence over `entry.id`, which is a portfolio for partner events. If both are accounts that
/// we know and they belong to different customers, neither is trusted. Where no account is named, the change belongs to
/// that of the number it names, otherwise to every account of the portfolio it names, if `of_portfolio`: what announces
/// a new account is about no other one.
pub(crate) async fn route(
    store: &Store,
    owners: &Owners,
    change: &Change<'_>,
    of_portfolio: bool,
) -> Result<Route, StoreError> {
    let mut subjects = change.subjects();
    if !of_portfolio {
        subjects.businesses.clear();
    }
    let mut owned: Vec<(WabaId, Owner)> = Vec::new();
    for waba in &subjects.accounts {
        let owner = owners.of(store, waba).await?;
        owned.extend(owner.map(|owner| (waba.clone(), owner)));
    }
    let of_two = match owned.as_slice() {
        [(_, first), .., (_, last)] => first.customer_ref != last.customer_ref,
        _ => false,
    };
    if of_two {
        return Ok(Route::Disputed);
    }
    // An account that is named inside the change and not known yet is not mistaken for another one.
    let nested = subjects.accounts.first().filter(|_| subjects.accounts.len() > 1);
    if let Some(unknown) = nested.filter(|nested| owned.first().is_none_or(|(found, _)| found != *nested)) {
        return Ok(Route::Unknown(unknown.clone()));
    }
    owned.truncate(1);
    if owned.is_empty() {
        owned = by_other_ids(store, owners, &subjects).await?;
    }
    match subjects.accounts.into_iter().next() {
        _ if !owned.is_empty() => Ok(Route::Accounts(owned)),
        Some(waba) => Ok(Route::Unknown(waba)),
        None => Ok(Route::Nowhere),
    }
}

async fn by_other_ids(store: &Store, owners: &Owners, subjects: &Subjects) -> Result<Vec<(WabaId, Owner)>, StoreError> {
    let mut accounts: Vec<WabaId> = Vec::new();
    for phone in &subjects.phones {
        let Some(id) = store.record_of(phone).await? else { continue };
        let held = store.onboarding(&id).await?;
        accounts.extend(held.and_then(|held| held.record.waba).map(|waba| waba.id().clone()));
    }
    if accounts.is_empty() {
        for business in &subjects.businesses {
            let records = store.of_portfolio(business).await?;
            accounts.extend(records.into_iter().filter_map(|record| record.waba).map(|waba| waba.id().clone()));
        }
    }
    accounts.sort_unstable();
    accounts.dedup();
    let mut owned = Vec::new();
    for waba in accounts {
        let owner = owners.of(store, &waba).await?;
        owned.extend(owner.map(|owner| (waba, owner)));
    }
    Ok(owned)
}
