//! How often Meta was called about an account.

use crate::domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Calls of an hour after which an account without a registered number is left alone: Meta allows 200 for the account and
/// app, and people use some of them.
const CALLS_AN_HOUR: u32 = 150;
const HOUR: Duration = Duration::from_secs(3600);

/// Calls to Meta within an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Calls {
    /// When the hour began.
    pub since: Timestamp,
    /// How many.
    pub count: u32,
}

impl Calls {
    /// Counts calls; a new hour begins with the first one after the last hour.
    #[must_use]
    pub fn and(self, made: u32, now: Timestamp) -> Self {
        let fresh = now.since(self.since) >= HOUR;
        let (since, count) = if fresh { (now, 0) } else { (self.since, self.count) };
        Self { since, count: count.saturating_add(made) }
    }

    /// When more may be made.
    #[must_use]
    pub fn free_at(self) -> Timestamp {
        if self.count < CALLS_AN_HOUR { Timestamp::default() } else { self.since.after(HOUR) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_left_alone_for_the_rest_of_the_hour_once_its_calls_are_used() {
        let at = |minutes: i64| Timestamp::from_seconds(minutes * 60);
        let calls = Calls::default().and(100, at(100)).and(49, at(110));
        assert_eq!(calls.free_at(), Timestamp::default());
        let calls = calls.and(1, at(120));
        assert_eq!(calls.free_at(), at(160), "an hour after the first");
        assert_eq!(calls.and(5, at(160)), Calls { since: at(160), count: 5 });
    }
}
