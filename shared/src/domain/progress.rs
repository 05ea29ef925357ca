//! How an onboarding moves: what is due ([`next`]), what a fact changes ([`advance`]), when to look again ([`due_at`]).

mod exit;
mod facts;

use super::failure::Failure;
use super::grant::{VerifiedPhone, VerifiedWaba};
use super::ids::{AllocationId, AttemptId, OnboardingId};
use super::onboarding::{Onboarding, PendingEvent, Phase, StepStatus};
use super::steps::{Runner, Step, StepSpec};
use super::time::{Moment, Timestamp};
use exit::{departed, exit_requested, superseded};
use facts::{
    announce, exchange_failed, joined, resumed, step_failed, step_started, step_succeeded, token_died, token_stored,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How long somebody may work on a step before another may begin it again: a little over the workers' 30 s timeout.
pub const STEP_LEASE: Duration = Duration::from_secs(40);

/// How long a code exchange may take before its outcome is looked for: a little over the function's 28 s timeout.
pub const EXCHANGE_LEASE: Duration = Duration::from_secs(30);

/// When events that were saved but maybe not sent are sent again.
const OUTBOX_PATIENCE: Duration = Duration::from_secs(60);

/// What to do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Perform this step.
    Run(Step),
    /// Ring the function that may perform this step.
    HandOver(Runner),
    /// Find out what became of a code exchange whose lease ended.
    Rescue,
    /// Nothing is due.
    Nothing,
}

/// Something that happened. A fact is never dropped because somebody else saved first: it is applied to the newer record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The token is in the vault.
    TokenStored(AttemptId),
    /// The code of this attempt gave no token.
    ExchangeFailed(AttemptId, &'static str),
    /// The token of this attempt no longer works; seen outside a step.
    TokenDied(AttemptId, String),
    /// A worker began a step.
    StepStarted(Step),
    /// A step is done; what it found out.
    StepSucceeded(Step, Finding),
    /// A step did not work out.
    StepFailed(Step, Failure),
    /// The platform ends the connection.
    ExitRequested,
    /// Another onboarding of the same customer has the account now.
    Superseded,
    /// Waits that ask for nobody's action were looked at early because somebody said to go on.
    Resumed,
    /// Meta says the customer removed us, uninstalled our app or deleted its account, at that time.
    Departed(&'static str, Timestamp),
    /// Meta says the customer shares its account with us, or installed our app, since that time.
    Joined(Timestamp),
    /// These events were sent.
    EventsSent(Vec<PendingEvent>),
}

/// What a step found out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// The account is proven; which onboarding of the same customer had it before.
    Account(VerifiedWaba, Option<OnboardingId>),
    /// The number is proven.
    Number(VerifiedPhone),
    /// The credit line is shared and read back.
    CreditShared(AllocationId),
    /// The templates were read.
    Templates {
        /// Their namespace.
        namespace: Option<String>,
    },
    /// Nothing but success.
    Nothing,
}

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

/// What to do now, for a worker that is `runner`. The first due row of the table that it may perform; otherwise the
/// first that somebody else may.
#[must_use]
pub fn next(onboarding: &Onboarding, runner: Runner, now: Timestamp) -> Next {
    match &onboarding.phase {
        Phase::Exchanging { lease_until, .. } if *lease_until <= now => Next::Rescue,
        Phase::Connected { .. } | Phase::Leaving { .. } => {
            let mut due = onboarding.plan().filter(|spec| is_due(onboarding, spec, now)).peekable();
            let first = due.peek().map(|spec| spec.runner);
            match (due.find(|spec| spec.runner == runner), first) {
                (Some(spec), _) => Next::Run(spec.step),
                (None, Some(other)) => Next::HandOver(other),
                (None, None) => Next::Nothing,
            }
        }
        Phase::Exchanging { .. }
        | Phase::Relaunch { .. }
        | Phase::Held { .. }
        | Phase::Reauthorise { .. }
        | Phase::Left { .. } => Next::Nothing,
    }
}

fn is_due(onboarding: &Onboarding, spec: &StepSpec, now: Timestamp) -> bool {
    onboarding.is_unblocked(spec) && step_due(onboarding, spec).is_some_and(|due| due <= now)
}

fn step_due(onboarding: &Onboarding, spec: &StepSpec) -> Option<Timestamp> {
    let Some(record) = onboarding.steps.get(&spec.step) else {
        return Some(first_due(onboarding));
    };
    match &record.status {
        StepStatus::Done => None,
        _ if record.lease_until.is_some() => record.lease_until,
        StepStatus::Begun => Some(record.since),
        StepStatus::Retrying { due, .. } => Some(*due),
        StepStatus::Waiting { due, .. } => *due,
    }
}

/// When a step that was not begun yet may begin. An exit waits for what is still running: a share or a registration that
/// lands after it was taken back would stay.
fn first_due(onboarding: &Onboarding) -> Timestamp {
    let running = onboarding.steps.values().filter(|record| record.status != StepStatus::Done);
    let leases = running.filter_map(|record| record.lease_until).filter(|_| onboarding.is_leaving());
    leases.max().map_or(onboarding.phase_since, |last| last.max(onboarding.phase_since))
}

/// When the record has to be looked at next, or `None` when only an event can move it. Belongs into the due index.
#[must_use]
pub fn due_at(onboarding: &Onboarding) -> Option<Timestamp> {
    let outbox = onboarding.outbox.first().map(|event| event.at.after(OUTBOX_PATIENCE));
    let work = match &onboarding.phase {
        Phase::Exchanging { lease_until, .. } => Some(*lease_until),
        Phase::Connected { .. } | Phase::Leaving { .. } => onboarding
            .plan()
            .filter(|spec| onboarding.is_unblocked(spec))
            .filter_map(|spec| step_due(onboarding, spec))
            .min(),
        Phase::Relaunch { .. } | Phase::Held { .. } | Phase::Reauthorise { .. } | Phase::Left { .. } => None,
    };
    [outbox, work].into_iter().flatten().min()
}

/// Applies a fact: the record as it is afterwards, and what to write into its timeline. A fact that is known already, or
/// that no longer concerns the record, changes nothing and writes nothing.
#[must_use]
pub fn advance(before: &Onboarding, event: &Event, moment: Moment) -> (Onboarding, Vec<TimelineEntry>) {
    let mut after = before.clone();
    let mut timeline = Vec::new();
    match event {
        Event::TokenStored(attempt) => token_stored(&mut after, attempt, moment.now, &mut timeline),
        Event::ExchangeFailed(attempt, reason) => {
            exchange_failed(&mut after, attempt, reason, moment.now, &mut timeline);
        }
        Event::TokenDied(attempt, code) => token_died(&mut after, attempt, code, moment.now, &mut timeline),
        Event::StepStarted(step) => step_started(&mut after, *step, moment.now),
        Event::StepSucceeded(step, finding) => step_succeeded(&mut after, *step, finding, moment.now, &mut timeline),
        Event::StepFailed(step, failure) => step_failed(&mut after, *step, failure, moment, &mut timeline),
        Event::ExitRequested => exit_requested(&mut after, moment.now, &mut timeline),
        Event::Superseded => superseded(&mut after, moment.now, &mut timeline),
        Event::Resumed => resumed(&mut after, moment.now, &mut timeline),
        Event::Departed(reason, at) => departed(&mut after, reason, *at, moment.now, &mut timeline),
        Event::Joined(at) => joined(&mut after, *at, moment.now, &mut timeline),
        Event::EventsSent(sent) => after.outbox.retain(|event| !sent.contains(event)),
    }
    announce(before, &mut after, moment.now);
    after.timeline_length = after.timeline_length.saturating_add(u32::try_from(timeline.len()).unwrap_or_default());
    (after, timeline)
}

#[cfg(test)]
mod tests;
