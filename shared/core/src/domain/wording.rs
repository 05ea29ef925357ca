//! Sentences for people, by stable key. Each says what happened and what to do next. The sentences are in
//! `shared/languages`, one catalogue per language.

use super::failure::{Actor, Waiting};
use super::language::{ENGLISH, Language};
use super::onboarding::{Notice, Obstacle, State, StepRecord};
use super::refusal;

/// The English sentence for an obstacle, for operators and API clients.
#[must_use]
pub fn sentence(obstacle: &Obstacle) -> &'static str {
    match (ENGLISH.text(&obstacle.code), obstacle.meta.and_then(refusal::known)) {
        (None, Some(meaning)) => meaning.sentence,
        _ => sentence_in(&ENGLISH, obstacle),
    }
}

/// The English sentence for a step that Meta refused.
#[must_use]
pub fn step_sentence(record: &StepRecord) -> Option<&'static str> {
    let meta = record.meta()?;
    record.code().and_then(|code| ENGLISH.text(code)).or_else(|| Some(refusal::meaning(meta).sentence))
}

/// The sentence for an obstacle.
#[must_use]
pub fn sentence_in(language: &'static Language, obstacle: &Obstacle) -> &'static str {
    let wait = || obstacle.waiting_for.map_or_else(|| by_actor(obstacle.actor), by_wait);
    language.text(&obstacle.code).unwrap_or_else(|| language.text(wait()).unwrap_or_default())
}

/// The English sentence for a notice.
#[must_use]
pub fn notice(notice: &Notice) -> &'static str {
    ENGLISH.text(&notice.code).unwrap_or_else(|| ENGLISH.text(by_actor(notice.actor)).unwrap_or_default())
}

/// The English sentence for a stable code; empty when there is none.
#[must_use]
pub fn of_code(code: &str) -> &'static str {
    ENGLISH.text(code).unwrap_or_default()
}

/// The English sentence for a state that has no obstacle.
#[must_use]
pub fn state_sentence(state: State) -> Option<&'static str> {
    state_sentence_in(&ENGLISH, state)
}

/// The sentence for a state that has no obstacle.
#[must_use]
pub fn state_sentence_in(language: &'static Language, state: State) -> Option<&'static str> {
    let key = match state {
        State::Ready => "state.ready",
        State::Leaving => "state.leaving",
        State::Left => "state.left",
        State::Exchanging | State::Onboarding | State::Waiting | State::Held | State::Relaunch | State::Reauthorise => {
            return None;
        }
    };
    language.text(key)
}

/// The sentence for Meta's reason for rejecting a template.
#[must_use]
pub fn template_reason(reason: &str) -> &'static str {
    match reason {
        "ABUSIVE_CONTENT" => "Meta considers the content abusive.",
        "INCORRECT_CATEGORY" | "TAG_CONTENT_MISMATCH" => {
            "The content does not match the category. Choose another category."
        }
        "INVALID_FORMAT" => "Variables, braces or characters do not follow Meta's format.",
        "PROMOTIONAL" => "The content is promotional. Submit it as marketing.",
        "SCAM" => "Meta considers the content a scam.",
        _ => "Meta rejected the template. Edit and resubmit it, or request a review in WhatsApp Manager.",
    }
}

const fn by_wait(waiting: Waiting) -> &'static str {
    match waiting {
        Waiting::PaymentMethod => "wait.payment_method",
        Waiting::Number => "wait.number",
        Waiting::DisplayName => "wait.display_name",
        Waiting::BusinessVerification => "wait.business_verification",
        Waiting::AccountReview => "wait.account_review",
        Waiting::BusinessInfo => "wait.business_info",
        Waiting::CreditLine => "wait.credit_line",
        Waiting::Pin => "wait.pin",
        Waiting::Choice => "wait.choice",
        Waiting::Meta => "wait.meta",
    }
}

const fn by_actor(actor: Actor) -> &'static str {
    match actor {
        Actor::Customer => "actor.customer",
        Actor::Operator => "actor.operator",
        Actor::Platform => "actor.platform",
        Actor::Meta => "actor.meta",
    }
}
