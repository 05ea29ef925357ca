//! The one place where the clock is read and chance is drawn: once per decision, then handed down.

use crate::domain::time::{Jitter, Moment, Timestamp};
use std::time::{SystemTime, UNIX_EPOCH};

/// Now.
#[must_use]
pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// Now, with one draw of chance.
#[must_use]
pub fn moment() -> Moment {
    Moment { now: now(), jitter: Jitter::new(rand::random()) }
}
