//! A departure that Meta reported. It is confirmed with Meta before an exit starts.

use super::{Onboarding, Phase};
use crate::domain::ids::AttemptId;
use crate::domain::time::Timestamp;
use serde::{Deserialize, Serialize};

/// A notification that the customer removed us, uninstalled our app or deleted its account. Meta's signature does not
/// cover a time of sending, and Meta repeats notifications for days, so the notification only triggers a check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Departure {
    /// Stable code of the notification.
    pub reason: String,
    /// When, by Meta's clock.
    pub at: Timestamp,
    /// When Meta is asked next; `None` once the check is finished.
    pub due: Option<Timestamp>,
    /// How often Meta was asked.
    pub tries: u16,
    /// Whether the notification is about one number only: a token that is no longer valid then proves no departure.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub of_number: bool,
}

impl Onboarding {
    /// When the current connection began: older notifications are about an earlier one. Records from before this time
    /// was stored use the beginning of their phase.
    #[must_use]
    pub fn connection_began(&self) -> Timestamp {
        self.connected_since.unwrap_or(match &self.phase {
            Phase::Connected { since, .. } => *since,
            _ => self.phase_since,
        })
    }

    /// The attempt whose secret is stored, even if its token may be used for read-only checks only.
    #[must_use]
    pub fn stored_attempt(&self) -> Option<&AttemptId> {
        match &self.phase {
            Phase::Connected { attempt, .. }
            | Phase::Held { attempt, .. }
            | Phase::Reauthorise { attempt, .. }
            | Phase::Leaving { attempt, .. } => Some(attempt),
            Phase::Exchanging { .. } | Phase::Fetching { .. } | Phase::Relaunch { .. } | Phase::Left { .. } => None,
        }
    }

    /// When a departure is checked with Meta next.
    #[must_use]
    pub fn departure_due(&self) -> Option<Timestamp> {
        match &self.phase {
            Phase::Connected { .. } | Phase::Held { .. } | Phase::Reauthorise { .. } => self.departure.as_ref()?.due,
            _ => None,
        }
    }
}
