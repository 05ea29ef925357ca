//! Points in time as values. HealthCheck the clock is the shell's business.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Milliseconds since the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From milliseconds since the Unix epoch.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// From seconds since the Unix epoch, as Meta's webhooks carry them; saturates.
    #[must_use]
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// Milliseconds since the Unix epoch.
    #[must_use]
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the Unix epoch, rounded up: what DynamoDB's TTL and the due index count in.
    #[must_use]
    pub const fn as_seconds_up(self) -> i64 {
        self.0.saturating_add(999).div_euclid(1000)
    }

    /// The last moment of the second before this one. Meta's webhooks carry whole seconds: what was read at this time is
    /// older than all news of the same second.
    #[must_use]
    pub const fn before_this_second(self) -> Self {
        Self(self.0.div_euclid(1000).saturating_mul(1000).saturating_sub(1))
    }

    /// This much later; saturates.
    #[must_use]
    pub fn after(self, wait: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(wait.as_millis()).unwrap_or(i64::MAX)))
    }

    /// This much earlier; saturates.
    #[must_use]
    pub fn before(self, wait: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(wait.as_millis()).unwrap_or(i64::MAX)))
    }

    /// How long from `earlier` until this; zero when it is not earlier.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or_default())
    }

    /// Parses what [`Timestamp::to_rfc3339`] wrote.
    #[must_use]
    pub fn from_rfc3339(text: &str) -> Option<Self> {
        text.parse::<jiff::Timestamp>().ok().map(|at| Self(at.as_millisecond()))
    }

    /// RFC 3339 with milliseconds in UTC, the form every API reply and event uses.
    #[must_use]
    pub fn to_rfc3339(self) -> String {
        jiff::Timestamp::from_millisecond(self.0).map_or_else(|_| String::new(), |at| format!("{at:.3}"))
    }
}

/// One draw of chance in `0..=1000`, made by the shell and handed down, so that waiting times spread without the core
/// knowing about randomness.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Jitter(u16);

impl Jitter {
    /// From any random number.
    #[must_use]
    pub fn new(random: u64) -> Self {
        Self(u16::try_from(random % 1001).unwrap_or_default())
    }

    /// No spreading: the delay as the table says.
    #[must_use]
    pub const fn none() -> Self {
        Self(0)
    }

    /// Lengthens `wait` by up to a quarter.
    #[must_use]
    pub fn spread(self, wait: Duration) -> Duration {
        wait.saturating_add(wait.saturating_mul(u32::from(self.0)) / 4000)
    }
}

/// The present and one draw of chance: what an invocation brings into the core.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// When the decision is made.
    pub now: Timestamp,
    /// Spreads the waits it leads to.
    pub jitter: Jitter,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_rfc3339() {
        let at = Timestamp::from_millis(1_763_640_000_123);
        assert_eq!(at.to_rfc3339(), "2025-11-20T12:00:00.123Z");
        assert_eq!(Timestamp::from_rfc3339(&at.to_rfc3339()), Some(at));
    }

    #[test]
    fn spreading_adds_at_most_a_quarter() {
        let minute = Duration::from_secs(60);
        assert_eq!(Jitter::none().spread(minute), minute);
        assert_eq!(Jitter::new(1000).spread(minute), Duration::from_secs(75));
    }

    #[test]
    fn arithmetic_saturates() {
        assert_eq!(Timestamp::from_seconds(i64::MAX).after(Duration::from_secs(9)).as_millis(), i64::MAX);
        assert_eq!(Timestamp::from_millis(1).since(Timestamp::from_millis(5)), Duration::ZERO);
    }
}
