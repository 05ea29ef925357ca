//! A number that moves here from another provider: what is known of it, what is due, what each fact changes.

mod advance;
mod comparison;
mod entry;
mod number;
mod refusal;

pub use advance::{MigrationFact, advance, advance_by};
pub use comparison::{Compared, MOST_TEMPLATES, NamedTemplate, Snapshot, compare};
pub use entry::Entry;
pub use number::{MigratingNumber, WrittenNumber};
pub use refusal::{actor, sentence};

use super::failure::Actor;
use super::grant::VerifiedPhone;
use super::ids::{CustomerRef, MigrationId, OnboardingId, PhoneNumberId, WabaId};
use super::onboarding::PendingEvent;
use super::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Codes that are asked for in a day: Meta limits them without saying at how many (error 2388091).
const CODES: usize = 5;
/// Between two codes: one that is on its way is waited for.
const CODE_PAUSE: Duration = Duration::from_secs(60);
/// Codes that are entered in half a day: Meta locks a number for about twelve hours after wrong guesses ("OTP").
const ENTRIES: usize = 5;
/// The window of both: the longer of Meta's.
const DAY: Duration = Duration::from_secs(24 * 3600);
/// How long somebody may work on a move before another may.
const LEASE: Duration = Duration::from_secs(40);
/// When events that were saved but maybe not sent are sent again.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long a move that is over is remembered.
const KEPT: Duration = Duration::from_secs(90 * 24 * 3600);
/// How long one is remembered that nobody goes on with.
const ABANDONED: Duration = Duration::from_secs(30 * 24 * 3600);
/// How long the account of the other provider is taken for the new one after a move: news of it come late.
pub const ALIAS: Duration = Duration::from_secs(14 * 24 * 3600);

/// How far a move has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Phase {
    /// The conditions are looked at, then the number is added.
    Checking {
        /// Not before.
        due: Timestamp,
    },
    /// Somebody has to do something first.
    Blocked {
        /// Who.
        actor: Actor,
        /// Stable code of the reason.
        code: String,
        /// When it is looked at again without anybody asking.
        due: Option<Timestamp>,
    },
    /// The number is added; its owner asks for a code.
    AwaitingCode,
    /// A code is on its way to the number.
    CodeSent {
        /// When the outcome of an entry that was not answered is looked for.
        due: Option<Timestamp>,
    },
    /// The code was right: the number is registered by the onboarding's own step, then compared.
    Registering {
        /// Not before.
        due: Timestamp,
    },
    /// It is here, as Meta says.
    Done,
    /// Given up.
    Cancelled,
}

/// One condition of Meta's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// Stable name, for example `same_business`.
    pub check: String,
    /// What was found.
    pub result: CheckResult,
}

/// What a look at a condition found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckResult {
    /// It holds.
    Pass,
    /// It does not.
    Missing,
    /// Meta does not show it to the customer's token.
    Unknown,
}

/// A move.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Migration {
    /// Its id.
    pub id: MigrationId,
    /// The onboarding of the account it goes to.
    pub onboarding: OnboardingId,
    /// Whose it is.
    pub customer_ref: CustomerRef,
    /// The account it goes to.
    pub waba: WabaId,
    /// The number, as long as Meta has to be told it.
    pub number: Option<MigratingNumber>,
    /// Recognises the number afterwards.
    pub fingerprint: String,
    /// Its last four digits, for people.
    pub ending: String,
    /// The display name that is asked for; the present one when nobody says.
    pub verified_name: Option<String>,
    /// The account at the other provider, when somebody named it.
    pub source_waba: Option<WabaId>,
    /// The number there.
    pub source_phone: Option<PhoneNumberId>,
    /// When it began.
    pub created_at: Timestamp,
    /// How far it has come.
    pub phase: Phase,
    /// Since when.
    pub since: Timestamp,
    /// Meta's conditions, as they were last found.
    pub checks: Vec<Check>,
    /// The number in the new account.
    pub phone: Option<VerifiedPhone>,
    /// What it was before.
    pub before: Option<Snapshot>,
    /// What it is afterwards.
    pub after: Option<Snapshot>,
    /// Codes that were asked for, counted before the call.
    pub codes: Vec<Timestamp>,
    /// Codes that were entered, counted before the call.
    pub entries: Vec<Timestamp>,
    /// Why the last attempt of a person did not work out.
    pub complaint: Option<String>,
    /// How often it was looked at in this phase.
    pub looks: u16,
    /// What happened.
    pub timeline: Vec<Entry>,
    /// Events not known to be sent yet.
    pub outbox: Vec<PendingEvent>,
}

/// What is due for a move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MigrationNext {
    /// Its saved events are to be sent.
    Publish,
    /// Meta is looked at, and the next thing done.
    Check,
    /// Nothing, or nothing yet.
    Nothing,
}

/// What a move is doing; the words of the public API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MigrationState {
    /// Meta's conditions are looked at.
    Checking,
    /// Somebody has to do something first.
    Blocked,
    /// A code can be asked for.
    AwaitingCode,
    /// A code is on its way.
    CodeSent,
    /// The number is being registered.
    Registering,
    /// It is here.
    Done,
    /// Given up.
    Cancelled,
}

impl Migration {
    /// What it is doing, in one word.
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

    /// Whether nothing more happens to it.
    #[must_use]
    pub fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Done | Phase::Cancelled)
    }

    /// Who acts, while somebody does.
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

    /// Stable code of what stands in the way, or of why the last attempt did not work out.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        match &self.phase {
            Phase::Blocked { code, .. } => Some(code),
            _ => self.complaint.as_deref(),
        }
    }

    fn act_at(&self) -> Option<Timestamp> {
        match &self.phase {
            Phase::Checking { due } | Phase::Registering { due } => Some(*due),
            Phase::Blocked { due, .. } | Phase::CodeSent { due } => *due,
            Phase::AwaitingCode | Phase::Done | Phase::Cancelled => None,
        }
    }

    /// Whether a code may be asked for or entered now.
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

    /// When it may be forgotten, the number itself with it: 30 days after anything happened, 90 once it is over.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        self.since.after(if self.is_over() { KEPT } else { ABANDONED })
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
        let told = (!self.outbox.is_empty()).then(|| saved_at.after(PATIENCE));
        told.into_iter().chain(self.act_at()).min()
    }

    /// How many codes may still be asked for, and when the next.
    #[must_use]
    pub fn codes_left(&self, now: Timestamp) -> (usize, Option<Timestamp>) {
        let recent = within(&self.codes, now);
        let left = CODES.saturating_sub(recent.len());
        let free = recent.first().filter(|_| left == 0).map(|oldest| oldest.after(DAY));
        let pause = recent.last().map(|last| last.after(CODE_PAUSE));
        (left, free.max(pause).filter(|at| *at > now))
    }

    /// How many codes may still be entered, and when the next if none.
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
