//! A message sent through us, with at most one retry: what is known about it, and what is due.

mod advance;
mod delivery;
mod draft;
mod policy;
mod refusals;

pub use advance::{MessageFact, advance, stopped_by};
pub use delivery::Delivery;
pub use draft::{Draft, Flaw, Payload};
pub use policy::{Policy, STOPPED_MARKETING, actor, policy, sentence};

use super::failure::MetaCode;
use super::ids::{MessageId, OnboardingId, PhoneNumberId, WabaId};
use super::outbox::PendingEvent;
use super::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How long an attempt may be in progress before its outcome counts as unknown: longer than any call takes.
const SENDING_LEASE: Duration = Duration::from_secs(60);
/// How long to wait for a status from Meta after a send without an answer.
const SILENCE: Duration = Duration::from_secs(24 * 3600);
/// How long until saved events that may not have been sent are sent again; also for a second attempt whose job was
/// lost.
const GRACE: Duration = Duration::from_secs(60);
/// How long a message is stored.
const RETENTION: Duration = Duration::from_secs(30 * 24 * 3600);

/// One attempt to send the message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// Meta's message id; `None` until Meta has reported it.
    pub wamid: Option<String>,
    /// Its delivery status.
    pub delivery: Delivery,
    /// When it began.
    pub begun_at: Timestamp,
    /// Since when it has had this status.
    pub at: Timestamp,
    /// Stable code of the failure.
    pub code: Option<String>,
    /// Meta's subcode, if Meta sent one with its code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subcode: Option<u64>,
}

impl Attempt {
    /// Meta's numbers, when Meta refused it or reported its failure.
    #[must_use]
    pub fn meta(&self) -> Option<MetaCode> {
        MetaCode::parse(self.code.as_deref()?).map(|meta| MetaCode { subcode: meta.subcode.or(self.subcode), ..meta })
    }
}

/// What happens with a message that failed once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Retry {
    /// No retry is planned.
    None,
    /// A retry is scheduled.
    Scheduled {
        /// The earliest time.
        due: Timestamp,
        /// Stable code of the failure that caused it.
        code: String,
    },
    /// It is retried as soon as the recipient writes, which opens Meta's customer service window.
    AwaitsWindow {
        /// When the retry is given up.
        until: Timestamp,
        /// Stable code of the failure that caused it.
        code: String,
    },
    /// A planned retry was cancelled.
    Cancelled {
        /// Stable code.
        code: String,
    },
}

/// A message of a customer of the platform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// The onboarding of the number that sends it.
    pub onboarding: OnboardingId,
    /// Its account.
    pub waba: WabaId,
    /// The sending number.
    pub phone: PhoneNumberId,
    /// Fingerprint of the recipient.
    pub person: String,
    /// Its type: `text`, `template`, ….
    pub kind: String,
    /// Digest of the content: the same key with another message is an error.
    pub digest: String,
    /// When it was accepted from the platform.
    pub created_at: Timestamp,
    /// The first attempt, and the second if there is one.
    pub attempts: Vec<Attempt>,
    /// The planned retry.
    pub retry: Retry,
    /// Events that may not have been sent yet.
    pub outbox: Vec<PendingEvent>,
}

/// The state of a message in the public API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageState {
    /// The call to Meta is in progress.
    Sending,
    /// It is unknown whether Meta received it; it is not sent again.
    Unknown,
    /// Meta accepted it.
    Accepted,
    /// Meta sent it.
    Sent,
    /// It was delivered.
    Delivered,
    /// It was read or played.
    Read,
    /// It failed and a retry is planned.
    Retrying,
    /// It failed permanently.
    Failed,
    /// It failed, and its retry was cancelled.
    Cancelled,
}

/// What is due for a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageNext {
    /// Its second attempt.
    Send,
    /// A timeout: [`MessageFact::Overdue`].
    Reconcile,
    /// Sending its saved events.
    Publish,
    /// Nothing until this time.
    Wait(Timestamp),
    /// Nothing.
    Nothing,
}

impl Message {
    /// A message whose first attempt begins now.
    #[must_use]
    pub fn begin(id: MessageId, from: (OnboardingId, WabaId, PhoneNumberId), draft: &Draft, now: Timestamp) -> Self {
        let (onboarding, waba, phone) = from;
        let person = draft.recipient.fingerprint(&phone);
        let attempts = vec![Attempt::begin(now)];
        let (kind, digest) = (draft.kind.clone(), draft.digest());
        Self {
            id,
            onboarding,
            waba,
            phone,
            person,
            kind,
            digest,
            created_at: now,
            attempts,
            retry: Retry::None,
            outbox: vec![],
        }
    }

    /// The reference that Meta repeats in every status: the message id and the number of the attempt.
    #[must_use]
    pub fn reference(&self) -> String {
        format!("{}.{}", self.id, self.attempts.len())
    }

    /// Parses a reference: the message and the number of the attempt, from 1.
    #[must_use]
    pub fn parse_reference(text: &str) -> Option<(MessageId, usize)> {
        let (id, attempt) = text.rsplit_once('.')?;
        let attempt = attempt.parse().ok().filter(|attempt| (1..=2).contains(attempt))?;
        Some((MessageId::parse(id).ok()?, attempt))
    }

    /// Its state: the furthest status of any attempt. A failed message with a planned retry is
    /// [`MessageState::Retrying`].
    #[must_use]
    pub fn state(&self) -> MessageState {
        let arrived = self.attempts.iter().map(|attempt| attempt.delivery).max();
        match (arrived, &self.retry, self.attempts.last().map(|attempt| attempt.delivery)) {
            (Some(Delivery::Read), _, _) => MessageState::Read,
            (Some(Delivery::Delivered), _, _) => MessageState::Delivered,
            (_, Retry::Scheduled { .. } | Retry::AwaitsWindow { .. }, _) => MessageState::Retrying,
            (_, Retry::Cancelled { .. }, _) => MessageState::Cancelled,
            (_, _, Some(Delivery::Failed)) => MessageState::Failed,
            (_, _, Some(Delivery::Sent)) => MessageState::Sent,
            (_, _, Some(Delivery::Accepted)) => MessageState::Accepted,
            (_, _, Some(Delivery::Unknown)) => MessageState::Unknown,
            (_, _, Some(Delivery::Sending | Delivery::Delivered | Delivery::Read) | None) => MessageState::Sending,
        }
    }

    /// Meta's numbers for a stable code of this message, with the subcode of the attempt that failed with it.
    #[must_use]
    pub fn meta(&self, code: &str) -> Option<MetaCode> {
        let failed = self.attempts.iter().rev().find(|attempt| attempt.code.as_deref() == Some(code));
        failed.and_then(Attempt::meta).or_else(|| MetaCode::parse(code))
    }

    /// Whether no further attempt is possible; the content is no longer needed then.
    #[must_use]
    pub fn is_over(&self) -> bool {
        match self.state() {
            MessageState::Sending | MessageState::Retrying | MessageState::Accepted | MessageState::Sent => false,
            // Meta may still report a failure until the wait for a status has timed out.
            MessageState::Unknown => self.attempts.last().is_some_and(|attempt| attempt.code.is_some()),
            MessageState::Delivered | MessageState::Read | MessageState::Failed | MessageState::Cancelled => true,
        }
    }

    /// What is due at `now`.
    #[must_use]
    pub fn next(&self, now: Timestamp) -> MessageNext {
        match (self.act_at(), self.outbox.is_empty()) {
            (_, false) => MessageNext::Publish,
            (Some(at), true) if at > now => MessageNext::Wait(at),
            (Some(_), true) if matches!(self.retry, Retry::Scheduled { .. }) => MessageNext::Send,
            (Some(_), true) => MessageNext::Reconcile,
            (None, true) => MessageNext::Nothing,
        }
    }

    fn act_at(&self) -> Option<Timestamp> {
        let last = self.attempts.last()?;
        match (&self.retry, last.delivery) {
            (Retry::Scheduled { due, .. }, _) => Some(*due),
            (Retry::AwaitsWindow { until, .. }, _) => Some(*until),
            (_, Delivery::Sending) => Some(last.begun_at.after(SENDING_LEASE)),
            (_, Delivery::Unknown) if last.code.is_none() => Some(last.begun_at.after(SILENCE)),
            _ => None,
        }
    }

    /// When the sweeper enqueues a job for it, in case the regular job was lost.
    #[must_use]
    pub fn due_at(&self, saved_at: Timestamp) -> Option<Timestamp> {
        let publish_at = (!self.outbox.is_empty()).then(|| saved_at.after(GRACE));
        let act_at = self.act_at().map(|at| match self.retry {
            Retry::Scheduled { .. } => at.after(GRACE),
            Retry::None | Retry::AwaitsWindow { .. } | Retry::Cancelled { .. } => at,
        });
        publish_at.into_iter().chain(act_at).min()
    }

    /// When it may be deleted.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        self.created_at.after(RETENTION)
    }
}

impl Attempt {
    fn begin(now: Timestamp) -> Self {
        Self { wamid: None, delivery: Delivery::Sending, begun_at: now, at: now, code: None, subcode: None }
    }
}

#[cfg(test)]
mod tests;
