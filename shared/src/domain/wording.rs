//! Sentences for people, by stable code. What a person reads always says what happened and what to do next.

use super::failure::{Actor, Waiting};
use super::onboarding::{Notice, Obstacle, State};

/// The sentence for an obstacle.
#[must_use]
pub fn sentence(obstacle: &Obstacle) -> &'static str {
    by_code(&obstacle.code).unwrap_or_else(|| match obstacle.waiting_for {
        Some(waiting) => by_wait(waiting),
        None => by_actor(obstacle.actor),
    })
}

/// The sentence for a notice.
#[must_use]
pub fn notice(notice: &Notice) -> &'static str {
    by_code(&notice.code).unwrap_or_else(|| by_actor(notice.actor))
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

/// The sentence for Meta's reason to reject a template.
#[must_use]
pub fn template_reason(reason: &str) -> &'static str {
    match reason {
        "ABUSIVE_CONTENT" => "Meta found the wording abusive.",
        "INCORRECT_CATEGORY" | "TAG_CONTENT_MISMATCH" => "The content does not fit the category. Choose another one.",
        "INVALID_FORMAT" => "Variables, braces or characters are not as Meta wants them.",
        "PROMOTIONAL" => "The content is promotional. Submit it as marketing.",
        "SCAM" => "Meta took the content for a scam.",
        _ => "Meta rejected it. Edit it and submit it again, or ask for a review in WhatsApp Manager.",
    }
}

/// Sentences of codes that deserve one of their own.
const SENTENCES: &[(&str, &str)] = &[
    ("exchange.fetching", "We are asking Meta for the confirmation once more."),
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
    (
        "graph.190.458",
        "The app was removed in Meta's business settings. Ask for a new link to connect again; number and history stay.",
    ),
    (
        "graph.190.459",
        "Meta wants the person who connected to log in to Facebook and confirm something first; then ask for a new link.",
    ),
    (
        "graph.190.460",
        "The Facebook password was changed, which ends the permission. Ask for a new link to connect again.",
    ),
    ("graph.190.463", "The permission has expired. Ask for a new link to connect again; number and history stay."),
    ("graph.190.464", "The Facebook account is not confirmed. Confirm it, then ask for a new link."),
    ("graph.190.467", "The permission was withdrawn. Ask for a new link to connect again; number and history stay."),
    ("graph.190.492", "The person who connected lost the role in the business. An admin has to connect again."),
    (
        "token.expires",
        "The permission ends soon. If we cannot renew it by ourselves, ask for a new link before that day.",
    ),
    ("grant.exit_running", "The earlier connection of this account is still being ended; we go on right after."),
    ("grant.owner_changed", "The account is being connected by another signup at the moment; we look again."),
    ("account.review_pending", "Meta is reviewing the account; that takes up to a day."),
    ("account.review_rejected", "Meta rejected the account. Ask for a review in Meta's Business Support Home."),
    ("account.disabled", "Meta disabled the account. Ask for a review in Meta's Business Support Home."),
    ("account.disable_scheduled", "Meta is going to disable the account. Look into Meta's Business Support Home now."),
    (
        "account.offboarded",
        "The number was taken out of the WhatsApp Business app's connection. Connect it again there.",
    ),
    (
        "account.restricted",
        "Meta restricts the account for a while. What and why stands in Meta's Business Support Home.",
    ),
    (
        "number.pin_reset_requested",
        "Somebody asked Meta to reset the number's two-step PIN. If that was nobody of yours, look into WhatsApp Manager.",
    ),
    ("sync.declined", "The owner of the WhatsApp Business app chose to keep the history there."),
    ("business.pending", "Meta is verifying the business."),
    ("business.unverified", "The business is not verified. Complete its information in Meta's security centre."),
    ("number.name_pending", "Meta is reviewing the display name; messages can be limited until then."),
    ("number.name_declined", "Meta declined the display name. Choose another one in WhatsApp Manager."),
    ("number.new_name", "Meta approved a new display name; the number is being registered with it."),
    (
        "sync.open",
        "Contacts and history of the WhatsApp Business app are being asked for; Meta allows it for 24 hours.",
    ),
    (
        "sync.too_late",
        "Contacts or history could not be taken over within Meta's 24 hours. To get them, disconnect the number in the WhatsApp Business app and connect again.",
    ),
    ("number.disconnected", "The number is not connected any more. The platform's team can connect it again."),
    ("webhooks.not_subscribed", "Messages do not reach us at the moment; we are repairing that."),
    ("webhooks.overridden", "The number's messages go to another address. The platform's team will look at it."),
    ("override.taken", "The number's messages already go to another address, which we leave alone."),
    ("override.refused", "Meta could not reach the address that messages should go to."),
    (
        "credit.blackout",
        "Meta shares no credit lines with switched customers around the turn of the month; we go on then.",
    ),
    ("credit.paused", "Sharing credit is paused because the platform's own access to Meta needs a repair."),
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
