//! The services' clock.

use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::watch;

/// The source of time for a service, and a way to wait.
pub trait Clock: Send + Sync + 'static {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    fn now(&self) -> u64;

    /// Waits until `moment`, in milliseconds since the epoch. Returns at once if it has passed.
    fn sleep_until(&self, moment: u64) -> Pin<Box<dyn Future<Output = ()> + Send>>;
}

/// The machine's clock; waits on tokio's timer.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> u64 {
        // A clock set before 1970 reads as 1970: nothing here depends on the absolute time.
        let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)
    }

    fn sleep_until(&self, moment: u64) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(tokio::time::sleep(Duration::from_millis(moment.saturating_sub(self.now()))))
    }
}

/// The machine's clock with an adjustable offset.
#[derive(Clone, Debug)]
pub struct ShiftedClock {
    /// Milliseconds.
    by: watch::Sender<i64>,
}

impl Default for ShiftedClock {
    fn default() -> Self {
        Self { by: watch::Sender::new(0) }
    }
}

impl ShiftedClock {
    /// Moves the clock by `seconds`, which may be negative, and wakes waiters whose moment has passed.
    pub fn shift(&self, seconds: i64) {
        self.by.send_modify(|by| *by = by.saturating_add(seconds.saturating_mul(1000)));
    }
}

impl Clock for ShiftedClock {
    fn now(&self) -> u64 {
        SystemClock.now().saturating_add_signed(*self.by.borrow())
    }

    fn sleep_until(&self, moment: u64) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let clock = self.clone();
        let mut shifted = self.by.subscribe();
        Box::pin(async move {
            loop {
                let left = moment.saturating_sub(clock.now());
                tokio::select! {
                    () = tokio::time::sleep(Duration::from_millis(left)) => return,
                    // The clock itself holds the sender, so it never closes.
                    _ = shifted.changed() => {}
                }
            }
        })
    }
}

/// A clock that stands still until a test advances it.
#[derive(Debug)]
pub struct ManualClock {
    now: watch::Sender<u64>,
}

impl ManualClock {
    /// A clock stopped at `start`, in milliseconds since the epoch.
    #[must_use]
    pub fn new(start: u64) -> Self {
        Self { now: watch::Sender::new(start) }
    }

    /// Advances the clock and wakes waiters whose moment has passed.
    pub fn advance(&self, by: Duration) {
        let millis = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        self.now.send_modify(|now| *now = now.saturating_add(millis));
    }
}

impl Clock for ManualClock {
    fn now(&self) -> u64 {
        *self.now.borrow()
    }

    fn sleep_until(&self, moment: u64) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let mut now = self.now.subscribe();
        Box::pin(async move {
            if now.wait_for(|now| *now >= moment).await.is_err() {
                // The clock was dropped: its time never comes.
                std::future::pending::<()>().await;
            }
        })
    }
}
