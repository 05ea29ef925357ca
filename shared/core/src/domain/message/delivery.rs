//! How far an attempt has come: a ladder that is only climbed, whatever the order in which Meta tells.

use serde::{Deserialize, Serialize};

/// How far a message has come. Meta: `delivered` may be skipped, and a message can get both `delivered` and `failed`; what arrived has arrived,
/// and a late `sent` does not undo a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// The call to Meta has begun.
    Sending,
    /// The call was not answered: Meta may have the message.
    Unknown,
    /// Meta has it.
    Accepted,
    /// Meta sent it.
    Sent,
    /// It failed.
    Failed,
    /// It arrived.
    Delivered,
    /// It was read or played.
    Read,
}

impl Delivery {
    /// Reads a status of Meta's; `None` for one that says nothing about delivery.
    #[must_use]
    pub fn parse(status: &str) -> Option<Self> {
        match status {
            "sent" => Some(Self::Sent),
            "delivered" => Some(Self::Delivered),
            "read" | "played" => Some(Self::Read),
            "failed" => Some(Self::Failed),
            _ => None,
        }
    }
}
