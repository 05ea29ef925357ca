//! One step of one onboarding: where it stands.

use crate::domain::failure::{Actor, Failure, Waiting};
use crate::domain::time::Timestamp;
use serde::{Deserialize, Serialize};

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
        /// What there is to choose from, when somebody has to choose.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        options: Vec<String>,
    },
    /// It cannot be done any more; everything else goes on without it.
    Skipped {
        /// Stable code of the reason.
        code: String,
    },
}

impl StepRecord {
    /// Stable code of the last failure or wait.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        match &self.status {
            StepStatus::Retrying { failure, .. } => Some(&failure.code),
            StepStatus::Waiting { code, .. } | StepStatus::Skipped { code } => Some(code),
            StepStatus::Begun | StepStatus::Done => None,
        }
    }

    /// When the step is looked at next.
    #[must_use]
    pub fn due(&self) -> Option<Timestamp> {
        match &self.status {
            StepStatus::Retrying { due, .. } => Some(*due),
            StepStatus::Waiting { due, .. } => *due,
            StepStatus::Begun | StepStatus::Done | StepStatus::Skipped { .. } => None,
        }
    }

    /// Whether nothing is left to do.
    #[must_use]
    pub fn is_over(&self) -> bool {
        matches!(self.status, StepStatus::Done | StepStatus::Skipped { .. })
    }

    /// What there is to choose from, when somebody has to choose.
    #[must_use]
    pub fn options(&self) -> &[String] {
        match &self.status {
            StepStatus::Waiting { options, .. } => options,
            _ => &[],
        }
    }

    /// A wait is looked at by then, if it is not earlier anyway.
    pub fn look_at(&mut self, at: Timestamp) {
        if let StepStatus::Waiting { due, .. } = &mut self.status {
            *due = Some(due.map_or(at, |due| due.min(at)));
        }
    }
}
