//! The timeline of a move.

use crate::domain::operation::Operation;
use crate::domain::time::Timestamp;
use serde::{Deserialize, Serialize};

/// One line of a move's timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// What, in one word.
    pub event: String,
    /// Stable code of a reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Who brought it about through the API, where somebody did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Operation>,
}
