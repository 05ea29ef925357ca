//! The only place that reads the clock and draws random numbers: once per decision, then passed down.

use crate::domain::time::{Jitter, Moment, Timestamp};
use std::time::{SystemTime, UNIX_EPOCH};

/// The current time.
#[must_use]
pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// The current time, with one random draw.
#[must_use]
pub fn moment() -> Moment {
    Moment { now: now(), jitter: Jitter::new(rand::random()) }
}
