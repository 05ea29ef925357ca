//! Events for the platform.

use crate::domain::onboarding::{Onboarding, Phase, State};
use crate::domain::outbox::PendingEvent;
use crate::domain::time::Timestamp;

/// Adds `whatsapp.onboarding.<state>.v1` to the outbox when the state changed to one that is published.
pub(super) fn announce_state(before: &Onboarding, after: &mut Onboarding, now: Timestamp) {
    let (was, is) = (before.state(), after.state());
    let wait = after.obstacle().map(|obstacle| obstacle.code);
    if matches!(&after.phase, Phase::Left { reason } if reason == super::transition::JOINED) {
        return;
    }
    let changed = was != is || (is == State::Waiting && wait != before.obstacle().map(|obstacle| obstacle.code));
    if changed && !matches!(is, State::Exchanging | State::Onboarding) {
        announce(after, &format!("whatsapp.onboarding.{}.v1", past_tense(is)), &wait.unwrap_or_default(), now);
    }
}

/// Adds an event to the outbox; `what` distinguishes it from others of the same kind and time.
pub(super) fn announce(after: &mut Onboarding, kind: &str, what: &str, now: Timestamp) {
    let discriminator = format!("{}:{what}", now.as_millis());
    after.outbox.push(PendingEvent { kind: kind.to_owned(), discriminator, at: now, operation: None });
}

const fn past_tense(state: State) -> &'static str {
    match state {
        State::Exchanging => "started",
        State::Onboarding => "connected",
        State::Ready => "ready",
        State::Waiting => "paused",
        State::Held => "held",
        State::Relaunch => "relaunch_requested",
        State::Reauthorise => "reauthorisation_requested",
        State::Leaving => "exit_started",
        State::Left => "left",
    }
}
