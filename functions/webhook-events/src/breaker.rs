//! Circuit breaker: when the table or a queue fails, the remaining messages of a batch are not tried, and failed
//! messages back off for longer each time. Lambda does not slow down by itself: its poller treats a partial batch
//! response as a success.

use shared::batch::Record;
use shared::queue::Queue;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// Consecutive failures of a dependency after which the circuit opens.
const FAILURE_LIMIT: u32 = 2;

/// Back-off after the first, second, … receive of a message. With five receives a message survives an outage of an
/// hour.
const BACK_OFF: [Duration; 4] =
    [Duration::from_secs(60), Duration::from_secs(300), Duration::from_secs(900), Duration::from_secs(2700)];

/// Failures of one batch.
#[derive(Debug, Default)]
pub(crate) struct Breaker {
    /// While applying messages.
    pub(crate) applying: Streak,
    /// While sending events.
    pub(crate) sending: Streak,
    failed: AtomicU32,
}

/// Consecutive failures of a dependency.
#[derive(Debug, Default)]
pub(crate) struct Streak(AtomicU32);

impl Streak {
    /// Counts a failure; a success resets the count.
    pub(crate) fn note(&self, failed: bool) {
        if failed {
            self.0.fetch_add(1, Ordering::Relaxed);
        } else {
            self.0.store(0, Ordering::Relaxed);
        }
    }

    fn is_long(&self) -> bool {
        self.0.load(Ordering::Relaxed) >= FAILURE_LIMIT
    }
}

impl Breaker {
    /// Whether the next message is not tried.
    pub(crate) fn is_open(&self) -> bool {
        self.applying.is_long() || self.sending.is_long()
    }

    /// Whether every message of a batch of this length failed.
    pub(crate) fn all_failed(&self, batch: usize) -> bool {
        usize::try_from(self.failed.load(Ordering::Relaxed)).is_ok_and(|failed| failed == batch && failed > 0)
    }

    /// Delays the redelivery of a message that failed because of a dependency.
    pub(crate) async fn back_off(&self, queue: &Queue, record: &Record) {
        self.failed.fetch_add(1, Ordering::Relaxed);
        let turn = usize::try_from(record.receipts().saturating_sub(1)).unwrap_or(usize::MAX).min(BACK_OFF.len() - 1);
        if let Some(delay) = BACK_OFF.get(turn) {
            // If the queue itself is down, the message is redelivered after its visibility timeout.
            drop(queue.postpone(&record.receipt_handle, *delay).await);
        }
    }
}
