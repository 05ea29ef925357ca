//! The state of an onboarding in the public API.

use super::{Onboarding, Phase, StepRecord, StepStatus, VISIBLE_AFTER};
use crate::domain::step::Step;
use serde::{Deserialize, Serialize};

/// The state of an onboarding in the public API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// The code is being exchanged.
    Exchanging,
    /// Steps are running.
    Onboarding,
    /// Everything is done.
    Ready,
    /// Waiting for somebody or something.
    Waiting,
    /// A proof failed.
    Held,
    /// The customer has to launch the signup again.
    Relaunch,
    /// The token is no longer valid.
    Reauthorise,
    /// An exit is in progress.
    Leaving,
    /// The customer has left.
    Left,
}

impl State {
    /// All states, in the order in which lists show them.
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

    /// The value in the public API.
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

    /// Parses the value of the public API.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

impl Onboarding {
    /// The current state.
    #[must_use]
    pub fn state(&self) -> State {
        match &self.phase {
            Phase::Exchanging { .. } | Phase::Fetching { .. } => State::Exchanging,
            Phase::Relaunch { .. } => State::Relaunch,
            Phase::Held { .. } => State::Held,
            Phase::Reauthorise { .. } => State::Reauthorise,
            Phase::Leaving { .. } => State::Leaving,
            Phase::Left { .. } => State::Left,
            Phase::Connected { .. } => self.connected_state(),
        }
    }

    fn connected_state(&self) -> State {
        if self.progressing() {
            State::Onboarding
        } else if self.plan().all(|spec| spec.optional || self.is_done(spec.step)) {
            State::Ready
        } else {
            State::Waiting
        }
    }

    /// Whether an unblocked step is running, not started, or in its first retries. Destroying replaced tokens does not
    /// count as progress.
    fn progressing(&self) -> bool {
        let mut open = self.plan().filter(|spec| spec.step != Step::RetireToken && self.is_unblocked(spec));
        open.any(|spec| match self.steps.get(&spec.step) {
            None => true,
            Some(StepRecord { status: StepStatus::Begun, .. }) => true,
            Some(StepRecord { status: StepStatus::Retrying { .. }, attempts, .. }) => *attempts < VISIBLE_AFTER,
            Some(StepRecord {
                status: StepStatus::Done | StepStatus::Skipped { .. } | StepStatus::Waiting { .. },
                ..
            }) => false,
        })
    }
}
