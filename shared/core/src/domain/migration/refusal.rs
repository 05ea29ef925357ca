//! Why a migration is blocked: who has to act, and a sentence that says what to do.

use super::Migration;
use crate::domain::failure::{Actor, Class, Failure, MetaCode};
use crate::domain::refusal;

/// The meaning of refusals that mean something else, or something more exact, while a number is migrated. Meta's codes are listed without prefix: some are returned as codes, some as subcodes of
/// 100.
const REFUSALS: &[(&str, Actor, &str)] = &[
    (
        "2388001",
        Actor::Customer,
        "Two-step verification is on at the other provider. Switch it off there in WhatsApp Manager, then check again.",
    ),
    ("2388012", Actor::Operator, "Meta reports that the account already has this number, but does not list it."),
    (
        "2388091",
        Actor::Customer,
        "Meta is not sending codes at the moment: too many were requested, or the number is no longer being migrated. Wait a few hours, then check again.",
    ),
    ("2388093", Actor::Customer, "Meta did not accept the code. Check it, or request a new one."),
    (
        "2388103",
        Actor::Customer,
        "Meta refuses the migration: both accounts must belong to one verified business, the new one must be approved and have a payment method, and the display name must be approved.",
    ),
    ("2494100", Actor::Meta, "The number is under maintenance at Meta. We will try again in a few minutes."),
    ("136025", Actor::Customer, "The code is wrong or has expired. Check it, or request a new one."),
    ("133016", Actor::Meta, "The number was registered too often. Meta allows it again after 72 hours."),
    (
        "move.code_unanswered",
        Actor::Customer,
        "Meta did not confirm whether the code was correct. Enter it again in a minute.",
    ),
    (
        "move.code_maybe_sent",
        Actor::Customer,
        "Meta did not answer. The code may still arrive; if it does not, request a new one.",
    ),
    ("move.not_listed", Actor::Meta, "Meta accepted the number but does not list it yet. We will check again."),
    ("move.not_connected", Actor::Operator, "The customer is not connected. Connect it, then check again."),
    (
        "move.too_long",
        Actor::Operator,
        "The number is verified but was not registered within two weeks. Check the onboarding.",
    ),
    ("account_review", Actor::Meta, "Meta has not approved the new account yet."),
    (
        "payment_method",
        Actor::Customer,
        "The new account has no payment method. Add one in WhatsApp Manager, then check again.",
    ),
    (
        "subscribed_app",
        Actor::Platform,
        "The app is not subscribed to the new account yet. The onboarding will subscribe it.",
    ),
    (
        "same_business",
        Actor::Customer,
        "The two accounts belong to different businesses. Meta migrates numbers only within one business portfolio.",
    ),
    (
        "source_connected",
        Actor::Customer,
        "The number is not registered at the other provider. Register it there first.",
    ),
    ("name_approved", Actor::Customer, "The number's display name is not approved, or a new one is in review."),
    (
        "not_in_app",
        Actor::Customer,
        "The number is used with the WhatsApp Business app. Such numbers cannot be migrated.",
    ),
    (
        "two_step_off",
        Actor::Customer,
        "Two-step verification may be on at the other provider. Switch it off there in WhatsApp Manager.",
    ),
];

fn known(code: &str) -> Option<&'static (&'static str, Actor, &'static str)> {
    let last = code.rsplit('.').next().unwrap_or(code);
    REFUSALS.iter().find(|(known, ..)| *known == code || (code.starts_with("graph.") && *known == last))
}

impl Migration {
    /// Meta's numbers for [`Migration::code`], if Meta refused.
    #[must_use]
    pub fn meta(&self) -> Option<MetaCode> {
        let meta = MetaCode::parse(self.code()?)?;
        Some(self.refused_with.filter(|refused| refused.code == meta.code).unwrap_or(meta))
    }
}

/// Who has to act on a failure.
#[must_use]
pub fn actor(failure: &Failure) -> Actor {
    match (known(&failure.code), failure.class) {
        (Some((_, actor, _)), _) => *actor,
        (None, Class::Needs(Actor::Operator, _)) => {
            failure.meta().and_then(refusal::known).map_or(Actor::Operator, |meaning| meaning.actor)
        }
        (None, Class::Needs(actor, _) | Class::Until(actor, _, _)) => actor,
        (None, Class::TokenDead) => Actor::Customer,
        (None, Class::Later | Class::LaterAfter(_)) => Actor::Meta,
        (None, Class::Skip | Class::Hold) => Actor::Operator,
    }
}

/// Who acts on a refusal of Meta's, by its stable code; `None` for other codes.
#[must_use]
pub fn who_acts(code: &str) -> Option<Actor> {
    let meta = MetaCode::parse(code)?;
    Some(known(code).map_or_else(|| refusal::meaning(meta).actor, |(_, actor, _)| *actor))
}

/// The sentence for a stable code of a migration.
#[must_use]
pub fn sentence(code: &str) -> &'static str {
    let general = "Meta refused. Look up the code in Meta's list of error codes, then check again.";
    let meant = || MetaCode::parse(code).and_then(refusal::known).map_or(general, |meaning| meaning.sentence);
    known(code).map_or_else(meant, |(_, _, sentence)| sentence)
}
