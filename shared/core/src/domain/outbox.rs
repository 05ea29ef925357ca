//! Events that a record has to announce.

use super::operation::{OPERATION_REQUESTED, Operation};
use super::time::Timestamp;
use serde::{Deserialize, Serialize};

/// A platform event that is saved together with the fact it reports and sent afterwards; rendered and published by
/// `shared::events`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingEvent {
    /// `whatsapp.<noun>.<past tense>.v1`.
    pub kind: String,
    /// Distinguishes events of the same kind of one onboarding; part of the deterministic id.
    pub discriminator: String,
    /// When the fact became true.
    pub at: Timestamp,
    /// Set when the event names who requested an operation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<Operation>,
}

impl Operation {
    /// The event that names who requested it, to be saved together with the change.
    #[must_use]
    pub fn event(&self, now: Timestamp) -> PendingEvent {
        PendingEvent {
            kind: OPERATION_REQUESTED.to_owned(),
            discriminator: format!("{}:{}", self.request_id, self.name),
            at: now,
            operation: Some(self.clone()),
        }
    }
}
