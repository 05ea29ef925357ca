//! An operator assigns an account to a customer: the only way to connect an account for which no customer brought a
//! token.

use super::ids::{AttemptId, BusinessId, CustomerRef, OnboardingId, WabaId};
use super::onboarding::{Onboarding, Phase};

/// An operator's decision, with the data needed to carry it out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// The customer that gets the account.
    pub customer_ref: CustomerRef,
    /// The account.
    pub waba: WabaId,
    /// Its portfolio, as Meta announced it.
    pub business: BusinessId,
    /// The name of the token's secret is derived from it, in case the token has to be fetched.
    pub attempt: AttemptId,
}

/// Why an account cannot be assigned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotAssignable {
    /// The record is neither unclaimed nor waiting for the customer to launch the signup again.
    State,
    /// The unclaimed record is about another account.
    OtherAccount,
    /// The record is another customer's.
    OtherCustomer,
    /// Meta announced no such account.
    NotAnnounced,
    /// Another record has the account.
    Owned,
}

/// What is known about the account besides the record.
#[derive(Debug, Clone, Copy)]
pub struct AccountClaims<'a> {
    /// The record that has the account, unless it was released.
    pub owner: Option<&'a OnboardingId>,
    /// The portfolio Meta announced it with.
    pub announced: Option<&'a BusinessId>,
}

/// Checks whether the account may be assigned to the customer through this record. Returns the portfolio that Meta
/// announced.
///
/// # Errors
/// [`NotAssignable`] with the reason.
pub fn may_assign(
    onboarding: &Onboarding,
    customer: &CustomerRef,
    waba: &WabaId,
    around: AccountClaims<'_>,
) -> Result<BusinessId, NotAssignable> {
    fits(onboarding, customer, waba)?;
    if around.owner.is_some_and(|owner| *owner != onboarding.id) {
        return Err(NotAssignable::Owned);
    }
    around.announced.cloned().ok_or(NotAssignable::NotAnnounced)
}

/// Checks the record alone; repeated when the decision is applied to a newer version of the record.
pub(super) fn fits(onboarding: &Onboarding, customer: &CustomerRef, waba: &WabaId) -> Result<(), NotAssignable> {
    let unclaimed = onboarding.customer_ref.is_unclaimed();
    match &onboarding.phase {
        Phase::Leaving { .. } | Phase::Left { .. } => Err(NotAssignable::State),
        _ if unclaimed && announced_account(onboarding) != Some(waba) => Err(NotAssignable::OtherAccount),
        _ if unclaimed => Ok(()),
        Phase::Relaunch { .. } if onboarding.customer_ref != *customer => Err(NotAssignable::OtherCustomer),
        Phase::Relaunch { .. } => Ok(()),
        _ => Err(NotAssignable::State),
    }
}

/// The account for which an unclaimed record was created.
fn announced_account(onboarding: &Onboarding) -> Option<&WabaId> {
    onboarding.waba.as_ref().map(super::grant::VerifiedWaba::id).or(onboarding.claim.waba.as_ref())
}
