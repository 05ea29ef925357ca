//! What each fact does to a record.

use super::exit::{end_exit, without_token};
use super::{Finding, STEP_LEASE, TimelineEntry};
use crate::domain::delay::delay;
use crate::domain::failure::{Actor, Class, Failure, Waiting};
use crate::domain::ids::AttemptId;
use crate::domain::onboarding::{Onboarding, PendingEvent, Phase, State, StepRecord, StepStatus};
use crate::domain::steps::{Step, spec};
use crate::domain::time::{Moment, Timestamp};
use std::time::Duration;

pub(super) fn entry(at: Timestamp, event: &str, code: Option<&str>) -> TimelineEntry {
    TimelineEntry { at, event: event.to_owned(), step: None, attempt: None, code: code.map(str::to_owned) }
}

pub(super) fn enter(onboarding: &mut Onboarding, phase: Phase, now: Timestamp) {
    onboarding.phase = phase;
    onboarding.phase_since = now;
}

fn exchanging_by(onboarding: &Onboarding, attempt: &AttemptId) -> bool {
    matches!(&onboarding.phase, Phase::Exchanging { attempt: current, .. } if current == attempt)
}

pub(super) fn token_stored(
    after: &mut Onboarding,
    attempt: &AttemptId,
    now: Timestamp,
    timeline: &mut Vec<TimelineEntry>,
) {
    if exchanging_by(after, attempt) {
        enter(after, Phase::Connected { attempt: attempt.clone(), since: now }, now);
        after.steps.clear();
        timeline.push(entry(now, "token_stored", None));
    }
}

pub(super) fn exchange_failed(
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

pub(super) fn token_died(
    after: &mut Onboarding,
    attempt: &AttemptId,
    code: &str,
    now: Timestamp,
    timeline: &mut Vec<TimelineEntry>,
) {
    if after.token_attempt() == Some(attempt) {
        let attempt = attempt.clone();
        enter(after, Phase::Reauthorise { attempt, reason: code.to_owned() }, now);
        timeline.push(entry(now, "token_died", Some(code)));
    }
}

pub(super) fn step_started(after: &mut Onboarding, step: Step, now: Timestamp) {
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

pub(super) fn step_succeeded(
    after: &mut Onboarding,
    step: Step,
    finding: &Finding,
    now: Timestamp,
    timeline: &mut Vec<TimelineEntry>,
) {
    let Some(attempt) = settle(after, step, StepStatus::Done, now) else {
        return;
    };
    match finding {
        Finding::Account(waba, predecessor) => {
            after.waba = Some(waba.clone());
            after.predecessor.clone_from(predecessor);
        }
        Finding::Number(phone) => after.phone = Some(phone.clone()),
        Finding::CreditShared(allocation) => after.allocation = Some(allocation.clone()),
        Finding::Templates { namespace } => after.template_namespace.clone_from(namespace),
        Finding::Nothing => {}
    }
    timeline.push(TimelineEntry { step: Some(step), attempt: Some(attempt), ..entry(now, "step_done", None) });
    end_exit(after, now, timeline);
}

pub(super) fn step_failed(
    after: &mut Onboarding,
    step: Step,
    failure: &Failure,
    moment: Moment,
    timeline: &mut Vec<TimelineEntry>,
) {
    let now = moment.now;
    // A late failure never overwrites a success.
    if after.steps.get(&step).is_none_or(|record| record.status == StepStatus::Done) {
        return;
    }
    let made = after.steps.get(&step).map_or(1, |record| record.attempts);
    let (status, word) = match failure.class {
        Class::Later => retry(step, made, None, failure, moment),
        Class::LaterAfter(seconds) => retry(step, made, Some(seconds), failure, moment),
        Class::Needs(actor, waiting_for) => {
            let due = look_again(waiting_for, &failure.code).map(|wait| now.after(moment.jitter.spread(wait)));
            (StepStatus::Waiting { actor, waiting_for, code: failure.code.clone(), due }, "step_waiting")
        }
        Class::Hold | Class::TokenDead => (stopped(failure), "step_refused"),
    };
    let settled = settle(after, step, status, now);
    stop_if_needed(after, failure, now);
    let Some(attempt) = settled else {
        return;
    };
    let line = entry(now, word, Some(&failure.code));
    timeline.push(TimelineEntry { step: Some(step), attempt: Some(attempt), ..line });
}

/// A step that nobody begins again by itself.
fn stopped(failure: &Failure) -> StepStatus {
    StepStatus::Waiting { actor: Actor::Operator, waiting_for: Waiting::Meta, code: failure.code.clone(), due: None }
}

fn stop_if_needed(after: &mut Onboarding, failure: &Failure, now: Timestamp) {
    let Some(attempt) = after.token_attempt().cloned() else { return };
    match (&mut after.phase, failure.class) {
        // The exit goes on without what takes the token.
        (Phase::Leaving { extent, .. }, Class::TokenDead) => without_token(extent),
        (Phase::Connected { .. }, Class::Hold) => {
            enter(after, Phase::Held { attempt, reason: failure.code.clone() }, now);
        }
        (Phase::Connected { .. }, Class::TokenDead) => {
            enter(after, Phase::Reauthorise { attempt, reason: failure.code.clone() }, now);
        }
        _ => {}
    }
}

fn retry(step: Step, made: u16, hint: Option<u32>, failure: &Failure, moment: Moment) -> (StepStatus, &'static str) {
    match delay(&spec(step).retry, made, hint, moment.jitter) {
        Some(wait) => (StepStatus::Retrying { due: moment.now.after(wait), failure: failure.clone() }, "step_failed"),
        None => (stopped(failure), "step_gave_up"),
    }
}

/// Meta's word for a number that was registered ten times in 72 hours.
const REGISTERED_TOO_OFTEN: &str = "graph.133016";
/// Meta: "10 requests per business phone number in a 72 hour moving window".
const REGISTRATION_WINDOW: Duration = Duration::from_secs(72 * 3600);
/// Registrations after which not even a person may ask for another one within that window: the rest of Meta's ten is for
/// what happens outside of this system.
const REGISTRATIONS: u16 = 6;

/// How often a wait is looked at although nobody rang. Reviews and payment methods announce themselves by webhook, if at
/// all, so the look is rare; a wait for an answer of a person is never looked at.
fn look_again(waiting_for: Waiting, code: &str) -> Option<Duration> {
    match waiting_for {
        Waiting::Meta if code == REGISTERED_TOO_OFTEN => Some(REGISTRATION_WINDOW),
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
pub(super) fn resumed(after: &mut Onboarding, now: Timestamp, timeline: &mut Vec<TimelineEntry>) {
    match after.phase.clone() {
        Phase::Held { attempt, .. } => enter(after, Phase::Connected { attempt, since: now }, now),
        Phase::Connected { .. } | Phase::Leaving { .. } => {}
        Phase::Exchanging { .. } | Phase::Relaunch { .. } | Phase::Reauthorise { .. } | Phase::Left { .. } => return,
    }
    let mut any = false;
    for (step, record) in &mut after.steps {
        if *step == Step::RegisterNumber
            && record.attempts >= REGISTRATIONS
            && now.since(record.since) < REGISTRATION_WINDOW
        {
            continue;
        }
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

/// Meta repeats itself: only newer word is news.
pub(super) fn joined(after: &mut Onboarding, at: Timestamp, now: Timestamp, timeline: &mut Vec<TimelineEntry>) {
    if after.partner_since.is_none_or(|since| since < at) {
        after.partner_since = Some(at);
        timeline.push(entry(now, "partner_confirmed", None));
    }
}

/// Puts `whatsapp.onboarding.<state>.v1` into the outbox when the state changed to one the platform must know of.
pub(super) fn announce(before: &Onboarding, after: &mut Onboarding, now: Timestamp) {
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
