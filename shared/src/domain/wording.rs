//! Sentences for people, by stable code. What a person reads always says what happened and what to do next.

use super::failure::{Actor, Waiting};
use super::onboarding::{Obstacle, State};

/// The sentence for an obstacle.
#[must_use]
pub fn sentence(obstacle: &Obstacle) -> &'static str {
    by_code(&obstacle.code).unwrap_or_else(|| match obstacle.waiting_for {
        Some(waiting) => by_wait(waiting),
        None => by_actor(obstacle.actor),
    })
}

/// The sentence for a state that has no obstacle.
#[must_use]
pub fn state_sentence(state: State) -> Option<&'static str> {
    match state {
        State::Ready => Some("WhatsApp is connected and ready to use."),
        State::Leaving => Some("The connection is being ended."),
        State::Left => Some("The connection has ended."),
        State::Exchanging | State::Onboarding | State::Waiting | State::Held | State::Relaunch | State::Reauthorise => {
            None
        }
    }
}

/// Sentences of codes that deserve one of their own.
const SENTENCES: &[(&str, &str)] = &[
    ("exchange.running", "We are completing the connection with Meta."),
    (
        "exchange.code_expired",
        "Meta's confirmation was older than 30 seconds. Click Connect WhatsApp once more; your account is kept.",
    ),
    (
        "exchange.code_used",
        "Meta's confirmation was lost on the way. Click Connect WhatsApp once more; your account is kept.",
    ),
    (
        "exchange.lost",
        "Meta's confirmation was lost on the way. Click Connect WhatsApp once more; your account is kept.",
    ),
    ("exchange.unreachable", "Meta could not be reached. Click Connect WhatsApp once more in a few minutes."),
    ("exchange.refused", "Meta refused the confirmation. The platform's app settings need a look before trying again."),
    (
        "grant.claim_not_granted",
        "The account that was chosen is not one the permission covers. The platform's team will look at it.",
    ),
    (
        "grant.owner_mismatch",
        "The account belongs to another business than the one that was named. The platform's team will look at it.",
    ),
    (
        "grant.bound_elsewhere",
        "This account is already connected for another customer. The platform's team will look at it.",
    ),
    (
        "number.not_of_this_account",
        "The number does not belong to the connected account. The platform's team will look at it.",
    ),
    ("number.none", "The account has no phone number yet. Add one in WhatsApp Manager; we look every hour."),
    ("number.several", "Several were shared. Tell the platform's team which one to connect."),
    ("grant.several_accounts", "Several were shared. Tell the platform's team which one to connect."),
    ("grant.no_account", "No WhatsApp account was shared. Ask for a new link and choose an account."),
    ("token.invalid", "The permission has ended. Ask for a new link to connect again; number and history stay."),
    ("graph.190", "The permission has ended. Ask for a new link to connect again; number and history stay."),
    ("token.other_app", "The permission belongs to another app. The platform's team will look at it."),
    ("token.scope_missing", "The permission lacks WhatsApp. The platform's sign-up configuration needs a look."),
    ("payment_method.none", "Add a payment method in WhatsApp Manager so that messages can be sent."),
    ("number.not_connected", "Meta has not connected the number yet."),
    ("credit.other_line", "The account is paid from another credit line. The platform's team will look at it."),
    ("graph.133005", "The number has a two-step PIN. Switch it off in WhatsApp Manager, then go on."),
    ("graph.133006", "The number has to be verified once more in WhatsApp Manager."),
    ("graph.133016", "The number was registered too often. Meta allows it again after 72 hours."),
];

fn by_code(code: &str) -> Option<&'static str> {
    SENTENCES.iter().find(|(known, _)| *known == code).map(|(_, sentence)| *sentence)
}

const fn by_wait(waiting: Waiting) -> &'static str {
    match waiting {
        Waiting::PaymentMethod => "Add a payment method in WhatsApp Manager so that messages can be sent.",
        Waiting::Number => "The account needs a phone number.",
        Waiting::DisplayName => "Meta is reviewing the display name.",
        Waiting::BusinessVerification => "Meta is verifying the business.",
        Waiting::AccountReview => "Meta is reviewing the account.",
        Waiting::BusinessInfo => "Complete the business information in Meta's settings.",
        Waiting::CreditLine => "The credit line cannot be shared yet; we try again by ourselves.",
        Waiting::Pin => "The number has a two-step PIN that we do not know.",
        Waiting::Choice => "Please choose which account or number to connect.",
        Waiting::Meta => "Meta does not let us go on at the moment. The platform's team can see why.",
    }
}

const fn by_actor(actor: Actor) -> &'static str {
    match actor {
        Actor::Customer => "Click Connect WhatsApp once more.",
        Actor::Operator => "The platform's team has to look at this.",
        Actor::Platform => "We are working on it.",
        Actor::Meta => "We are waiting for Meta.",
    }
}
