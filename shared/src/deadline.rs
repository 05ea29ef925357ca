//! When an invocation ends. Lambda stops unfinished work then, so every call gets the remaining time, less the time for
//! saving.

use crate::clock;
use crate::domain::time::Timestamp;
use lambda_runtime::Context;
use std::time::{Duration, Instant};

/// The longest invocation (Lambda quotas: 900 s).
const LONGEST: Duration = Duration::from_secs(900);

/// The end of an invocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadline(Instant);

impl Deadline {
    /// The deadline reported by Lambda, in milliseconds since 1970 (`Lambda-Runtime-Deadline-Ms`).
    #[must_use]
    pub fn of(context: &Context) -> Self {
        let end = Timestamp::from_millis(i64::try_from(context.deadline).unwrap_or(i64::MAX));
        Self::after(end.since(clock::now()))
    }

    /// A deadline `time` from now, 900 s at most.
    #[must_use]
    pub fn after(time: Duration) -> Self {
        let now = Instant::now();
        Self(now.checked_add(time.min(LONGEST)).unwrap_or(now))
    }

    /// When work has to be done so that `reserve` is left.
    #[must_use]
    pub fn less(self, reserve: Duration) -> Instant {
        self.0.checked_sub(reserve).unwrap_or(self.0)
    }

    /// Whether more than `time` is left.
    #[must_use]
    pub fn leaves(self, time: Duration) -> bool {
        self.0.saturating_duration_since(Instant::now()) > time
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ending(deadline: u64) -> Deadline {
        let mut context = Context::default();
        context.deadline = deadline;
        Deadline::of(&context)
    }

    #[test]
    fn the_deadline_is_the_one_that_lambda_reports() {
        let now = u64::try_from(clock::now().as_millis()).unwrap();
        let deadline = ending(now + 10_000);
        assert!(deadline.leaves(Duration::from_secs(9)) && !deadline.leaves(Duration::from_secs(10)));
        assert!(deadline.less(Duration::from_secs(5)) < Instant::now() + Duration::from_secs(5));
    }

    #[test]
    fn a_passed_deadline_leaves_no_time_and_an_impossible_one_is_capped() {
        assert!(!ending(0).leaves(Duration::ZERO));
        assert!(ending(u64::MAX).leaves(Duration::from_secs(890)) && !ending(u64::MAX).leaves(LONGEST));
    }
}
