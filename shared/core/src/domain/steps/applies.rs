//! Which onboarding needs which step.

use super::Step;
use crate::domain::grant::VerifiedPhone;
use crate::domain::meta_status::Attribute;
use crate::domain::onboarding::Onboarding;
use crate::domain::session::Role;

/// While the connection is built up: a signup that joins another record is proven here, and nothing else.
pub(super) fn proven(onboarding: &Onboarding) -> bool {
    !onboarding.is_leaving()
}

pub(super) fn always(onboarding: &Onboarding) -> bool {
    !onboarding.is_leaving() && onboarding.joins.is_none()
}

pub(super) fn joining(onboarding: &Onboarding) -> bool {
    !onboarding.is_leaving() && onboarding.joins.is_some()
}

pub(super) fn replaced_token(onboarding: &Onboarding) -> bool {
    always(onboarding) && (!onboarding.retired.is_empty() || onboarding.is_done(Step::RetireToken))
}

pub(super) fn overridden(onboarding: &Onboarding) -> bool {
    always(onboarding) && onboarding.callback_override.is_some()
}

pub(super) fn we_pay(onboarding: &Onboarding) -> bool {
    always(onboarding) && onboarding.role == Role::SolutionPartner
}

pub(super) fn customer_pays(onboarding: &Onboarding) -> bool {
    always(onboarding) && onboarding.role != Role::SolutionPartner
}

/// Meta: a coexistence number is registered already and must never be registered again.
pub(super) fn cloud_number(onboarding: &Onboarding) -> bool {
    always(onboarding) && !onboarding.coexists()
}

/// Meta says so: a claim alone is not enough to ask for somebody's contacts.
pub(super) fn coexistence(onboarding: &Onboarding) -> bool {
    always(onboarding) && onboarding.phone.as_ref().is_some_and(VerifiedPhone::is_on_business_app)
}

pub(super) fn certification_needed(onboarding: &Onboarding) -> bool {
    always(onboarding) && onboarding.facts.get(Attribute::Certification).is_some()
}

pub(super) fn leaving(onboarding: &Onboarding) -> bool {
    onboarding.is_leaving()
}

/// Begun is enough: an answer may be lost after Meta shared.
pub(super) fn shared_credit(onboarding: &Onboarding) -> bool {
    let begun = onboarding.allocation.is_some() || onboarding.steps.contains_key(&Step::ShareCredit);
    onboarding.is_leaving() && onboarding.waba.is_some() && begun
}

pub(super) fn override_was_set(onboarding: &Onboarding) -> bool {
    leaving_with_token(onboarding) && onboarding.callback_override.is_some() && onboarding.phone.is_some()
}

pub(super) fn registered_number(onboarding: &Onboarding) -> bool {
    leaving_with_token(onboarding) && onboarding.numbers.values().any(|number| !number.registrations.is_empty())
}

pub(super) fn subscribed(onboarding: &Onboarding) -> bool {
    leaving_with_token(onboarding) && onboarding.waba.is_some()
}

fn leaving_with_token(onboarding: &Onboarding) -> bool {
    onboarding.is_leaving() && onboarding.token_attempt().is_some()
}
