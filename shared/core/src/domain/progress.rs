//! How an onboarding moves: what is due ([`next`]), what a fact changes ([`advance`]), when to look again ([`due_at`]).

mod announce;
mod connection;
mod due;
mod event;
mod exit;
mod facts;
mod watch;

pub use due::{Next, due_at, next};
pub use event::{About, Event, Finding, Reading, Renewed, Round};

use super::onboarding::Onboarding;
use super::steps::Step;
use super::time::{Moment, Timestamp};
use announce::announce;
use connection::{
    exchange_failed, fetch_asked, fetch_postponed, joined, rejoined, token_died, token_renewed, token_sought,
    token_stored,
};
use exit::{departed, exit_requested};
use facts::{chosen, number_added, resumed, step_failed, step_started, step_succeeded};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use watch::{look_asked, name_decided, observed, restricted, watch_started, watched};

/// How long somebody may work on a step before another may begin it again: a little over the workers' 30 s timeout.
pub const STEP_LEASE: Duration = Duration::from_secs(40);

/// How long a code exchange may take before its outcome is looked for: a little over the function's 28 s timeout.
pub const EXCHANGE_LEASE: Duration = Duration::from_secs(30);

/// One line of an onboarding's timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimelineEntry {
    /// When.
    pub at: Timestamp,
    /// What, in one word.
    pub event: String,
    /// The step it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<Step>,
    /// Which attempt of the step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u16>,
    /// Stable code of a reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

/// Applies a fact: the record as it is afterwards, and what to write into its timeline. A fact that is known already, or
/// that no longer concerns the record, changes nothing and writes nothing.
#[must_use]
pub fn advance(before: &Onboarding, event: &Event, moment: Moment) -> (Onboarding, Vec<TimelineEntry>) {
    let (mut after, mut timeline) = (before.clone(), Vec::new());
    apply(&mut after, event, moment, &mut timeline);
    announce(before, &mut after, moment.now);
    after.timeline_length = after.timeline_length.saturating_add(u32::try_from(timeline.len()).unwrap_or_default());
    (after, timeline)
}

fn apply(after: &mut Onboarding, event: &Event, moment: Moment, timeline: &mut Vec<TimelineEntry>) {
    let now = moment.now;
    match event {
        Event::TokenStored(attempt) => token_stored(after, attempt, now, timeline),
        Event::ExchangeFailed(attempt, reason) => exchange_failed(after, attempt, reason, now, timeline),
        Event::TokenSought(attempt, business) => token_sought(after, attempt, business, now, timeline),
        Event::FetchAsked(attempt) => fetch_asked(after, attempt, now),
        Event::FetchPostponed(attempt) => fetch_postponed(after, attempt, now),
        Event::TokenRenewed(round) => token_renewed(after, round, now, timeline),
        Event::TokenDied(attempt, code) => token_died(after, attempt, code, now, timeline),
        Event::Rejoined(round) => rejoined(after, round, now, timeline),
        Event::Called { calls, rest } => after.calls = after.calls.and(*calls, now).rested(*rest, now),
        Event::StepStarted(step) => step_started(after, *step, now),
        Event::StepSucceeded(step, finding) => step_succeeded(after, *step, finding, now, timeline),
        Event::StepFailed(step, failure) => step_failed(after, *step, failure, moment, timeline),
        Event::Chosen { waba, phone } => chosen(after, waba.as_ref(), phone.as_ref(), now, timeline),
        Event::NumberAdded(phone) => number_added(after, phone, now, timeline),
        Event::WatchStarted => watch_started(after, now),
        Event::Watched(reading) => watched(after, reading, moment, timeline),
        Event::Observed { about, aspect, word, at } => observed(after, about, *aspect, word, *at, now),
        Event::Restricted { word, until, at } => restricted(after, word, *until, *at),
        Event::NameDecided { display, decision, at } => name_decided(after, display, decision, *at, now),
        Event::LookAsked => look_asked(after, now),
        Event::ExitRequested => exit_requested(after, now, timeline),
        Event::Resumed => resumed(after, now, timeline),
        Event::Departed(reason, at) => departed(after, reason, *at, now, timeline),
        Event::Joined(at) => joined(after, *at, now, timeline),
        Event::EventsSent(sent) => after.outbox.retain(|event| !sent.contains(event)),
    }
}

#[cfg(test)]
mod tests;
