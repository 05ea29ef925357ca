//! The timeline of a migration.

use crate::domain::operation::Operation;
use crate::domain::time::Timestamp;
use serde::{Deserialize, Serialize};

/// One entry of a migration's timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// What happened, as a stable name.
    pub event: String,
    /// Stable code of a reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The API operation that caused it, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Operation>,
}
