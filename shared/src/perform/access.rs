//! Whether a customer's token can still read the account at Meta: checked before a report is trusted or a connection
//! given up.

use super::Customer;
use super::grant::own_fault;
use crate::domain::failure::{Actor, Class, Failure, Waiting};
use crate::domain::grant::VerifiedWaba;
use crate::domain::onboarding::Onboarding;
use crate::domain::progress::Finding;
use crate::graph::call::Auth;
use crate::graph::calls::oauth::DebugToken;
use crate::graph::calls::phone::ReadPhone;
use crate::graph::calls::platform::ListAppPermissions;
use crate::graph::calls::waba::ReadWaba;
use crate::graph::error::{is_invisible, is_missing_permission, is_refused_access};

/// Stable codes of lost access.
const INVISIBLE: &str = "access.lost";
const DENIED: &str = "access.denied";
pub(super) const SCOPE_GONE: &str = "access.scope_gone";

/// The permission without which our app can read no customer's account.
const MANAGEMENT: &str = "whatsapp_business_management";

/// The token is valid, but gives no access to the account any more; with the stable code of the reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lost(pub(super) &'static str);

/// Meta refused to show the account: it is lost if no number of it is shown either, and if the cause is not a permission
/// that our own app lacks.
pub(super) async fn confirm_lost(
    customer: &Customer<'_>,
    onboarding: &Onboarding,
    failure: Failure,
) -> Result<Lost, Failure> {
    if any_number_is_shown(customer, onboarding).await? {
        return Err(failure);
    }
    if is_invisible(&failure) { Ok(Lost(INVISIBLE)) } else { denied(customer, failure).await }
}

/// Whether Meta still shows a number of the account to the token.
async fn any_number_is_shown(customer: &Customer<'_>, onboarding: &Onboarding) -> Result<bool, Failure> {
    for number in onboarding.numbers.values() {
        match customer.call(&ReadPhone { phone: &number.phone }).await {
            Ok(_) => return Ok(true),
            Err(failure) if is_refused_access(&failure) => {}
            Err(failure) => return Err(failure),
        }
    }
    Ok(false)
}

/// A permission is missing: the customer's, unless our app itself has lost it for all customers.
pub(super) async fn denied(customer: &Customer<'_>, failure: Failure) -> Result<Lost, Failure> {
    let call = ListAppPermissions { app: customer.graph.app() };
    let listed = customer.graph.call(&call, Auth::App).await.map_err(|error| own_fault(error.failure()))?.data;
    let ours = listed.iter().find(|permission| permission.permission == MANAGEMENT);
    match ours.is_some_and(|permission| permission.status != "live") {
        true => Err(Failure { code: "app.permission_missing".to_owned(), ..failure }),
        false => Ok(Lost(DENIED)),
    }
}

/// Inside a signup: Meta gives access only after the token was issued, so the same answer is asked for again by date.
pub(super) fn pending(failure: Failure) -> Failure {
    let class = Class::Needs(Actor::Meta, Waiting::Meta);
    Failure { class, code: "access.pending".to_owned(), ..failure }
}

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

/// Asks Meta about the account and, if it is not shown, about each of its numbers: news about one number must not end the
/// others. A number that is still shown contradicts the account; that is a failure.
pub(super) async fn check_whole(
    customer: &Customer<'_>,
    waba: &VerifiedWaba,
    onboarding: &Onboarding,
) -> Result<Access, Failure> {
    let access = check(customer, waba).await?;
    if access == Access::Lost && any_number_is_shown(customer, onboarding).await? {
        return Err(Failure::new(Class::Later, "departure.contradicted"));
    }
    Ok(access)
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
