//! A clock that tests can advance: codes expire, rate limits reset.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// The machine's time plus an offset.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    shift: AtomicI64,
}

impl Clock {
    /// Unix seconds.
    pub(crate) fn now(&self) -> i64 {
        let real = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        i64::try_from(real).unwrap_or_default() + self.shift.load(Ordering::Relaxed)
    }

    pub(crate) fn advance(&self, seconds: i64) {
        self.shift.fetch_add(seconds, Ordering::Relaxed);
    }

    pub(crate) fn reset(&self) {
        self.shift.store(0, Ordering::Relaxed);
    }
}
