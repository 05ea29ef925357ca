//! How an onboarding progresses: what is due ([`next`]), what a fact changes ([`advance`]), when the next action is due
//! ([`due_at`]).

mod access;
mod announce;
mod assign;
mod beginning;
mod connection;
mod departure;
mod disconnection;
mod due;
mod event;
mod exit;
mod facts;
mod failed_step;
mod rescue;
mod transition;
mod watch;

pub use beginning::{ReceivedCode, begin_announced, begin_with_code};
pub use due::{Next, due_at, next};
pub use event::{About, Fact, Finding, HealthCheck, Renewed, RepeatSignup, ReportedDisconnection};
pub use rescue::rescue;

use super::failure::MetaCode;
use super::onboarding::Onboarding;
use super::operation::{Operation, REQUESTED};
use super::steps::Step;
use super::time::{Moment, Timestamp};
use access::{access_lost, check_failed};
use announce::announce_state;
use assign::assigned;
use beginning::code_received;
use connection::{
    exchange_failed, fetch_asked, fetch_postponed, joined, rejoined, rescue_started, token_died, token_fetch_planned,
    token_not_stored, token_renewed, token_stored,
};
use departure::{check_started, confirmed, departed, not_confirmed};
use disconnection::disconnected;
use exit::exit_requested;
use facts::{chosen, number_added, resumed, step_failed, step_started, step_succeeded};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use watch::{access_doubted, check_requested, reported, watch_started, watched};

/// How long a worker may run a step before another may start it again: a little over the workers' 30 s timeout.
pub const STEP_LEASE: Duration = Duration::from_secs(40);

/// How long a code exchange may take before its outcome is checked: a little over the function's 28 s timeout.
pub const EXCHANGE_LEASE: Duration = Duration::from_secs(30);

/// How long a worker may check the outcome of an exchange before another may.
pub const RESCUE_LEASE: Duration = Duration::from_secs(20);

/// One entry of an onboarding's timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimelineEntry {
    /// When.
    pub at: Timestamp,
    /// What happened, as a stable name.
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
    /// Meta's numbers, if the reason is a refusal of Meta's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<MetaCode>,
    /// The API operation that caused it, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Operation>,
}

impl TimelineEntry {
    /// A new entry.
    #[must_use]
    pub fn new(at: Timestamp, event: &str, code: Option<&str>) -> Self {
        let meta = code.and_then(MetaCode::parse);
        Self { at, event: event.to_owned(), step: None, attempt: None, code: code.map(str::to_owned), meta, by: None }
    }
}

/// Applies a fact: returns the changed record and the new timeline entries. A repeated fact, or one that no longer
/// concerns the record, changes nothing and adds no entry.
#[must_use]
pub fn advance(before: &Onboarding, event: &Fact, moment: Moment) -> (Onboarding, Vec<TimelineEntry>) {
    let (mut after, mut timeline) = (before.clone(), Vec::new());
    apply(&mut after, event, moment, &mut timeline);
    announce_state(before, &mut after, moment.now);
    after.timeline_length = after.timeline_length.saturating_add(u32::try_from(timeline.len()).unwrap_or_default());
    (after, timeline)
}

/// Applies several facts in order; returns the record with all new timeline entries.
#[must_use]
pub fn advance_all(before: &Onboarding, facts: &[Fact], moment: Moment) -> (Onboarding, Vec<TimelineEntry>) {
    facts.iter().fold((before.clone(), Vec::new()), |(record, mut timeline), fact| {
        let (after, entries) = advance(&record, fact, moment);
        timeline.extend(entries);
        (after, timeline)
    })
}

/// As [`advance`], for a fact caused by an API operation: the timeline entries and an event name who requested it. An
/// operation that changes nothing is not recorded, except for [`Fact::Requested`], whose only purpose is the record.
#[must_use]
pub fn advance_by(
    before: &Onboarding,
    event: &Fact,
    operation: &Operation,
    moment: Moment,
) -> (Onboarding, Vec<TimelineEntry>) {
    let (mut after, mut timeline) = advance(before, event, moment);
    if after == *before && *event != Fact::Requested {
        return (after, timeline);
    }
    if timeline.is_empty() {
        timeline.push(TimelineEntry::new(moment.now, REQUESTED, Some(&operation.name)));
        after.timeline_length = after.timeline_length.saturating_add(1);
    }
    for entry in &mut timeline {
        entry.by = Some(operation.clone());
    }
    after.outbox.push(operation.event(moment.now));
    (after, timeline)
}

fn apply(after: &mut Onboarding, event: &Fact, moment: Moment, timeline: &mut Vec<TimelineEntry>) {
    let now = moment.now;
    match event {
        Fact::CodeReceived(code) => code_received(after, code, now, timeline),
        Fact::TokenNotStored(attempt, granted) => token_not_stored(after, attempt, granted.as_ref(), now, timeline),
        Fact::RescueStarted(attempt) => rescue_started(after, attempt, now),
        Fact::Assigned(assignment) => assigned(after, assignment, now, timeline),
        Fact::TokenStored(attempt) => token_stored(after, attempt, now, timeline),
        Fact::ExchangeFailed(attempt, reason) => exchange_failed(after, attempt, (reason, None), now, timeline),
        Fact::ExchangeRefused(attempt, why, meta) => exchange_failed(after, attempt, (why, Some(*meta)), now, timeline),
        Fact::TokenFetchPlanned(..) | Fact::FetchAsked(_) | Fact::FetchPostponed(_) | Fact::TokenRenewed(_) => {
            fetched(after, event, now, timeline);
        }
        Fact::TokenDied(attempt, code) => token_died(after, attempt, code, now, timeline),
        Fact::Rejoined(round) => rejoined(after, round, now, timeline),
        Fact::Called { calls, rest } => after.calls = after.calls.and(*calls, now).rested(*rest, now),
        Fact::StepStarted(step) => step_started(after, *step, now),
        Fact::StepSucceeded(step, finding) => step_succeeded(after, *step, finding, now, timeline),
        Fact::StepFailed(step, failure) => step_failed(after, *step, failure, moment, timeline),
        Fact::Chosen { waba, phone } => chosen(after, waba.as_ref(), phone.as_ref(), now, timeline),
        Fact::NumberAdded(phone) => number_added(after, phone, now, timeline),
        Fact::WatchStarted | Fact::WatchFailed(_) | Fact::Watched(_) | Fact::AccessLost(..) | Fact::AccessDoubted => {
            checked(after, event, moment, timeline);
        }
        Fact::NumberDisconnected(report) => disconnected(after, report, now, timeline),
        Fact::Observed { at, .. } | Fact::Restricted { at, .. } | Fact::NameDecided { at, .. } => {
            reported(after, event, *at, now);
        }
        Fact::CheckRequested => check_requested(after, now),
        Fact::ExitRequested { deregister } => exit_requested(after, *deregister, now, timeline),
        Fact::Resumed => resumed(after, now, timeline),
        Fact::Departed(..) | Fact::DepartureCheckStarted => departing(after, event, now, timeline),
        Fact::DepartureConfirmed(..) | Fact::DepartureNotConfirmed(_) => departing(after, event, now, timeline),
        Fact::Joined(at) => joined(after, *at, now, timeline),
        Fact::Requested => {}
        Fact::EventsSent(sent) => after.outbox.retain(|event| !sent.contains(event)),
    }
}

/// Facts about tokens that are obtained without a code.
fn fetched(after: &mut Onboarding, event: &Fact, now: Timestamp, timeline: &mut Vec<TimelineEntry>) {
    match event {
        Fact::TokenFetchPlanned(attempt, business) => token_fetch_planned(after, attempt, business, now, timeline),
        Fact::FetchAsked(attempt) => fetch_asked(after, attempt, now),
        Fact::FetchPostponed(attempt) => fetch_postponed(after, attempt, now),
        Fact::TokenRenewed(round) => token_renewed(after, round, now, timeline),
        _ => {}
    }
}

/// Facts about a departure that Meta reported.
fn departing(after: &mut Onboarding, event: &Fact, now: Timestamp, timeline: &mut Vec<TimelineEntry>) {
    match event {
        Fact::Departed(reason, at) => departed(after, reason, *at, now, timeline),
        Fact::DepartureCheckStarted => check_started(after, now),
        Fact::DepartureConfirmed(attempt, extent) => confirmed(after, attempt, *extent, now, timeline),
        Fact::DepartureNotConfirmed(attempt) => not_confirmed(after, attempt, now, timeline),
        _ => {}
    }
}

/// Facts about health checks.
fn checked(after: &mut Onboarding, event: &Fact, moment: Moment, timeline: &mut Vec<TimelineEntry>) {
    let now = moment.now;
    match event {
        Fact::WatchStarted => watch_started(after, now, timeline),
        Fact::WatchFailed(code) => check_failed(after, code, now, timeline),
        Fact::Watched(reading) => watched(after, reading, moment, timeline),
        Fact::AccessLost(attempt, code) => access_lost(after, attempt, code, now, timeline),
        Fact::AccessDoubted => access_doubted(after, now),
        _ => {}
    }
}

#[cfg(test)]
mod tests;
