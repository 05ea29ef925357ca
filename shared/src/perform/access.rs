//! Whether a customer's token can still read the account at Meta: checked before a report is trusted or a connection
//! given up.

use super::Customer;
use super::grant::own_fault;
use crate::domain::failure::{Class, Failure};
use crate::domain::grant::VerifiedWaba;
use crate::domain::progress::Finding;
use crate::graph::call::Auth;
use crate::graph::calls::oauth::DebugToken;
use crate::graph::calls::waba::ReadWaba;
use crate::graph::error::{is_invisible, is_missing_permission};

/// What Meta returns for the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// The account is readable.
    Open,
    /// The token works, but the account is not readable.
    Lost,
    /// The token is no longer valid.
    TokenDead,
}

/// Asks Meta. If the answer is inconclusive (an outage, a limit, a permission that our app lacks), that is a failure.
pub(super) async fn check(customer: &Customer<'_>, waba: &VerifiedWaba) -> Result<Access, Failure> {
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

/// What `debug_token` says about the account.
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

/// If Meta rejects a step of an exit because the account is no longer accessible to us, there is nothing left to undo.
pub(super) async fn unless_lost(
    customer: &Customer<'_>,
    waba: Option<&VerifiedWaba>,
    failure: Failure,
) -> Result<Finding, Failure> {
    let Some(waba) = waba.filter(|_| is_invisible(&failure) || is_missing_permission(&failure)) else {
        return Err(failure);
    };
    match check(customer, waba).await? {
        Access::Open => Err(failure),
        Access::Lost => Ok(Finding::AccessLost),
        Access::TokenDead => Err(Failure::new(Class::TokenDead, "token.invalid")),
    }
}
