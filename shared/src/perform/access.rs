//! Whether Meta still lets a customer's token see the account: asked before anything is believed or given up.

use super::Customer;
use super::grant::own_fault;
use crate::domain::failure::{Class, Failure};
use crate::domain::grant::VerifiedWaba;
use crate::domain::progress::Finding;
use crate::graph::call::Auth;
use crate::graph::calls::oauth::DebugToken;
use crate::graph::calls::waba::ReadWaba;
use crate::graph::error::{is_invisible, is_missing_permission};

/// What Meta shows the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// The account.
    Open,
    /// A token that works, and no account.
    Lost,
    /// Nothing: the token is dead.
    TokenDead,
}

/// Asks Meta. What cannot be told (an outage, a limit, a permission that our app lacks) is a failure.
pub(super) async fn look(customer: &Customer<'_>, waba: &VerifiedWaba) -> Result<Access, Failure> {
    match customer.call(&ReadWaba { waba: waba.id() }).await {
        Ok(_) => Ok(Access::Open),
        Err(failure) if failure.class == Class::TokenDead => Ok(Access::TokenDead),
        Err(failure) if is_invisible(&failure) => Ok(Access::Lost),
        Err(failure) if is_missing_permission(&failure) => match granted(customer, waba).await? {
            Access::Open => Err(failure),
            lost => Ok(lost),
        },
        Err(failure) => Err(failure),
    }
}

/// What the token's own inspection says of the account.
async fn granted(customer: &Customer<'_>, waba: &VerifiedWaba) -> Result<Access, Failure> {
    let inspected = customer.graph.call(&DebugToken { token: customer.token }, Auth::App).await;
    let grant = inspected.map_err(|error| own_fault(error.failure()))?.data.grant(customer.graph.app());
    let named = grant.wabas.is_empty() || grant.wabas.contains(waba.id());
    Ok(match (grant.is_valid, grant.has_whatsapp_scope && named) {
        (false, _) => Access::TokenDead,
        (true, false) => Access::Lost,
        (true, true) => Access::Open,
    })
}

/// A step of an exit that Meta refuses has nothing left to undo when the account is no longer ours to see.
pub(super) async fn unless_lost(
    customer: &Customer<'_>,
    waba: Option<&VerifiedWaba>,
    failure: Failure,
) -> Result<Finding, Failure> {
    let Some(waba) = waba.filter(|_| is_invisible(&failure) || is_missing_permission(&failure)) else {
        return Err(failure);
    };
    match look(customer, waba).await? {
        Access::Open => Err(failure),
        Access::Lost => Ok(Finding::AccessLost),
        Access::TokenDead => Err(Failure::new(Class::TokenDead, "token.invalid")),
    }
}
