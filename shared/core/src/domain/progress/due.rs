//! What is due, and when the next action is due.

use super::Timestamp;
use crate::domain::onboarding::{Onboarding, Phase, StepStatus};
use crate::domain::steps::{Runner, Step, StepSpec};
use std::time::Duration;

/// How long until saved events that may not have been sent are sent again.
const OUTBOX_GRACE: Duration = Duration::from_secs(60);

/// What to do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Perform this step.
    Run(Step),
    /// Enqueue a job for the function that may run this step.
    HandOver(Runner),
    /// Find out what became of a code exchange whose lease ended.
    Rescue,
    /// Ask Meta for the token, server to server.
    Fetch,
    /// Check a departure reported by a webhook with Meta.
    Confirm,
    /// Run the health check of a completed connection.
    Watch,
    /// Nothing is due.
    Nothing,
}

/// What to do now, for a worker of the function `runner`: the first due row of the table that it may run, otherwise the
/// first one that another function may run.
#[must_use]
pub fn next(onboarding: &Onboarding, runner: Runner, now: Timestamp) -> Next {
    match &onboarding.phase {
        // Nothing else is set up, paid for or undone before the departure has been checked.
        _ if onboarding.departure_due().is_some_and(|due| due <= now) => only(Runner::Steps, runner, Next::Confirm),
        Phase::Exchanging { lease_until, .. } if *lease_until <= now => only(Runner::Steps, runner, Next::Rescue),
        Phase::Fetching { due, .. } if *due <= now => only(Runner::Credit, runner, Next::Fetch),
        Phase::Reauthorise { .. } if onboarding.awaits_access() => upkeep(onboarding, runner, now),
        Phase::Connected { .. } | Phase::Leaving { .. } => {
            let mut due = onboarding.plan().filter(|spec| is_due(onboarding, spec, now)).peekable();
            let first = due.peek().map(|spec| spec.runner);
            match (due.find(|spec| spec.runner == runner), first) {
                (Some(spec), _) => Next::Run(spec.step),
                (None, Some(other)) => Next::HandOver(other),
                (None, None) => upkeep(onboarding, runner, now),
            }
        }
        Phase::Exchanging { .. }
        | Phase::Fetching { .. }
        | Phase::Relaunch { .. }
        | Phase::Held { .. }
        | Phase::Reauthorise { .. }
        | Phase::Left { .. } => Next::Nothing,
    }
}

/// An action that only one runner may take.
fn only(whose: Runner, runner: Runner, next: Next) -> Next {
    if whose == runner { next } else { Next::HandOver(whose) }
}

/// Maintenance of a connection when nothing else is due.
fn upkeep(onboarding: &Onboarding, runner: Runner, now: Timestamp) -> Next {
    let is_due = |due: Option<Timestamp>| due.is_some_and(|due| due <= now) && !onboarding.is_leaving();
    let renews = !onboarding.awaits_access();
    if renews && is_due(onboarding.renewal.as_ref().map(|renewal| renewal.due)) {
        only(Runner::Credit, runner, Next::Fetch)
    } else if is_due(onboarding.watch_at) {
        only(Runner::Steps, runner, Next::Watch)
    } else {
        Next::Nothing
    }
}

fn is_due(onboarding: &Onboarding, spec: &StepSpec, now: Timestamp) -> bool {
    onboarding.is_unblocked(spec) && step_due(onboarding, spec).is_some_and(|due| due <= now)
}

fn step_due(onboarding: &Onboarding, spec: &StepSpec) -> Option<Timestamp> {
    let due = match onboarding.steps.get(&spec.step) {
        None => first_due(onboarding),
        Some(record) => match &record.status {
            StepStatus::Done | StepStatus::Skipped { .. } => return None,
            _ if record.lease_until.is_some() => record.lease_until?,
            StepStatus::Begun => record.since,
            StepStatus::Retrying { due, .. } => *due,
            StepStatus::Waiting { due, .. } => (*due)?,
        },
    };
    Some(within_budgets(onboarding, spec, due))
}

/// Delays a step because of Meta's limits: calls per hour while no number is registered, registrations in 72 hours.
fn within_budgets(onboarding: &Onboarding, spec: &StepSpec, due: Timestamp) -> Timestamp {
    let registered = onboarding.numbers.values().any(|number| number.registered_at.is_some());
    let due = match spec.runner {
        Runner::Steps if !registered && !onboarding.is_leaving() => due.max(onboarding.calls.free_at()),
        Runner::Steps if !onboarding.is_leaving() => due.max(onboarding.calls.rest_until),
        Runner::Steps | Runner::Credit => due,
    };
    let waiting = onboarding.numbers.values().filter(|number| number.awaits_registration(due));
    match (spec.step, waiting.map(|number| number.may_register_at(due)).min()) {
        (Step::RegisterNumber, Some(allowed)) => due.max(allowed),
        _ => due,
    }
}

/// When a step may start for the first time. An exit waits for running steps: a share or a registration that completes
/// after it was revoked would remain.
fn first_due(onboarding: &Onboarding) -> Timestamp {
    let running = onboarding.steps.values().filter(|record| !record.is_over());
    let leases = running.filter_map(|record| record.lease_until).filter(|_| onboarding.is_leaving());
    leases.max().map_or(onboarding.phase_since, |last| last.max(onboarding.phase_since))
}

/// When the record needs attention next, or `None` when only an event can change it. Stored in the due index.
#[must_use]
pub fn due_at(onboarding: &Onboarding) -> Option<Timestamp> {
    let outbox = onboarding.outbox.first().map(|event| event.at.after(OUTBOX_GRACE));
    let work = match &onboarding.phase {
        Phase::Exchanging { lease_until, .. } => Some(*lease_until),
        Phase::Fetching { due, .. } => Some(*due),
        Phase::Connected { .. } => steps_due(onboarding).into_iter().chain(upkeep_due(onboarding)).min(),
        Phase::Leaving { .. } => steps_due(onboarding),
        Phase::Reauthorise { .. } if onboarding.awaits_access() => onboarding.watch_at,
        Phase::Relaunch { .. } | Phase::Held { .. } | Phase::Reauthorise { .. } | Phase::Left { .. } => None,
    };
    [outbox, work, onboarding.departure_due()].into_iter().flatten().min()
}

fn steps_due(onboarding: &Onboarding) -> Option<Timestamp> {
    let open = onboarding.plan().filter(|spec| onboarding.is_unblocked(spec));
    open.filter_map(|spec| step_due(onboarding, spec)).min()
}

fn upkeep_due(onboarding: &Onboarding) -> Option<Timestamp> {
    let renewal = onboarding.renewal.as_ref().map(|renewal| renewal.due);
    renewal.into_iter().chain(onboarding.watch_at).min()
}
