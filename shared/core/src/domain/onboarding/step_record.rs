//! The record of one step of an onboarding.

use crate::domain::failure::{Actor, Failure, MetaCode, Waiting};
use crate::domain::refusal;
use crate::domain::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The record of one step. A step without a record was not started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepRecord {
    /// The current status.
    pub status: StepStatus,
    /// Attempts started so far; counted before the call, so that a crashed attempt counts.
    pub attempts: u16,
    /// When `status` began.
    pub since: Timestamp,
    /// Set while a worker runs the step; after that time the attempt counts as lost and the step is started again.
    pub lease_until: Option<Timestamp>,
    /// Meta's numbers, if the last failure is a refusal of Meta's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<MetaCode>,
}

/// The status of a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum StepStatus {
    /// Started for the first time, without a result yet.
    Begun,
    /// Completed, and not undone by this system.
    Done,
    /// Failed temporarily; retried at `due`.
    Retrying {
        /// When it is retried.
        due: Timestamp,
        /// The failure.
        failure: Failure,
    },
    /// Waits for somebody; retried at `due`, if that can help.
    Waiting {
        /// Who has to act.
        actor: Actor,
        /// What it waits for.
        waiting_for: Waiting,
        /// Stable code of the reason.
        code: String,
        /// When it is retried, if that can help.
        due: Option<Timestamp>,
        /// The options, when somebody has to choose.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        options: Vec<String>,
    },
    /// It can no longer be done; everything else continues without it.
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

    /// Meta's numbers, if Meta refused: for the last failure or wait, as [`StepRecord::code`].
    #[must_use]
    pub fn meta(&self) -> Option<MetaCode> {
        self.code().and_then(|code| self.meta.or_else(|| MetaCode::parse(code)))
    }

    /// Who has to act, where Meta refused.
    #[must_use]
    pub fn who_acts(&self) -> Option<Actor> {
        let meaning = refusal::meaning(self.meta()?);
        match &self.status {
            StepStatus::Waiting { actor, .. } => Some(*actor),
            _ => Some(meaning.actor),
        }
    }

    /// When the step is retried.
    #[must_use]
    pub fn due(&self) -> Option<Timestamp> {
        match &self.status {
            StepStatus::Retrying { due, .. } => Some(*due),
            StepStatus::Waiting { due, .. } => *due,
            StepStatus::Begun | StepStatus::Done | StepStatus::Skipped { .. } => None,
        }
    }

    /// Whether the step is finished.
    #[must_use]
    pub fn is_over(&self) -> bool {
        matches!(self.status, StepStatus::Done | StepStatus::Skipped { .. })
    }

    /// Whether the step waits for somebody.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        matches!(self.status, StepStatus::Waiting { .. })
    }

    /// The options, when somebody has to choose.
    #[must_use]
    pub fn options(&self) -> &[String] {
        match &self.status {
            StepStatus::Waiting { options, .. } => options,
            _ => &[],
        }
    }

    /// Schedules a waiting step for that time, unless it is due earlier.
    pub fn check_at(&mut self, at: Timestamp) {
        if let StepStatus::Waiting { due, .. } = &mut self.status {
            *due = Some(due.map_or(at, |due| due.min(at)));
        }
    }
}
