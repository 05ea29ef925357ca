//! A message that was sent through us, and its one second attempt: what is known of it, and what is due.

mod advance;
mod delivery;
mod draft;
mod policy;

pub use advance::{MessageFact, advance};
pub use delivery::Delivery;
pub use draft::{Draft, Flaw, Payload};
pub use policy::{Policy, policy, sentence};

use super::ids::{MessageId, OnboardingId, PhoneNumberId, WabaId};
use super::onboarding::PendingEvent;
use super::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How long an attempt may be on its way before its outcome counts as unknown: longer than any call takes.
const SENDING_LEASE: Duration = Duration::from_secs(60);
/// How long Meta may take to tell of a message whose sending was not answered.
const SILENCE: Duration = Duration::from_secs(24 * 3600);
/// When events that were saved but maybe not sent are sent again; the same for a second attempt whose job was lost.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long a message is remembered.
const KEPT: Duration = Duration::from_secs(30 * 24 * 3600);

/// One try to send it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// Meta's id of it; `None` while Meta has not told.
    pub wamid: Option<String>,
    /// How far it has come.
    pub delivery: Delivery,
    /// When it began.
    pub begun_at: Timestamp,
    /// Since when it is where it is.
    pub at: Timestamp,
    /// Stable code of its failure.
    pub code: Option<String>,
}

/// What becomes of a message that failed once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Retry {
    /// Nothing is planned.
    None,
    /// It is sent again.
    Scheduled {
        /// Not before.
        due: Timestamp,
        /// Stable code of the failure that caused it.
        code: String,
    },
    /// It is sent again as soon as the person writes, which opens Meta's service window.
    AwaitsWindow {
        /// Until when that is waited for.
        until: Timestamp,
        /// Stable code of the failure that caused it.
        code: String,
    },
    /// It is not sent again although that was planned.
    Cancelled {
        /// Stable code.
        code: String,
    },
}

/// A message of a platform's customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// The onboarding of the number that sends it.
    pub onboarding: OnboardingId,
    /// Its account.
    pub waba: WabaId,
    /// The number.
    pub phone: PhoneNumberId,
    /// Recognises the person it goes to.
    pub person: String,
    /// What it is: `text`, `template`, ….
    pub kind: String,
    /// Recognises what is sent: the same key with another message is a mistake.
    pub digest: String,
    /// When it was taken in.
    pub created_at: Timestamp,
    /// The first attempt, and the second if there is one.
    pub attempts: Vec<Attempt>,
    /// What is planned.
    pub retry: Retry,
    /// Events not known to be sent yet.
    pub outbox: Vec<PendingEvent>,
}

/// What a message is doing, in one word of the public API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageState {
    /// On its way to Meta.
    Sending,
    /// Nobody knows whether Meta has it; it is not sent again.
    Unknown,
    /// Meta has it.
    Accepted,
    /// Meta sent it.
    Sent,
    /// It arrived.
    Delivered,
    /// It was read or played.
    Read,
    /// It failed and is sent again.
    Retrying,
    /// It failed for good.
    Failed,
    /// It failed, and its second attempt was given up.
    Cancelled,
}

/// What is due for a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageNext {
    /// Its second attempt.
    Send,
    /// A look at what was not answered: [`MessageFact::Overdue`].
    Reconcile,
    /// Its saved events are to be sent.
    Publish,
    /// Nothing before this time.
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

    /// What Meta repeats in every status: which message, and which attempt of it.
    #[must_use]
    pub fn reference(&self) -> String {
        format!("{}.{}", self.id, self.attempts.len())
    }

    /// Reads a reference: the message, and the number of its attempt from 1.
    #[must_use]
    pub fn parse_reference(text: &str) -> Option<(MessageId, usize)> {
        let (id, attempt) = text.rsplit_once('.')?;
        let attempt = attempt.parse().ok().filter(|attempt| (1..=2).contains(attempt))?;
        Some((MessageId::parse(id).ok()?, attempt))
    }

    /// What it is doing. The best that any attempt has reached counts; a failed one waits for its second.
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

    /// Whether nothing more is planned with it; its text is not needed then.
    #[must_use]
    pub fn is_over(&self) -> bool {
        match self.state() {
            MessageState::Sending | MessageState::Retrying | MessageState::Accepted | MessageState::Sent => false,
            // Meta may still tell that it failed, until that was waited for in vain.
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

    /// When the sweeper enqueues a job for it although nobody did.
    #[must_use]
    pub fn due_at(&self, saved_at: Timestamp) -> Option<Timestamp> {
        let told = (!self.outbox.is_empty()).then(|| saved_at.after(PATIENCE));
        let acted = self.act_at().map(|at| match self.retry {
            Retry::Scheduled { .. } => at.after(PATIENCE),
            Retry::None | Retry::AwaitsWindow { .. } | Retry::Cancelled { .. } => at,
        });
        told.into_iter().chain(acted).min()
    }

    /// When it may be forgotten.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        self.created_at.after(KEPT)
    }
}

impl Attempt {
    fn begin(now: Timestamp) -> Self {
        Self { wamid: None, delivery: Delivery::Sending, begun_at: now, at: now, code: None }
    }
}

#[cfg(test)]
mod tests;
