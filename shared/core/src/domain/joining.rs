//! Which record a signup belongs to: a new one, or the one that owns the account already.

use super::failure::{Class, Failure};
use super::ids::OnboardingId;
use super::onboarding::{Onboarding, Phase};

/// The record in which a signup continues, if it is another one: a record of the same customer, or an unclaimed one.
/// `owner` is the record named by the account's owner item.
///
/// # Errors
/// [`Class::Hold`] when the account belongs to another customer; [`Class::Later`] while an exit of that record is in
/// progress.
pub fn holder(signup: &Onboarding, owner: Option<&Onboarding>) -> Result<Option<OnboardingId>, Failure> {
    let Some(owner) = owner.filter(|owner| owner.id != signup.id) else { return Ok(None) };
    if !may_go_on_in(signup, owner) {
        return Err(bound_elsewhere());
    }
    match owner.phase {
        Phase::Leaving { .. } => Err(Failure::new(Class::Later, "grant.exit_running")),
        Phase::Left { .. } => Ok(None),
        _ => Ok(Some(owner.id.clone())),
    }
}

/// Whether the record may take over the signup's token: it belongs to the same customer, or is unclaimed.
#[must_use]
pub fn may_go_on_in(signup: &Onboarding, other: &Onboarding) -> bool {
    other.customer_ref == signup.customer_ref || other.customer_ref.is_unclaimed()
}

/// The account belongs to another customer.
#[must_use]
pub fn bound_elsewhere() -> Failure {
    Failure::new(Class::Hold, "grant.bound_elsewhere")
}
