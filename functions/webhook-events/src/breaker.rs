//! When the table or a queue fails, the rest of a batch is left alone and what failed rests for longer each time. Lambda would
//! not slow down by itself: to its poller, a partial answer is a success.

use super::EventError;
use shared::batch::Record;
use shared::queue::Queue;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// Failures of a dependency in a row after which the rest of a batch is not tried.
const PATIENCE: u32 = 2;

/// How long a message rests after its first, second, … receipt. With five receipts an outage of an hour is outlived.
const RESTS: [Duration; 4] =
    [Duration::from_secs(60), Duration::from_secs(300), Duration::from_secs(900), Duration::from_secs(2700)];

/// What one batch met.
#[derive(Debug, Default)]
pub(crate) struct Breaker {
    in_a_row: AtomicU32,
    failed: AtomicU32,
}

impl Breaker {
    /// Whether it is worth trying the next message.
    pub(crate) fn is_open(&self) -> bool {
        self.in_a_row.load(Ordering::Relaxed) >= PATIENCE
    }

    /// Whether nothing of a batch of this length could be done.
    pub(crate) fn spared_nothing(&self, batch: usize) -> bool {
        usize::try_from(self.failed.load(Ordering::Relaxed)).is_ok_and(|failed| failed == batch && failed > 0)
    }

    /// Notes how a message went, and lets it rest when a dependency failed it.
    pub(crate) async fn note<T>(&self, queue: &Queue, record: &Record, outcome: &Result<T, EventError>) {
        if !outcome.as_ref().is_err_and(EventError::is_of_dependency) {
            self.in_a_row.store(0, Ordering::Relaxed);
            return;
        }
        self.in_a_row.fetch_add(1, Ordering::Relaxed);
        self.failed.fetch_add(1, Ordering::Relaxed);
        let turn = usize::try_from(record.receipts().saturating_sub(1)).unwrap_or(usize::MAX).min(RESTS.len() - 1);
        if let Some(rest) = RESTS.get(turn) {
            // A queue that is down itself gives the message back after its visibility timeout.
            drop(queue.postpone(&record.receipt_handle, *rest).await);
        }
    }
}
