//! The record of one customer's onboarding: what is known, what is done, what it waits for.

use super::claim::{Claim, FinishEvent};
use super::failure::{Actor, Failure, Waiting};
use super::grant::{VerifiedPhone, VerifiedWaba};
use super::ids::{AllocationId, AttemptId, CustomerRef, OnboardingId};
use super::session::{Flow, Role};
use super::steps::{STEPS, Step, StepSpec};
use super::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How far the connection to the customer's account is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Phase {
    /// A code is being exchanged by `attempt`; after `lease_until` somebody else finds out what became of it.
    Exchanging {
        /// The attempt, from which the token's secret name is derived.
        attempt: AttemptId,
        /// When the exchange counts as dead.
        lease_until: Timestamp,
    },
    /// No token came out of the code: the customer clicks once more.
    Relaunch {
        /// Stable code of the reason.
        reason: String,
    },
    /// The token is in the vault under the name of `attempt`.
    Connected {
        /// The attempt whose secret holds the token.
        attempt: AttemptId,
        /// Since when.
        since: Timestamp,
    },
    /// A proof failed. An operator decides; nothing is called.
    Held {
        /// The attempt whose secret holds the token, kept for the operator's decision.
        attempt: AttemptId,
        /// Stable code of the reason.
        reason: String,
    },
    /// The token died; number and history stay.
    Reauthorise {
        /// Stable code of the reason.
        reason: String,
    },
    /// The customer left, or was left.
    Left {
        /// Stable code of the reason.
        reason: String,
    },
}

/// Where one step stands. A step without an entry was not begun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepRecord {
    /// What happened last.
    pub status: StepStatus,
    /// Attempts begun so far; raised before the call is made, so a crash counts.
    pub attempts: u16,
    /// When `status` began.
    pub since: Timestamp,
    /// Set while somebody works on the step; past that time the work counts as lost and is begun again.
    pub lease_until: Option<Timestamp>,
}

/// What a step is doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum StepStatus {
    /// Begun for the first time, without a result yet.
    Begun,
    /// Done, and not undone by this system.
    Done,
    /// Failed for now; begun again at `due`.
    Retrying {
        /// When.
        due: Timestamp,
        /// Why.
        failure: Failure,
    },
    /// Waits for somebody; looked at again at `due`, if that makes sense.
    Waiting {
        /// Who acts.
        actor: Actor,
        /// For what.
        waiting_for: Waiting,
        /// Stable code of the reason.
        code: String,
        /// The next look, if looking can help.
        due: Option<Timestamp>,
    },
}

/// A platform event that is saved with the fact it tells and sent after; see [`crate::events`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingEvent {
    /// `whatsapp.<noun>.<past tense>.v1`.
    pub kind: String,
    /// Distinguishes events of the same kind of one onboarding; part of the deterministic id.
    pub discriminator: String,
    /// When the fact became true.
    pub at: Timestamp,
}

/// One customer's onboarding.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Onboarding {
    /// Its id.
    pub id: OnboardingId,
    /// The platform's reference of the customer.
    pub customer_ref: CustomerRef,
    /// The platform's role when it began.
    pub role: Role,
    /// The flow that was launched.
    pub flow: Flow,
    /// When it began.
    pub created_at: Timestamp,
    /// The connection.
    pub phase: Phase,
    /// When `phase` began.
    pub phase_since: Timestamp,
    /// What the browser said.
    pub claim: Claim,
    /// The account, once proven.
    pub waba: Option<VerifiedWaba>,
    /// The number, once proven.
    pub phone: Option<VerifiedPhone>,
    /// Credit allocation, once shared.
    pub allocation: Option<AllocationId>,
    /// Namespace of the account's message templates.
    pub template_namespace: Option<String>,
    /// The newest time at which Meta said that the customer shares with us.
    pub partner_since: Option<Timestamp>,
    /// Steps that were begun.
    pub steps: BTreeMap<Step, StepRecord>,
    /// Events not known to be sent yet.
    pub outbox: Vec<PendingEvent>,
    /// Number of the next timeline entry.
    pub timeline_length: u32,
}

/// What an onboarding is doing; the words of the public API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// The code is being exchanged.
    Exchanging,
    /// Steps are running.
    Onboarding,
    /// Everything is done.
    Ready,
    /// Something or somebody is waited for.
    Waiting,
    /// A proof failed.
    Held,
    /// The customer has to click once more.
    Relaunch,
    /// The token is dead.
    Reauthorise,
    /// An exit is running.
    Leaving,
    /// The customer is gone.
    Left,
}

impl State {
    /// All states, in the order lists show them.
    pub const ALL: [Self; 9] = [
        Self::Held,
        Self::Waiting,
        Self::Reauthorise,
        Self::Relaunch,
        Self::Exchanging,
        Self::Onboarding,
        Self::Leaving,
        Self::Ready,
        Self::Left,
    ];

    /// The word of the public API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Exchanging => "exchanging",
            Self::Onboarding => "onboarding",
            Self::Ready => "ready",
            Self::Waiting => "waiting",
            Self::Held => "held",
            Self::Relaunch => "relaunch",
            Self::Reauthorise => "reauthorise",
            Self::Leaving => "leaving",
            Self::Left => "left",
        }
    }

    /// Parses the word of the public API.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// The one wait or stop that an onboarding shows to people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obstacle {
    /// Who acts.
    pub actor: Actor,
    /// For what is waited, when the state is `waiting`.
    pub waiting_for: Option<Waiting>,
    /// Stable code of the reason.
    pub code: String,
    /// Since when.
    pub since: Timestamp,
    /// The next look, when time decides.
    pub until: Option<Timestamp>,
}

/// Failed attempts of a step after which people see a wait for Meta instead of progress.
const VISIBLE_AFTER: u16 = 3;

impl Onboarding {
    /// The steps this onboarding needs.
    pub fn plan(&self) -> impl Iterator<Item = &'static StepSpec> + '_ {
        STEPS.iter().filter(|spec| (spec.applies)(self))
    }

    /// Whether a step is done.
    #[must_use]
    pub fn is_done(&self, step: Step) -> bool {
        self.steps.get(&step).is_some_and(|record| record.status == StepStatus::Done)
    }

    /// Whether all predecessors that apply are done.
    #[must_use]
    pub fn is_unblocked(&self, spec: &StepSpec) -> bool {
        spec.after.iter().all(|before| self.is_done(*before) || !self.plan().any(|row| row.step == *before))
    }

    /// Whether the browser said that the number stays in the WhatsApp Business app.
    #[must_use]
    pub fn claims_coexistence(&self) -> bool {
        self.claim.event == Some(FinishEvent::FinishCoexistence)
    }

    /// The attempt whose secret holds the token, while it may be used.
    #[must_use]
    pub fn token_attempt(&self) -> Option<&AttemptId> {
        match &self.phase {
            Phase::Connected { attempt, .. } => Some(attempt),
            Phase::Exchanging { .. }
            | Phase::Relaunch { .. }
            | Phase::Held { .. }
            | Phase::Reauthorise { .. }
            | Phase::Left { .. } => None,
        }
    }

    /// What it is doing, in one word.
    #[must_use]
    pub fn state(&self) -> State {
        match &self.phase {
            Phase::Exchanging { .. } => State::Exchanging,
            Phase::Relaunch { .. } => State::Relaunch,
            Phase::Held { .. } => State::Held,
            Phase::Reauthorise { .. } => State::Reauthorise,
            Phase::Left { .. } => State::Left,
            Phase::Connected { .. } => self.connected_state(),
        }
    }

    fn connected_state(&self) -> State {
        if self.plan().all(|spec| self.is_done(spec.step)) {
            State::Ready
        } else if self.progressing() {
            State::Onboarding
        } else {
            State::Waiting
        }
    }

    /// Some step that may run now is running, fresh, or in its first retries.
    fn progressing(&self) -> bool {
        self.plan().filter(|spec| self.is_unblocked(spec)).any(|spec| match self.steps.get(&spec.step) {
            None => true,
            Some(StepRecord { status: StepStatus::Begun, .. }) => true,
            Some(StepRecord { status: StepStatus::Retrying { .. }, attempts, .. }) => *attempts < VISIBLE_AFTER,
            Some(StepRecord { status: StepStatus::Done | StepStatus::Waiting { .. }, .. }) => false,
        })
    }

    /// What stands in the way, if anything does: the first in the table's order.
    #[must_use]
    pub fn obstacle(&self) -> Option<Obstacle> {
        let stop = |actor, code: &str| {
            let code = code.to_owned();
            Some(Obstacle { actor, waiting_for: None, code, since: self.phase_since, until: None })
        };
        match &self.phase {
            Phase::Exchanging { lease_until, .. } => Some(Obstacle {
                actor: Actor::Platform,
                waiting_for: None,
                code: "exchange.running".to_owned(),
                since: self.phase_since,
                until: Some(*lease_until),
            }),
            Phase::Held { reason, .. } => stop(Actor::Operator, reason),
            Phase::Relaunch { reason } | Phase::Reauthorise { reason } => stop(Actor::Customer, reason),
            Phase::Left { .. } => None,
            Phase::Connected { .. } => self.plan().find_map(|spec| self.steps.get(&spec.step)?.obstacle()),
        }
    }
}

impl StepRecord {
    /// What stands in this step's way, if anything does.
    #[must_use]
    pub fn obstacle(&self) -> Option<Obstacle> {
        match &self.status {
            StepStatus::Waiting { actor, waiting_for, code, due } => Some(Obstacle {
                actor: *actor,
                waiting_for: Some(*waiting_for),
                code: code.clone(),
                since: self.since,
                until: *due,
            }),
            StepStatus::Retrying { due, failure } if self.attempts >= VISIBLE_AFTER => Some(Obstacle {
                actor: Actor::Meta,
                waiting_for: Some(Waiting::Meta),
                code: failure.code.clone(),
                since: self.since,
                until: Some(*due),
            }),
            StepStatus::Begun | StepStatus::Done | StepStatus::Retrying { .. } => None,
        }
    }
}

impl StepRecord {
    /// Stable code of the last failure or wait.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        match &self.status {
            StepStatus::Retrying { failure, .. } => Some(&failure.code),
            StepStatus::Waiting { code, .. } => Some(code),
            StepStatus::Begun | StepStatus::Done => None,
        }
    }

    /// When the step is looked at next.
    #[must_use]
    pub fn due(&self) -> Option<Timestamp> {
        match &self.status {
            StepStatus::Retrying { due, .. } => Some(*due),
            StepStatus::Waiting { due, .. } => *due,
            StepStatus::Begun | StepStatus::Done => None,
        }
    }
}

impl Onboarding {
    /// A step in one word for people: `pending`, `running`, `retrying`, `waiting` or `done`.
    #[must_use]
    pub fn step_state(&self, step: Step) -> &'static str {
        let Some(record) = self.steps.get(&step) else { return "pending" };
        match &record.status {
            StepStatus::Begun => "running",
            StepStatus::Done => "done",
            StepStatus::Retrying { .. } => "retrying",
            StepStatus::Waiting { .. } => "waiting",
        }
    }
}
