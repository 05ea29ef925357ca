//! A phone number migration from another provider: what is known about it, what is due, what each fact changes.

mod advance;
mod comparison;
mod entry;
mod number;
mod refusal;

pub use advance::{MigrationFact, advance, advance_by};
pub use comparison::{Compared, MOST_TEMPLATES, NamedTemplate, Snapshot, compare};
pub use entry::Entry;
pub use number::{MigratingNumber, WrittenNumber};
pub use refusal::{actor, sentence, who_acts};

use super::failure::{Actor, MetaCode};
use super::grant::VerifiedPhone;
use super::ids::{CustomerRef, MigrationId, OnboardingId, PhoneNumberId, WabaId};
use super::outbox::PendingEvent;
use super::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Verification codes that may be requested per day. Meta has a limit but does not document it (error 2388091).
const CODES: usize = 5;
/// Minimum time between two code requests, because a code may still be on its way.
const CODE_PAUSE: Duration = Duration::from_secs(60);
/// Codes that may be entered within the window: Meta locks a number for about twelve hours after wrong codes ("OTP").
const ENTRIES: usize = 5;
/// The window for both limits: the longer one of Meta's.
const DAY: Duration = Duration::from_secs(24 * 3600);
/// How long a worker may hold a migration before another worker may take over.
const LEASE: Duration = Duration::from_secs(40);
/// How long until saved events that may not have been sent are sent again.
const GRACE: Duration = Duration::from_secs(60);
/// How long a finished migration is stored.
const RETENTION: Duration = Duration::from_secs(90 * 24 * 3600);
/// How long an abandoned migration is stored.
const ABANDONED: Duration = Duration::from_secs(30 * 24 * 3600);
/// How long the account at the other provider is treated as an alias of the new one after a migration: its webhooks may
/// arrive late.
pub const ALIAS: Duration = Duration::from_secs(14 * 24 * 3600);

/// The phase of a migration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Phase {
    /// Meta's conditions are checked, then the number is added.
    Checking {
        /// The earliest time.
        due: Timestamp,
    },
    /// Somebody has to act first.
    Blocked {
        /// Who has to act.
        actor: Actor,
        /// Stable code of the reason.
        code: String,
        /// When it is checked again automatically.
        due: Option<Timestamp>,
    },
    /// The number was added; its owner has to request a code.
    AwaitingCode,
    /// A code was sent to the number.
    CodeSent {
        /// When the outcome of an unanswered code entry is checked.
        due: Option<Timestamp>,
    },
    /// The code was correct: the onboarding's own step registers the number, then it is compared.
    Registering {
        /// The earliest time of the next check.
        due: Timestamp,
    },
    /// Completed, as confirmed by Meta.
    Done,
    /// Cancelled.
    Cancelled,
}

/// One of Meta's conditions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// Stable name, for example `same_business`.
    pub check: String,
    /// The result.
    pub result: CheckResult,
}

/// The result of checking a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckResult {
    /// It is met.
    Pass,
    /// It is not met.
    Missing,
    /// It cannot be read with the customer's token.
    Unknown,
}

/// A phone number migration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Migration {
    /// Its id.
    pub id: MigrationId,
    /// The onboarding of the destination account.
    pub onboarding: OnboardingId,
    /// The customer.
    pub customer_ref: CustomerRef,
    /// The destination account.
    pub waba: WabaId,
    /// The number, until it has been added at Meta.
    pub number: Option<MigratingNumber>,
    /// Fingerprint by which the number is recognised afterwards.
    pub fingerprint: String,
    /// The last four digits, for display.
    pub ending: String,
    /// The requested display name; the current one if none is given.
    pub verified_name: Option<String>,
    /// The account at the other provider, if known.
    pub source_waba: Option<WabaId>,
    /// The number's id there.
    pub source_phone: Option<PhoneNumberId>,
    /// When it began.
    pub created_at: Timestamp,
    /// The phase.
    pub phase: Phase,
    /// Since when it has been in this phase.
    pub since: Timestamp,
    /// Meta's conditions with their latest results.
    pub checks: Vec<Check>,
    /// The number in the destination account.
    pub phone: Option<VerifiedPhone>,
    /// The number before the migration.
    pub before: Option<Snapshot>,
    /// The number after the migration.
    pub after: Option<Snapshot>,
    /// Times at which codes were requested, recorded before the call.
    pub codes: Vec<Timestamp>,
    /// Times at which codes were entered, recorded before the call.
    pub entries: Vec<Timestamp>,
    /// Stable code of why the last user action failed.
    #[serde(rename = "complaint")]
    pub action_error: Option<String>,
    /// Meta's numbers for the last failure that Meta refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused_with: Option<MetaCode>,
    /// Number of checks in this phase.
    #[serde(rename = "looks")]
    pub check_count: u16,
    /// The timeline.
    pub timeline: Vec<Entry>,
    /// Events that may not have been sent yet.
    pub outbox: Vec<PendingEvent>,
}

/// What is due for a migration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MigrationNext {
    /// Sending its saved events.
    Publish,
    /// Checking the state at Meta and taking the next action.
    Check,
    /// Nothing, or nothing yet.
    Nothing,
}

/// The state of a migration in the public API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MigrationState {
    /// Meta's conditions are being checked.
    Checking,
    /// Somebody has to act first.
    Blocked,
    /// A code can be requested.
    AwaitingCode,
    /// A code was sent.
    CodeSent,
    /// The number is being registered.
    Registering,
    /// Completed.
    Done,
    /// Cancelled.
    Cancelled,
}

impl Migration {
    /// Its state in the public API.
    #[must_use]
    pub fn state(&self) -> MigrationState {
        match self.phase {
            Phase::Checking { .. } => MigrationState::Checking,
            Phase::Blocked { .. } => MigrationState::Blocked,
            Phase::AwaitingCode => MigrationState::AwaitingCode,
            Phase::CodeSent { .. } => MigrationState::CodeSent,
            Phase::Registering { .. } => MigrationState::Registering,
            Phase::Done => MigrationState::Done,
            Phase::Cancelled => MigrationState::Cancelled,
        }
    }

    /// Whether it is finished.
    #[must_use]
    pub fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Done | Phase::Cancelled)
    }

    /// Who has to act, unless it is finished.
    #[must_use]
    pub fn actor(&self) -> Option<Actor> {
        match &self.phase {
            Phase::Checking { .. } => Some(Actor::Platform),
            Phase::Registering { .. } => Some(Actor::Meta),
            Phase::Blocked { actor, .. } => Some(*actor),
            Phase::AwaitingCode | Phase::CodeSent { .. } => Some(Actor::Customer),
            Phase::Done | Phase::Cancelled => None,
        }
    }

    /// Stable code of the blocker, or of why the last user action failed.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        match &self.phase {
            Phase::Blocked { code, .. } => Some(code),
            _ => self.action_error.as_deref(),
        }
    }

    fn act_at(&self) -> Option<Timestamp> {
        match &self.phase {
            Phase::Checking { due } | Phase::Registering { due } => Some(*due),
            Phase::Blocked { due, .. } | Phase::CodeSent { due } => *due,
            Phase::AwaitingCode | Phase::Done | Phase::Cancelled => None,
        }
    }

    /// Whether a code may be requested or entered now.
    #[must_use]
    pub fn allows(&self, fact: &MigrationFact, now: Timestamp) -> bool {
        let coding = matches!(self.phase, Phase::AwaitingCode | Phase::CodeSent { .. });
        coding
            && match fact {
                MigrationFact::CodeAsked => self.codes_left(now).1.is_none(),
                MigrationFact::CodeEntered => self.entries_left(now).0 > 0 && !within(&self.codes, now).is_empty(),
                _ => false,
            }
    }

    /// When it may be deleted together with the number: 30 days after the last change, 90 days once it is finished.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        self.since.after(if self.is_over() { RETENTION } else { ABANDONED })
    }

    /// What is due at `now`.
    #[must_use]
    pub fn next(&self, now: Timestamp) -> MigrationNext {
        match self.act_at() {
            _ if !self.outbox.is_empty() => MigrationNext::Publish,
            Some(due) if due <= now => MigrationNext::Check,
            _ => MigrationNext::Nothing,
        }
    }

    /// When the sweeper enqueues a job for it.
    #[must_use]
    pub fn due_at(&self, saved_at: Timestamp) -> Option<Timestamp> {
        let publish_at = (!self.outbox.is_empty()).then(|| saved_at.after(GRACE));
        publish_at.into_iter().chain(self.act_at()).min()
    }

    /// How many codes may still be requested, and when the next one.
    #[must_use]
    pub fn codes_left(&self, now: Timestamp) -> (usize, Option<Timestamp>) {
        let recent = within(&self.codes, now);
        let left = CODES.saturating_sub(recent.len());
        let free = recent.first().filter(|_| left == 0).map(|oldest| oldest.after(DAY));
        let pause = recent.last().map(|last| last.after(CODE_PAUSE));
        (left, free.max(pause).filter(|at| *at > now))
    }

    /// How many codes may still be entered, and when the next one if none.
    #[must_use]
    pub fn entries_left(&self, now: Timestamp) -> (usize, Option<Timestamp>) {
        let recent = within(&self.entries, now);
        let left = ENTRIES.saturating_sub(recent.len());
        (left, recent.first().filter(|_| left == 0).map(|oldest| oldest.after(DAY)))
    }
}

fn within(times: &[Timestamp], now: Timestamp) -> Vec<Timestamp> {
    times.iter().copied().filter(|at| now.since(*at) < DAY).collect()
}

#[cfg(test)]
mod tests;
