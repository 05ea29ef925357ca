//! Delivery status of an attempt. It only increases, in whatever order Meta's statuses arrive.

use serde::{Deserialize, Serialize};

/// The delivery status, in ascending order. Meta: `delivered` may be skipped, and a message can get both `delivered`
/// and `failed`. Delivered therefore wins over failed, and a late `sent` does not undo a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// The call to Meta has begun.
    Sending,
    /// The call was not answered: Meta may have the message.
    Unknown,
    /// Meta accepted it.
    Accepted,
    /// Meta sent it.
    Sent,
    /// It failed.
    Failed,
    /// It was delivered.
    Delivered,
    /// It was read or played.
    Read,
}

impl Delivery {
    /// Parses a status of Meta's; `None` for one that is not about delivery.
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
