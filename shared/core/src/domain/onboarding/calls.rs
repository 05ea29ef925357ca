//! Counts calls to Meta per account.

use crate::domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Maximum calls per hour for an account without a registered number: Meta allows 200 per account and app, and people
/// use some of them.
const CALLS_AN_HOUR: u32 = 150;
const HOUR: Duration = Duration::from_secs(3600);

/// Calls to Meta within an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Calls {
    /// When the hour began.
    pub since: Timestamp,
    /// Number of calls since then.
    pub count: u32,
    /// End of the cooldown demanded by Meta's usage headers.
    #[serde(default)]
    pub rest_until: Timestamp,
}

impl Calls {
    /// Counts calls; a new hour begins with the first call after the last hour.
    #[must_use]
    pub fn and(self, made: u32, now: Timestamp) -> Self {
        let fresh = now.since(self.since) >= HOUR;
        let (since, count) = if fresh { (now, 0) } else { (self.since, self.count) };
        Self { since, count: count.saturating_add(made), ..self }
    }

    /// Starts a cooldown of that many seconds, at most an hour.
    #[must_use]
    pub fn rested(self, seconds: u32, now: Timestamp) -> Self {
        if seconds == 0 {
            return self;
        }
        let until = now.after(Duration::from_secs(u64::from(seconds)).min(HOUR));
        Self { rest_until: until.max(self.rest_until), ..self }
    }

    /// When the next call may be made for an account without a registered number.
    #[must_use]
    pub fn free_at(self) -> Timestamp {
        if self.count < CALLS_AN_HOUR { self.rest_until } else { self.since.after(HOUR).max(self.rest_until) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_not_called_until_the_hour_ends_once_its_calls_are_used() {
        let at = |minutes: i64| Timestamp::from_seconds(minutes * 60);
        let calls = Calls::default().and(100, at(100)).and(49, at(110));
        assert_eq!(calls.free_at(), Timestamp::default());
        let calls = calls.and(1, at(120));
        assert_eq!(calls.free_at(), at(160), "an hour after the first");
        assert_eq!(calls.and(5, at(160)), Calls { since: at(160), count: 5, ..Calls::default() });
    }

    #[test]
    fn metas_cooldown_is_honoured_up_to_an_hour() {
        let at = |minutes: i64| Timestamp::from_seconds(minutes * 60);
        assert_eq!(Calls::default().rested(300, at(10)).free_at(), at(15));
        assert_eq!(Calls::default().rested(u32::MAX, at(10)).rest_until, at(70));
        assert_eq!(Calls::default().rested(300, at(10)).rested(0, at(11)).free_at(), at(15));
    }
}
