//! When the table or a queue fails, the rest of a batch is left alone and what failed rests for longer each time. Lambda would
//! not slow down by itself: to its poller, a partial answer is a success.

use shared::batch::Record;
use shared::queue::Queue;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// Failures of a dependency in a row after which the rest of a batch is not tried.
const PATIENCE: u32 = 2;

/// How long a message rests after its first, second, … receipt. With five receipts an outage of an hour is outlived.
const BACK_OFF: [Duration; 4] =
    [Duration::from_secs(60), Duration::from_secs(300), Duration::from_secs(900), Duration::from_secs(2700)];

/// What one batch met.
#[derive(Debug, Default)]
pub(crate) struct Breaker {
    /// Of messages that were applied one after the other.
    pub(crate) applying: Streak,
    /// Of sending what waited.
    pub(crate) sending: Streak,
    failed: AtomicU32,
}

/// Failures of a dependency in a row.
#[derive(Debug, Default)]
pub(crate) struct Streak(AtomicU32);

impl Streak {
    /// Counts a failure, or begins to count anew.
    pub(crate) fn note(&self, failed: bool) {
        if failed {
            self.0.fetch_add(1, Ordering::Relaxed);
        } else {
            self.0.store(0, Ordering::Relaxed);
        }
    }

    fn is_long(&self) -> bool {
        self.0.load(Ordering::Relaxed) >= PATIENCE
    }
}

impl Breaker {
    /// Whether it is not worth trying the next message.
    pub(crate) fn is_open(&self) -> bool {
        self.applying.is_long() || self.sending.is_long()
    }

    /// Whether nothing of a batch of this length could be done.
    pub(crate) fn all_failed(&self, batch: usize) -> bool {
        usize::try_from(self.failed.load(Ordering::Relaxed)).is_ok_and(|failed| failed == batch && failed > 0)
    }

    /// Lets a message rest that a dependency failed.
    pub(crate) async fn back_off(&self, queue: &Queue, record: &Record) {
        self.failed.fetch_add(1, Ordering::Relaxed);
        let turn = usize::try_from(record.receipts().saturating_sub(1)).unwrap_or(usize::MAX).min(BACK_OFF.len() - 1);
        if let Some(rest) = BACK_OFF.get(turn) {
            // A queue that is down itself gives the message back after its visibility timeout.
            drop(queue.postpone(&record.receipt_handle, *rest).await);
        }
    }
}
