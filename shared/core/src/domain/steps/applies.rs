//! Predicates: which onboarding needs which step.

use super::Step;
use crate::domain::grant::VerifiedPhone;
use crate::domain::meta_status::Attribute;
use crate::domain::onboarding::Onboarding;
use crate::domain::session::Role;

/// While no exit is in progress. A signup that joins another record is proven here; its other steps do not apply.
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

/// Meta: a coexistence number is already registered and must never be registered again.
pub(super) fn cloud_number(onboarding: &Onboarding) -> bool {
    always(onboarding) && !onboarding.coexists()
}

/// Only when confirmed by Meta: a claim alone is not enough to request somebody's contacts.
pub(super) fn coexistence(onboarding: &Onboarding) -> bool {
    always(onboarding) && onboarding.phone.as_ref().is_some_and(VerifiedPhone::is_on_business_app)
}

pub(super) fn certification_needed(onboarding: &Onboarding) -> bool {
    always(onboarding) && onboarding.facts.get(Attribute::Certification).is_some()
}

pub(super) fn leaving(onboarding: &Onboarding) -> bool {
    onboarding.is_leaving()
}

/// A started step is enough: the answer may have been lost after Meta shared the credit line.
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
