//! The record of one customer's onboarding: what is known, what is done, what it waits for.

mod obstacle;
mod state;

pub use obstacle::Obstacle;
pub use state::State;

use super::claim::{Claim, FinishEvent};
use super::failure::{Actor, Failure, Waiting};
use super::grant::{VerifiedPhone, VerifiedWaba};
use super::ids::{AllocationId, AttemptId, CustomerRef, OnboardingId};
use super::session::{Flow, Role};
use super::steps::{Step, StepSpec, spec};
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
        /// The attempt whose secret holds the dead token.
        attempt: AttemptId,
        /// Stable code of the reason.
        reason: String,
    },
    /// The connection is being taken apart, step by step.
    Leaving {
        /// The attempt whose secret is destroyed last.
        attempt: AttemptId,
        /// What there is to take apart.
        extent: Extent,
        /// Stable code of the reason.
        reason: String,
    },
    /// The customer left, or was left.
    Left {
        /// Stable code of the reason.
        reason: String,
    },
}

/// What an exit takes apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Extent {
    /// All that was set up.
    Everything,
    /// What does not take the customer's token: that one is dead.
    WithoutToken,
    /// The token alone: another onboarding of the customer has the account now.
    TokenOnly,
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
    /// The onboarding that had the account before this one; ended once this one has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub predecessor: Option<OnboardingId>,
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

/// Failed attempts of a step after which people see a wait for Meta instead of progress.
const VISIBLE_AFTER: u16 = 3;

impl Onboarding {
    /// The steps this onboarding needs.
    pub fn plan(&self) -> impl Iterator<Item = &'static StepSpec> + '_ {
        Step::ALL.into_iter().map(spec).filter(|spec| (spec.applies)(self))
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
            Phase::Connected { attempt, .. } | Phase::Leaving { attempt, extent: Extent::Everything, .. } => {
                Some(attempt)
            }
            Phase::Exchanging { .. }
            | Phase::Relaunch { .. }
            | Phase::Held { .. }
            | Phase::Reauthorise { .. }
            | Phase::Leaving { .. }
            | Phase::Left { .. } => None,
        }
    }

    /// Whether the connection is being taken apart.
    #[must_use]
    pub fn is_leaving(&self) -> bool {
        matches!(self.phase, Phase::Leaving { .. })
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
        let Some(record) = self.steps.get(&step) else {
            return "pending";
        };
        match &record.status {
            StepStatus::Begun => "running",
            StepStatus::Done => "done",
            StepStatus::Retrying { .. } => "retrying",
            StepStatus::Waiting { .. } => "waiting",
        }
    }
}
