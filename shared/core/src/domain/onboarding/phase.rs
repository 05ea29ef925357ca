//! The phase of the connection to the customer's account.

use crate::domain::ids::{AttemptId, BusinessId};
use crate::domain::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The phase of the connection to the customer's account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Phase {
    /// A code is being exchanged by `attempt`; after `lease_until` a worker finds out what became of it.
    Exchanging {
        /// The attempt, from which the token's secret name is derived.
        attempt: AttemptId,
        /// When the exchange counts as failed.
        lease_until: Timestamp,
    },
    /// A token for `attempt` is requested from Meta, server to server: its code was lost, or there never was one.
    Fetching {
        /// The attempt, from which the token's secret name is derived.
        attempt: AttemptId,
        /// The customer's portfolio, as reported by Meta.
        business: BusinessId,
        /// When it is requested next.
        due: Timestamp,
        /// How often it was requested.
        tries: u16,
    },
    /// The code yielded no token: the customer has to launch the signup again.
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
    /// A proof failed. An operator has to decide; no calls are made.
    Held {
        /// The attempt whose secret holds the token, kept for the operator's decision.
        attempt: AttemptId,
        /// Stable code of the reason.
        reason: String,
    },
    /// The token is no longer valid; number and history are preserved.
    Reauthorise {
        /// The attempt whose secret holds the invalid token.
        attempt: AttemptId,
        /// Stable code of the reason.
        reason: String,
    },
    /// An exit is in progress.
    Leaving {
        /// The attempt whose secret is destroyed last.
        attempt: AttemptId,
        /// What the exit undoes.
        extent: Extent,
        /// Stable code of the reason.
        reason: String,
    },
    /// The exit is complete.
    Left {
        /// Stable code of the reason.
        reason: String,
    },
}

/// What an exit undoes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Extent {
    /// Everything that was set up.
    Everything,
    /// What can be undone without the customer's token, which is no longer valid.
    WithoutToken,
}
