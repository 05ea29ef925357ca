//! How each fact changes a message. A repeated or late fact changes nothing.

use super::{Attempt, Delivery, Message, Policy, Retry, STOPPED_MARKETING, policy};
use crate::domain::failure::MetaCode;
use crate::domain::outbox::PendingEvent;
use crate::domain::person::Preference;
use crate::domain::time::Timestamp;
use std::time::Duration;

/// Something that happened to a message. Attempts count from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MessageFact {
    /// Meta accepted an attempt.
    Accepted {
        /// The attempt.
        attempt: usize,
        /// Meta's message id.
        wamid: String,
    },
    /// An attempt was definitely not sent: Meta refused it or was not reached.
    Refused {
        /// The attempt.
        attempt: usize,
        /// Meta's numbers; `None` when Meta was not reached.
        code: Option<MetaCode>,
        /// Seconds to wait, as demanded by Meta.
        wait: Option<u32>,
    },
    /// The call of an attempt was not answered.
    Unanswered {
        /// The attempt.
        attempt: usize,
    },
    /// A webhook reported a status.
    Reported {
        /// The attempt.
        attempt: usize,
        /// Meta's message id.
        wamid: String,
        /// The status.
        delivery: Delivery,
        /// Meta's error code of a failure.
        code: Option<u64>,
        /// When, by Meta's clock.
        at: Timestamp,
    },
    /// The recipient wrote, which opens the customer service window for 24 hours.
    WindowOpened,
    /// The second attempt begins.
    Retried,
    /// The second attempt is cancelled, with a stable code.
    Dropped(&'static str),
    /// A wait timed out.
    Overdue,
    /// Events were sent.
    EventsSent(Vec<PendingEvent>),
}

/// The opt-out that a fact contains: Meta did not deliver a marketing message because the person stopped them.
#[must_use]
pub fn stopped_by(fact: &MessageFact) -> Option<Preference> {
    match fact {
        MessageFact::Reported { delivery: Delivery::Failed, code: Some(STOPPED_MARKETING), at, .. } => {
            Some(Preference { at: *at, stopped: true })
        }
        _ => None,
    }
}

/// How long to wait for the recipient's next message: an older message is of no use.
const WINDOW_PATIENCE: Duration = Duration::from_secs(24 * 3600);
const WINDOW_CLOSED: &str = "message.window_closed";

/// The longest wait for a second attempt: an older message is of no use.
const LONGEST_WAIT: Duration = Duration::from_secs(7 * 24 * 3600);

/// Applies a fact. `delay` is the platform's configured time between a failure and the second attempt.
#[must_use]
pub fn advance(before: &Message, event: &MessageFact, delay: Duration, now: Timestamp) -> Message {
    let mut after = before.clone();
    match event {
        MessageFact::Accepted { attempt, wamid } => {
            climb(&mut after, *attempt, Delivery::Accepted, now);
            name(&mut after, *attempt, wamid);
        }
        MessageFact::Refused { attempt, code, wait } => {
            refused(&mut after, *attempt, (*code, *wait), delay, now);
        }
        MessageFact::Unanswered { attempt } => climb(&mut after, *attempt, Delivery::Unknown, now),
        MessageFact::Reported { attempt, wamid, delivery, code, at } => {
            name(&mut after, *attempt, wamid);
            if *delivery == Delivery::Failed {
                let text = format!("graph.{}", code.unwrap_or_default());
                failed(&mut after, *attempt, &text, code.map_or(Policy::Never, policy), delay, now);
            } else {
                climb(&mut after, *attempt, *delivery, *at);
            }
        }
        MessageFact::WindowOpened => {
            if let Retry::AwaitsWindow { code, .. } = &after.retry {
                after.retry = Retry::Scheduled { due: now, code: code.clone() };
            }
        }
        MessageFact::Retried => retried(&mut after, now),
        MessageFact::Dropped(code) => {
            if matches!(after.retry, Retry::Scheduled { .. } | Retry::AwaitsWindow { .. }) {
                after.retry = Retry::Cancelled { code: (*code).to_owned() };
                announce(&mut after, "whatsapp.message.retry_cancelled.v1", code, now);
            }
        }
        MessageFact::Overdue => overdue(&mut after, now),
        MessageFact::EventsSent(sent) => after.outbox.retain(|event| !sent.contains(event)),
    }
    after
}

fn refused(
    message: &mut Message,
    number: usize,
    (meta, wait): (Option<MetaCode>, Option<u32>),
    delay: Duration,
    now: Timestamp,
) {
    let text = meta.map_or_else(|| "graph.unreachable".to_owned(), |meta| format!("graph.{}", meta.code));
    let policy = meta.map_or(Policy::Once, |meta| policy(meta.code));
    failed(message, number, &text, stretched(policy, wait), delay, now);
    let failed = attempt_mut(message, number).filter(|attempt| attempt.code.as_ref() == Some(&text));
    if let Some(attempt) = failed {
        attempt.subcode = meta.and_then(|meta| meta.subcode);
    }
}

fn retried(message: &mut Message, now: Timestamp) {
    if matches!(message.retry, Retry::Scheduled { .. }) && message.attempts.len() == 1 {
        message.retry = Retry::None;
        message.attempts.push(Attempt::begin(now));
    }
}

/// Extends the table's wait to the one demanded by Meta, if that is longer.
fn stretched(policy: Policy, wait: Option<u32>) -> Policy {
    match (policy, wait.map(|seconds| Duration::from_secs(seconds.into()))) {
        (Policy::Once, Some(wait)) => Policy::After(wait),
        (Policy::After(table), Some(wait)) => Policy::After(table.max(wait)),
        (other, _) => other,
    }
}

fn attempt_mut(message: &mut Message, number: usize) -> Option<&mut Attempt> {
    message.attempts.get_mut(number.checked_sub(1)?)
}

fn name(message: &mut Message, number: usize, wamid: &str) {
    if let Some(attempt) = attempt_mut(message, number) {
        attempt.wamid.get_or_insert_with(|| wamid.to_owned());
    }
}

/// Raises the delivery status, never lowers it. A message that was delivered after all is not retried.
fn climb(message: &mut Message, number: usize, delivery: Delivery, at: Timestamp) {
    let Some(attempt) = attempt_mut(message, number).filter(|attempt| attempt.delivery < delivery) else { return };
    (attempt.delivery, attempt.at) = (delivery, at);
    if delivery > Delivery::Failed {
        (attempt.code, attempt.subcode) = (None, None);
        if matches!(message.retry, Retry::Scheduled { .. } | Retry::AwaitsWindow { .. }) {
            message.retry = Retry::None;
        }
    }
}

fn failed(message: &mut Message, number: usize, code: &str, policy: Policy, delay: Duration, now: Timestamp) {
    let Some(attempt) = attempt_mut(message, number).filter(|attempt| attempt.delivery < Delivery::Failed) else {
        return;
    };
    (attempt.delivery, attempt.at, attempt.code) = (Delivery::Failed, now, Some(code.to_owned()));
    let wait = match policy {
        Policy::Once => Some(delay),
        Policy::After(wait) => Some(wait.max(delay)),
        Policy::Never | Policy::Ask | Policy::WhenOpen => None,
    };
    let first = number == 1 && message.attempts.len() == 1;
    if policy == Policy::WhenOpen && first {
        message.retry = Retry::AwaitsWindow { until: now.after(WINDOW_PATIENCE), code: code.to_owned() };
        return announce(message, "whatsapp.message.retry_scheduled.v1", code, now);
    }
    match wait.filter(|wait| first && *wait <= LONGEST_WAIT) {
        Some(wait) => {
            message.retry = Retry::Scheduled { due: now.after(wait), code: code.to_owned() };
            announce(message, "whatsapp.message.retry_scheduled.v1", code, now);
        }
        None if number == message.attempts.len() => announce(message, "whatsapp.message.failed.v1", code, now),
        None => {}
    }
}

fn overdue(message: &mut Message, now: Timestamp) {
    if let Retry::AwaitsWindow { until, .. } = &message.retry {
        if *until <= now {
            message.retry = Retry::Cancelled { code: WINDOW_CLOSED.to_owned() };
            announce(message, "whatsapp.message.retry_cancelled.v1", WINDOW_CLOSED, now);
        }
        return;
    }
    let number = message.attempts.len();
    let due = message.act_at().is_some_and(|at| at <= now) && !matches!(message.retry, Retry::Scheduled { .. });
    let Some(attempt) = attempt_mut(message, number).filter(|_| due) else { return };
    match attempt.delivery {
        Delivery::Sending => (attempt.delivery, attempt.at) = (Delivery::Unknown, now),
        Delivery::Unknown => {
            attempt.code = Some("message.unanswered".to_owned());
            announce(message, "whatsapp.message.unresolved.v1", "message.unanswered", now);
        }
        _ => {}
    }
}

fn announce(message: &mut Message, kind: &str, code: &str, at: Timestamp) {
    let discriminator = format!("{}:{code}", message.attempts.len());
    message.outbox.push(PendingEvent { kind: kind.to_owned(), discriminator, at, operation: None });
}
