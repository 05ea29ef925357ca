//! The obstacle that blocks an onboarding, for display.

use super::{Onboarding, Phase, StepRecord, StepStatus, VISIBLE_AFTER};
use crate::domain::failure::{Actor, MetaCode, Waiting};
use crate::domain::time::Timestamp;

/// The wait or stop that is shown for an onboarding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obstacle {
    /// Who has to act.
    pub actor: Actor,
    /// What it waits for, when the state is `waiting`.
    pub waiting_for: Option<Waiting>,
    /// Stable code of the reason.
    pub code: String,
    /// Meta's numbers, if Meta refused.
    pub meta: Option<MetaCode>,
    /// Since when.
    pub since: Timestamp,
    /// When it is retried, if at a fixed time.
    pub until: Option<Timestamp>,
}

/// Meta refused the platform's app, not the customer's code.
const REFUSED: &str = "exchange.refused";

impl Onboarding {
    /// The current obstacle, if any: the first one in the order of the step table.
    #[must_use]
    pub fn obstacle(&self) -> Option<Obstacle> {
        let stop = |actor, code: &str| {
            let (code, meta) = (code.to_owned(), MetaCode::parse(code));
            Some(Obstacle { actor, waiting_for: None, code, meta, since: self.phase_since, until: None })
        };
        match &self.phase {
            Phase::Exchanging { lease_until, .. } => Some(Obstacle {
                actor: Actor::Platform,
                waiting_for: None,
                code: "exchange.running".to_owned(),
                meta: None,
                since: self.phase_since,
                until: Some(*lease_until),
            }),
            Phase::Fetching { due, .. } => Some(Obstacle {
                actor: Actor::Platform,
                waiting_for: None,
                code: "exchange.fetching".to_owned(),
                meta: None,
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
    /// The obstacle of this step, if any.
    #[must_use]
    pub fn obstacle(&self) -> Option<Obstacle> {
        match &self.status {
            StepStatus::Waiting { actor, waiting_for, code, due, .. } => Some(Obstacle {
                actor: *actor,
                waiting_for: Some(*waiting_for),
                code: code.clone(),
                meta: self.meta(),
                since: self.since,
                until: *due,
            }),
            StepStatus::Retrying { due, failure } if self.attempts >= VISIBLE_AFTER => Some(Obstacle {
                actor: Actor::Meta,
                waiting_for: Some(Waiting::Meta),
                code: failure.code.clone(),
                meta: self.meta(),
                since: self.since,
                until: Some(*due),
            }),
            StepStatus::Begun | StepStatus::Done | StepStatus::Skipped { .. } | StepStatus::Retrying { .. } => None,
        }
    }
}
