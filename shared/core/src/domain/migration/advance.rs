//! How each fact changes a migration. A repeated or late fact changes nothing.

use super::{Check, DAY, Entry, LEASE, Migration, Phase, Snapshot, refusal};
use crate::domain::failure::{Actor, Class, Failure};
use crate::domain::grant::VerifiedPhone;
use crate::domain::ids::{PhoneNumberId, WabaId};
use crate::domain::operation::{Operation, REQUESTED};
use crate::domain::outbox::PendingEvent;
use crate::domain::time::Timestamp;
use std::time::Duration;

/// Something that happened to a migration.
#[derive(Debug, Clone, PartialEq)]
pub enum MigrationFact {
    /// A worker starts a check.
    CheckStarted,
    /// Meta's conditions were checked.
    Checked {
        /// The conditions with their results.
        checks: Vec<Check>,
        /// The number before the migration, as far as it can be read.
        before: Option<Box<Snapshot>>,
    },
    /// The next action failed.
    Failed(Failure),
    /// The number was added to the account.
    Added(VerifiedPhone),
    /// A code is about to be requested.
    CodeAsked,
    /// Meta sent a code. With a stable code when that is uncertain.
    CodeSent(Option<&'static str>),
    /// Meta refused to send a code.
    CodeRefused(Failure),
    /// A code is about to be entered.
    CodeEntered,
    /// Meta rejected the entered code.
    EntryRefused(Failure),
    /// Meta reports the number as verified.
    Verified,
    /// Meta reports the number as registered.
    Arrived(Box<Snapshot>),
    /// Somebody requested an immediate check.
    Resumed,
    /// The same migration was requested again, possibly with more information.
    AskedAgain {
        /// The display name.
        verified_name: Option<String>,
        /// The account at the other provider.
        source_waba: Option<WabaId>,
        /// The number's id there.
        source_phone: Option<PhoneNumberId>,
    },
    /// The customer left.
    Ended,
    /// Somebody cancelled it.
    Cancelled,
    /// Events were sent.
    EventsSent(Vec<PendingEvent>),
}

/// Maximum number of timeline entries.
const LONGEST_TIMELINE: usize = 100;
/// Checks after which a transient failure is reported.
const QUIET_CHECKS: u16 = 3;
/// How long to wait for the registration: Meta allows registering a verified number within 14 days.
const REGISTRATION: Duration = Duration::from_secs(14 * 24 * 3600);

/// Applies a fact.
#[must_use]
pub fn advance(before: &Migration, event: &MigrationFact, now: Timestamp) -> Migration {
    let mut after = before.clone();
    match event {
        MigrationFact::EventsSent(sent) => after.outbox.retain(|event| !sent.contains(event)),
        MigrationFact::Resumed if !before.is_over() => resumed(&mut after, now),
        MigrationFact::AskedAgain { verified_name, source_waba, source_phone } if !before.is_over() => {
            if matches!(before.phase, Phase::Checking { .. } | Phase::Blocked { .. }) {
                after.verified_name = verified_name.clone().or(after.verified_name);
                after.source_waba = source_waba.clone().or(after.source_waba);
                after.source_phone = source_phone.clone().or(after.source_phone);
            }
            resumed(&mut after, now);
        }
        MigrationFact::Ended if !before.is_over() => {
            after.number = None;
            enter(&mut after, Phase::Cancelled, "customer_left", None, now);
        }
        MigrationFact::Cancelled
            if !matches!(before.phase, Phase::Done | Phase::Cancelled | Phase::Registering { .. }) =>
        {
            after.number = None;
            enter(&mut after, Phase::Cancelled, "cancelled", None, now);
        }
        event => match &before.phase {
            Phase::Checking { .. } | Phase::Blocked { .. } => checking(&mut after, event, now),
            Phase::AwaitingCode | Phase::CodeSent { .. } => coding(&mut after, event, now),
            Phase::Registering { .. } => registering(&mut after, event, now),
            Phase::Done | Phase::Cancelled => {}
        },
    }
    after
}

/// As [`advance`], for a fact that may be caused by an API operation: the timeline entries and an event name who
/// requested it, unless nothing changes.
#[must_use]
pub fn advance_by(
    before: &Migration,
    event: &MigrationFact,
    operation: Option<&Operation>,
    now: Timestamp,
) -> Migration {
    let mut after = advance(before, event, now);
    let Some(operation) = operation.filter(|_| after != *before) else { return after };
    let known = before.timeline.len();
    if after.timeline.len() == known {
        note(&mut after, REQUESTED, Some(&operation.name), now);
    }
    for entry in after.timeline.iter_mut().skip(known) {
        entry.by = Some(operation.clone());
    }
    after.outbox.push(operation.event(now));
    after
}

fn enter(after: &mut Migration, phase: Phase, event: &str, code: Option<&str>, now: Timestamp) {
    after.phase = phase;
    after.since = now;
    after.check_count = 0;
    after.action_error = None;
    note(after, event, code, now);
}

fn note(after: &mut Migration, event: &str, code: Option<&str>, now: Timestamp) {
    if after.timeline.len() < LONGEST_TIMELINE {
        after.timeline.push(Entry { at: now, event: event.to_owned(), code: code.map(str::to_owned), by: None });
    }
}

fn publish(after: &mut Migration, kind: &str, code: &str, now: Timestamp) {
    let discriminator = format!("{}:{code}", now.as_millis());
    after.outbox.push(PendingEvent { kind: kind.to_owned(), discriminator, at: now, operation: None });
}

fn resumed(after: &mut Migration, now: Timestamp) {
    match &mut after.phase {
        Phase::Blocked { .. } if after.phone.is_some() => {
            enter(after, Phase::AwaitingCode, "resumed", None, now);
        }
        Phase::Blocked { .. } => enter(after, Phase::Checking { due: now }, "resumed", None, now),
        Phase::Checking { due } | Phase::Registering { due } => *due = now,
        // Only the outcome of an unanswered entry can be checked.
        Phase::CodeSent { due } => *due = due.map(|_| now),
        Phase::AwaitingCode | Phase::Done | Phase::Cancelled => {}
    }
}

fn begin_check(after: &mut Migration, now: Timestamp) {
    after.check_count = after.check_count.saturating_add(1);
    match &mut after.phase {
        Phase::Checking { due } | Phase::Registering { due } => *due = now.after(LEASE),
        Phase::Blocked { due, .. } | Phase::CodeSent { due } => *due = Some(now.after(LEASE)),
        Phase::AwaitingCode | Phase::Done | Phase::Cancelled => {}
    }
}

fn checking(after: &mut Migration, event: &MigrationFact, now: Timestamp) {
    match event {
        MigrationFact::CheckStarted => begin_check(after, now),
        MigrationFact::Checked { checks, before } => {
            after.checks.clone_from(checks);
            if before.is_some() {
                after.before = before.as_deref().cloned();
            }
        }
        MigrationFact::Added(phone) => {
            after.phone = Some(phone.clone());
            after.number = None;
            enter(after, Phase::AwaitingCode, "number_added", None, now);
        }
        MigrationFact::Failed(failure) => failed(after, failure, now),
        _ => {}
    }
}

/// Transient failures are retried with growing delays; failures that need action are reported once.
fn failed(after: &mut Migration, failure: &Failure, now: Timestamp) {
    let due = match failure.class {
        Class::Later => Some(now.after(pause(after.check_count))),
        Class::LaterAfter(seconds) => Some(now.after(Duration::from_secs(u64::from(seconds)))),
        Class::Until(_, _, at) => Some(at),
        Class::Needs(..) | Class::Skip | Class::Hold | Class::TokenDead => None,
    };
    after.refused_with = failure.meta;
    match (&mut after.phase, due) {
        (Phase::Blocked { code, due: again, .. }, due) if *code == failure.code => *again = due,
        (Phase::Checking { due: again }, Some(due)) if after.check_count < QUIET_CHECKS => *again = due,
        _ => {
            let (actor, code, checks) = (refusal::actor(failure), failure.code.clone(), after.check_count);
            enter(after, Phase::Blocked { actor, code: code.clone(), due }, "blocked", Some(&code), now);
            after.check_count = checks;
            publish(after, "whatsapp.move.blocked.v1", &code, now);
        }
    }
}

/// 20 s, 40 s, … up to an hour.
fn pause(checks: u16) -> Duration {
    Duration::from_secs(20_u64.saturating_mul(1 << checks.min(8)).min(3600))
}

fn coding(after: &mut Migration, event: &MigrationFact, now: Timestamp) {
    match event {
        MigrationFact::CheckStarted => begin_check(after, now),
        MigrationFact::CodeAsked => {
            after.codes.retain(|at| now.since(*at) < DAY);
            after.codes.push(now);
            after.action_error = None;
            note(after, "code_asked", None, now);
        }
        MigrationFact::CodeSent(doubt) => {
            enter(after, Phase::CodeSent { due: None }, "code_sent", *doubt, now);
            after.action_error = doubt.map(str::to_owned);
        }
        MigrationFact::CodeRefused(failure) | MigrationFact::EntryRefused(failure) => {
            after.action_error = Some(failure.code.clone());
            after.refused_with = failure.meta;
            note(after, "code_refused", Some(&failure.code), now);
            if let Phase::CodeSent { due } = &mut after.phase {
                *due = None;
            }
        }
        // If the worker crashes before it records the outcome, a later check finds it out.
        MigrationFact::CodeEntered => {
            after.entries.retain(|at| now.since(*at) < DAY);
            after.entries.push(now);
            after.action_error = None;
            after.phase = Phase::CodeSent { due: Some(now.after(LEASE)) };
            note(after, "code_entered", None, now);
        }
        MigrationFact::Verified => enter(after, Phase::Registering { due: now }, "verified", None, now),
        MigrationFact::Failed(_) => {
            if let Phase::CodeSent { due } = &mut after.phase {
                *due = Some(now.after(pause(after.check_count)));
            }
        }
        _ => {}
    }
}

fn registering(after: &mut Migration, event: &MigrationFact, now: Timestamp) {
    match event {
        MigrationFact::CheckStarted => begin_check(after, now),
        MigrationFact::Arrived(snapshot) => {
            after.after = Some((**snapshot).clone());
            enter(after, Phase::Done, "moved", None, now);
            publish(after, "whatsapp.move.completed.v1", "", now);
        }
        MigrationFact::Failed(_) if now.since(after.since) > REGISTRATION => {
            let code = "move.too_long".to_owned();
            let actor = Actor::Operator;
            enter(after, Phase::Blocked { actor, code: code.clone(), due: None }, "blocked", Some(&code), now);
            publish(after, "whatsapp.move.blocked.v1", &code, now);
        }
        // The onboarding's own step registers the number: check soon, then with growing delays.
        MigrationFact::Failed(_) => {
            let seconds = 1_u64 << after.check_count.min(11);
            after.phase = Phase::Registering { due: now.after(Duration::from_secs(seconds)) };
        }
        _ => {}
    }
}
