//! How an onboarding moves: what is due ([`next`]), what a fact changes ([`advance`]), when to look again ([`due_at`]).

use super::delay::delay;
use super::failure::{Actor, Class, Failure, Waiting};
use super::grant::{VerifiedPhone, VerifiedWaba};
use super::ids::{AllocationId, AttemptId};
use super::onboarding::{Onboarding, PendingEvent, Phase, State, StepRecord, StepStatus};
use super::steps::{Runner, Step, StepSpec, spec};
use super::time::{Moment, Timestamp};
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
    /// A worker began a step.
    StepStarted(Step),
    /// A step is done; what it found out.
    StepSucceeded(Step, Finding),
    /// A step did not work out.
    StepFailed(Step, Failure),
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
    /// The account is proven.
    Account(VerifiedWaba),
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
        Phase::Connected { .. } => {
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
    let Some(record) = onboarding.steps.get(&spec.step) else { return Some(onboarding.phase_since) };
    match &record.status {
        StepStatus::Done => None,
        _ if record.lease_until.is_some() => record.lease_until,
        StepStatus::Begun => Some(record.since),
        StepStatus::Retrying { due, .. } => Some(*due),
        StepStatus::Waiting { due, .. } => *due,
    }
}

/// When the record has to be looked at next, or `None` when only an event can move it. Belongs into the due index.
#[must_use]
pub fn due_at(onboarding: &Onboarding) -> Option<Timestamp> {
    let outbox = onboarding.outbox.first().map(|event| event.at.after(OUTBOX_PATIENCE));
    let work = match &onboarding.phase {
        Phase::Exchanging { lease_until, .. } => Some(*lease_until),
        Phase::Connected { .. } => {
            onboarding.plan().filter(|spec| onboarding.is_unblocked(spec)).filter_map(|spec| step_due(onboarding, spec)).min()
        }
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
        Event::ExchangeFailed(attempt, reason) => exchange_failed(&mut after, attempt, reason, moment.now, &mut timeline),
        Event::StepStarted(step) => step_started(&mut after, *step, moment.now),
        Event::StepSucceeded(step, finding) => step_succeeded(&mut after, *step, finding, moment.now, &mut timeline),
        Event::StepFailed(step, failure) => step_failed(&mut after, *step, failure, moment, &mut timeline),
        Event::Resumed => resumed(&mut after, moment.now, &mut timeline),
        Event::Departed(reason, at) => departed(&mut after, reason, *at, moment.now, &mut timeline),
        Event::Joined(at) => joined(&mut after, *at, moment.now, &mut timeline),
        Event::EventsSent(sent) => after.outbox.retain(|event| !sent.contains(event)),
    }
    announce(before, &mut after, moment.now);
    after.timeline_length = after.timeline_length.saturating_add(u32::try_from(timeline.len()).unwrap_or_default());
    (after, timeline)
}

fn entry(at: Timestamp, event: &str, code: Option<&str>) -> TimelineEntry {
    TimelineEntry { at, event: event.to_owned(), step: None, attempt: None, code: code.map(str::to_owned) }
}

fn enter(onboarding: &mut Onboarding, phase: Phase, now: Timestamp) {
    onboarding.phase = phase;
    onboarding.phase_since = now;
}

fn exchanging_by(onboarding: &Onboarding, attempt: &AttemptId) -> bool {
    matches!(&onboarding.phase, Phase::Exchanging { attempt: current, .. } if current == attempt)
}

fn token_stored(after: &mut Onboarding, attempt: &AttemptId, now: Timestamp, timeline: &mut Vec<TimelineEntry>) {
    if exchanging_by(after, attempt) {
        enter(after, Phase::Connected { attempt: attempt.clone(), since: now }, now);
        after.steps.clear();
        timeline.push(entry(now, "token_stored", None));
    }
}

fn exchange_failed(
    after: &mut Onboarding,
    attempt: &AttemptId,
    reason: &'static str,
    now: Timestamp,
    timeline: &mut Vec<TimelineEntry>,
) {
    if exchanging_by(after, attempt) {
        enter(after, Phase::Relaunch { reason: reason.to_owned() }, now);
        timeline.push(entry(now, "relaunch_needed", Some(reason)));
    }
}

fn step_started(after: &mut Onboarding, step: Step, now: Timestamp) {
    let first = StepRecord { status: StepStatus::Begun, attempts: 0, since: now, lease_until: None };
    let record = after.steps.entry(step).or_insert(first);
    if record.status != StepStatus::Done {
        record.attempts = record.attempts.saturating_add(1);
        record.lease_until = Some(now.after(STEP_LEASE));
    }
}

/// Ends a step's attempt with `status`. `None` when the step is done already (a late failure never overwrites a success)
/// or when it waits for the same thing as before: a regular look at a wait is not news.
fn settle(after: &mut Onboarding, step: Step, status: StepStatus, now: Timestamp) -> Option<u16> {
    let record = after.steps.get_mut(&step).filter(|record| record.status != StepStatus::Done)?;
    let same_wait = match (&record.status, &status) {
        (StepStatus::Waiting { code: was, .. }, StepStatus::Waiting { code: is, .. }) => was == is,
        _ => false,
    };
    record.status = status;
    record.lease_until = None;
    if same_wait {
        return None;
    }
    record.since = now;
    Some(record.attempts)
}

fn step_succeeded(after: &mut Onboarding, step: Step, finding: &Finding, now: Timestamp, timeline: &mut Vec<TimelineEntry>) {
    let Some(attempt) = settle(after, step, StepStatus::Done, now) else { return };
    match finding {
        Finding::Account(waba) => after.waba = Some(waba.clone()),
        Finding::Number(phone) => after.phone = Some(phone.clone()),
        Finding::CreditShared(allocation) => after.allocation = Some(allocation.clone()),
        Finding::Templates { namespace } => after.template_namespace.clone_from(namespace),
        Finding::Nothing => {}
    }
    timeline.push(TimelineEntry { step: Some(step), attempt: Some(attempt), ..entry(now, "step_done", None) });
}

fn step_failed(after: &mut Onboarding, step: Step, failure: &Failure, moment: Moment, timeline: &mut Vec<TimelineEntry>) {
    let now = moment.now;
    let made = after.steps.get(&step).map_or(1, |record| record.attempts);
    let (status, word) = match failure.class {
        Class::Later => retry(step, made, None, failure, moment),
        Class::LaterAfter(seconds) => retry(step, made, Some(seconds), failure, moment),
        Class::Needs(actor, waiting_for) => {
            let due = look_again(waiting_for).map(|wait| now.after(moment.jitter.spread(wait)));
            (StepStatus::Waiting { actor, waiting_for, code: failure.code.clone(), due }, "step_waiting")
        }
        Class::Hold | Class::TokenDead => (stopped(failure), "step_refused"),
    };
    let Some(attempt) = settle(after, step, status, now) else { return };
    stop_if_needed(after, failure, now);
    let line = entry(now, word, Some(&failure.code));
    timeline.push(TimelineEntry { step: Some(step), attempt: Some(attempt), ..line });
}

/// A step that nobody begins again by itself.
fn stopped(failure: &Failure) -> StepStatus {
    StepStatus::Waiting { actor: Actor::Operator, waiting_for: Waiting::Meta, code: failure.code.clone(), due: None }
}

fn stop_if_needed(after: &mut Onboarding, failure: &Failure, now: Timestamp) {
    let Some(attempt) = after.token_attempt().cloned() else { return };
    match failure.class {
        Class::Hold => enter(after, Phase::Held { attempt, reason: failure.code.clone() }, now),
        Class::TokenDead => enter(after, Phase::Reauthorise { reason: failure.code.clone() }, now),
        Class::Later | Class::LaterAfter(_) | Class::Needs(..) => {}
    }
}

fn retry(step: Step, made: u16, hint: Option<u32>, failure: &Failure, moment: Moment) -> (StepStatus, &'static str) {
    match delay(&spec(step).retry, made, hint, moment.jitter) {
        Some(wait) => (StepStatus::Retrying { due: moment.now.after(wait), failure: failure.clone() }, "step_failed"),
        None => (stopped(failure), "step_gave_up"),
    }
}

/// How often a wait is looked at although nobody rang. Reviews and payment methods announce themselves by webhook, if at
/// all, so the look is rare; a wait for an answer of a person is never looked at.
fn look_again(waiting_for: Waiting) -> Option<Duration> {
    match waiting_for {
        Waiting::PaymentMethod => Some(Duration::from_secs(600)),
        Waiting::Number
        | Waiting::DisplayName
        | Waiting::BusinessVerification
        | Waiting::AccountReview
        | Waiting::BusinessInfo => Some(Duration::from_secs(3600)),
        Waiting::CreditLine => Some(Duration::from_secs(6 * 3600)),
        Waiting::Meta | Waiting::Pin | Waiting::Choice => None,
    }
}

/// Everything that waits is due at once. Attempts are kept: a step whose attempts are used up gets exactly one more.
fn resumed(after: &mut Onboarding, now: Timestamp, timeline: &mut Vec<TimelineEntry>) {
    if let Phase::Held { attempt, .. } = after.phase.clone() {
        enter(after, Phase::Connected { attempt, since: now }, now);
    }
    let mut any = false;
    for record in after.steps.values_mut() {
        match &mut record.status {
            StepStatus::Retrying { due, .. } => *due = now,
            StepStatus::Waiting { due, .. } => *due = Some(now),
            StepStatus::Begun | StepStatus::Done => continue,
        }
        any = true;
    }
    if any {
        timeline.push(entry(now, "resumed", None));
    }
}

/// A departure counts only when it is newer than the connection: a late webhook about an earlier stay changes nothing.
fn departed(after: &mut Onboarding, reason: &'static str, at: Timestamp, now: Timestamp, timeline: &mut Vec<TimelineEntry>) {
    let connected_since = match &after.phase {
        Phase::Connected { since, .. } => *since,
        Phase::Held { .. } | Phase::Reauthorise { .. } => after.phase_since,
        Phase::Exchanging { .. } | Phase::Relaunch { .. } | Phase::Left { .. } => return,
    };
    // Meta's event time has whole seconds only.
    if at.after(Duration::from_secs(1)) >= connected_since {
        enter(after, Phase::Left { reason: reason.to_owned() }, now);
        timeline.push(entry(now, "departed", Some(reason)));
    }
}

/// Meta repeats itself: only newer word is news.
fn joined(after: &mut Onboarding, at: Timestamp, now: Timestamp, timeline: &mut Vec<TimelineEntry>) {
    if after.partner_since.is_none_or(|since| since < at) {
        after.partner_since = Some(at);
        timeline.push(entry(now, "partner_confirmed", None));
    }
}

/// Puts `whatsapp.onboarding.<state>.v1` into the outbox when the state changed to one the platform must know of.
fn announce(before: &Onboarding, after: &mut Onboarding, now: Timestamp) {
    let (was, is) = (before.state(), after.state());
    let wait = after.obstacle().map(|obstacle| obstacle.code);
    let news = was != is || (is == State::Waiting && wait != before.obstacle().map(|obstacle| obstacle.code));
    if news && !matches!(is, State::Exchanging | State::Onboarding) {
        let discriminator = format!("{}:{}", now.as_millis(), wait.unwrap_or_default());
        let kind = format!("whatsapp.onboarding.{}.v1", past_tense(is));
        after.outbox.push(PendingEvent { kind, discriminator, at: now });
    }
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

#[cfg(test)]
mod tests;
