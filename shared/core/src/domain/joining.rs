//! Which record a signup belongs to: a new one, or the one that has the account already.

use super::failure::{Class, Failure};
use super::ids::OnboardingId;
use super::onboarding::{Onboarding, Phase};

/// The record a signup goes on in, when it is another one: the same customer's, or one that nobody claimed yet. `owner` is
/// the record that the account's owner item names.
///
/// # Errors
/// [`Class::Hold`] when the account is another customer's; [`Class::Later`] while that record is being taken apart.
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

/// Whether a signup's token may be handed to the record: its customer's own, or nobody's.
#[must_use]
pub fn may_go_on_in(signup: &Onboarding, other: &Onboarding) -> bool {
    other.customer_ref == signup.customer_ref || other.customer_ref.is_unclaimed()
}

/// The account is another customer's.
#[must_use]
pub fn bound_elsewhere() -> Failure {
    Failure::new(Class::Hold, "grant.bound_elsewhere")
}
