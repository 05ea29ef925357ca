//! A departure that Meta told of and that Meta is asked about before anything is taken apart.

use super::{Onboarding, Phase};
use crate::domain::ids::AttemptId;
use crate::domain::time::Timestamp;
use serde::{Deserialize, Serialize};

/// News that the customer removed us, uninstalled our app or deleted its account. Meta signs no time and repeats itself for
/// days: nothing follows from the news but a look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Departure {
    /// Stable code of what Meta said.
    pub reason: String,
    /// When, by Meta's clock.
    pub at: Timestamp,
    /// When Meta is asked next; `None` once that is over.
    pub due: Option<Timestamp>,
    /// How often Meta was asked.
    pub tries: u16,
}

impl Onboarding {
    /// When the present connection began: news older than that are about an earlier one. Records that were written before
    /// this was kept have the beginning of their phase.
    #[must_use]
    pub fn connection_began(&self) -> Timestamp {
        self.connected_since.unwrap_or(match &self.phase {
            Phase::Connected { since, .. } => *since,
            _ => self.phase_since,
        })
    }

    /// The attempt whose secret is kept, whether or not its token may be used for anything but looking.
    #[must_use]
    pub fn kept_attempt(&self) -> Option<&AttemptId> {
        match &self.phase {
            Phase::Connected { attempt, .. }
            | Phase::Held { attempt, .. }
            | Phase::Reauthorise { attempt, .. }
            | Phase::Leaving { attempt, .. } => Some(attempt),
            Phase::Exchanging { .. } | Phase::Fetching { .. } | Phase::Relaunch { .. } | Phase::Left { .. } => None,
        }
    }

    /// When Meta is asked whether a departure is true.
    #[must_use]
    pub fn departure_due(&self) -> Option<Timestamp> {
        match &self.phase {
            Phase::Connected { .. } | Phase::Held { .. } | Phase::Reauthorise { .. } => self.departure.as_ref()?.due,
            _ => None,
        }
    }
}
