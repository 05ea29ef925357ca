//! Meta's refusals of a move: who acts, and a sentence that says what to do.

use crate::domain::failure::{Actor, Class, Failure};

/// What each refusal of a move means. Codes of Meta's stand without what goes before them: some come as codes, some as
/// subcodes of 100.
const REFUSALS: &[(&str, Actor, &str)] = &[
    (
        "2388001",
        Actor::Customer,
        "Two-step verification is on at the other provider. Switch it off there in WhatsApp Manager, then check again.",
    ),
    ("2388012", Actor::Operator, "Meta says that the account has this number already, but does not list it."),
    (
        "2388091",
        Actor::Customer,
        "Meta sends no code at the moment: too many were asked for, or the number left the move. Wait some hours, then check again.",
    ),
    ("2388093", Actor::Customer, "Meta did not take the code. Read it again, or ask for a new one."),
    (
        "2388103",
        Actor::Customer,
        "Meta refuses the move: both accounts must belong to one verified business, the new one must be approved and have a payment method, and the display name must be approved.",
    ),
    ("2494100", Actor::Meta, "Meta is working on the number. We try again in some minutes."),
    ("136025", Actor::Customer, "The code is wrong or too old. Read it again, or ask for a new one."),
    ("133016", Actor::Meta, "The number was registered too often. Meta allows it again after 72 hours."),
    (
        "move.code_unanswered",
        Actor::Customer,
        "Meta did not answer whether the code was right. Enter it again in a minute.",
    ),
    (
        "move.code_maybe_sent",
        Actor::Customer,
        "Meta did not answer; the code may come all the same. If it does not, ask again.",
    ),
    ("move.not_listed", Actor::Meta, "Meta took the number and does not list it yet. We look again."),
    ("move.not_connected", Actor::Operator, "The customer is not connected. Connect it, then check again."),
    (
        "move.too_long",
        Actor::Operator,
        "The number is verified and was not registered within two weeks. Look at the onboarding.",
    ),
    ("account_review", Actor::Meta, "Meta has not approved the new account yet."),
    (
        "payment_method",
        Actor::Customer,
        "The new account has no payment method. Add one in WhatsApp Manager, then check again.",
    ),
    ("subscribed_app", Actor::Platform, "The app is not subscribed to the new account yet. The onboarding does that."),
    (
        "same_business",
        Actor::Customer,
        "The two accounts belong to different businesses. Meta moves numbers only within one business portfolio.",
    ),
    (
        "source_connected",
        Actor::Customer,
        "The number is not registered at the other provider. Register it there first.",
    ),
    ("name_approved", Actor::Customer, "The number's display name is not approved, or a new one is being reviewed."),
    ("not_in_app", Actor::Customer, "The number is used with the WhatsApp Business app. Such numbers do not move."),
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

/// Who acts on a failure.
#[must_use]
pub fn actor(failure: &Failure) -> Actor {
    match (known(&failure.code), failure.class) {
        (Some((_, actor, _)), _) => *actor,
        (None, Class::Needs(actor, _) | Class::Until(actor, _, _)) => actor,
        (None, Class::TokenDead) => Actor::Customer,
        (None, Class::Later | Class::LaterAfter(_)) => Actor::Meta,
        (None, Class::Skip | Class::Hold) => Actor::Operator,
    }
}

/// The sentence for a stable code of a move.
#[must_use]
pub fn sentence(code: &str) -> &'static str {
    let general = "Meta refused. Look the code up in Meta's list of errors, then check again.";
    known(code).map_or(general, |(_, _, sentence)| sentence)
}
