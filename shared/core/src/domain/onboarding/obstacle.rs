//! What stands in an onboarding's way, for people.

use super::{Onboarding, Phase, StepRecord, StepStatus, VISIBLE_AFTER};
use crate::domain::failure::{Actor, Waiting};
use crate::domain::time::Timestamp;

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

/// Meta refused the platform's app, not the customer's code.
const REFUSED: &str = "exchange.refused";

impl Onboarding {
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
            Phase::Fetching { due, .. } => Some(Obstacle {
                actor: Actor::Platform,
                waiting_for: None,
                code: "exchange.fetching".to_owned(),
                since: self.phase_since,
                until: Some(*due),
            }),
            Phase::Relaunch { reason } if reason == REFUSED => stop(Actor::Operator, reason),
            Phase::Held { reason, .. } => stop(Actor::Operator, reason),
            Phase::Relaunch { reason } | Phase::Reauthorise { reason, .. } => stop(Actor::Customer, reason),
            Phase::Left { .. } => None,
            Phase::Connected { .. } | Phase::Leaving { .. } => {
                let mut required = self.plan().filter(|spec| !spec.optional);
                required.find_map(|spec| self.steps.get(&spec.step)?.obstacle())
            }
        }
    }
}

impl StepRecord {
    /// What stands in this step's way, if anything does.
    #[must_use]
    pub fn obstacle(&self) -> Option<Obstacle> {
        match &self.status {
            StepStatus::Waiting { actor, waiting_for, code, due, .. } => Some(Obstacle {
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
            StepStatus::Begun | StepStatus::Done | StepStatus::Skipped { .. } | StepStatus::Retrying { .. } => None,
        }
    }
}
