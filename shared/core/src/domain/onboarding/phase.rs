//! How far the connection to the customer's account is.

use crate::domain::ids::{AttemptId, BusinessId};
use crate::domain::time::Timestamp;
use serde::{Deserialize, Serialize};

/// How far the connection to the customer's account is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Phase {
    /// A code is being exchanged by `attempt`; after `lease_until` somebody else finds out what became of it.
    Exchanging {
        /// The attempt, from which the token's secret name is derived.
        attempt: AttemptId,
        /// When the exchange counts as dead.
        lease_until: Timestamp,
    },
    /// The token of `attempt` is asked for at Meta, server to server: its code was lost, or there never was one.
    Fetching {
        /// The attempt, from which the token's secret name is derived.
        attempt: AttemptId,
        /// The customer's portfolio, as Meta named it.
        business: BusinessId,
        /// When it is asked for next.
        due: Timestamp,
        /// How often it was asked for.
        tries: u16,
    },
    /// No token came out of the code: the customer clicks once more.
    Relaunch {
        /// Stable code of the reason.
        reason: String,
    },
    /// The token is in the vault under the name of `attempt`.
    Connected {
        /// The attempt whose secret holds the token.
        attempt: AttemptId,
        /// Since when.
        since: Timestamp,
    },
    /// A proof failed. An operator decides; nothing is called.
    Held {
        /// The attempt whose secret holds the token, kept for the operator's decision.
        attempt: AttemptId,
        /// Stable code of the reason.
        reason: String,
    },
    /// The token died; number and history stay.
    Reauthorise {
        /// The attempt whose secret holds the dead token.
        attempt: AttemptId,
        /// Stable code of the reason.
        reason: String,
    },
    /// The connection is being taken apart, step by step.
    Leaving {
        /// The attempt whose secret is destroyed last.
        attempt: AttemptId,
        /// What there is to take apart.
        extent: Extent,
        /// Stable code of the reason.
        reason: String,
    },
    /// The customer left, or was left.
    Left {
        /// Stable code of the reason.
        reason: String,
    },
}

/// What an exit takes apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Extent {
    /// All that was set up.
    Everything,
    /// What does not take the customer's token: that one is dead.
    WithoutToken,
}
