//! Retry policies: how long to wait before the next attempt.

use super::time::Jitter;
use std::time::Duration;

/// The delays between attempts of a step; the last one repeats until `attempts` are used up.
#[derive(Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Seconds before the second, third, … attempt.
    pub seconds: &'static [u32],
    /// Attempts after which a person has to act.
    pub attempts: u16,
}

/// Cheap, repeatable calls: ten attempts within about half a day.
pub const QUICK: RetryPolicy = RetryPolicy { seconds: &[5, 30, 120, 600, 3600, 7200], attempts: 10 };

/// Registration: three of the ten attempts Meta allows in 72 hours; the remaining ones are left to people.
pub const REGISTRATION: RetryPolicy = RetryPolicy { seconds: &[60, 600], attempts: 3 };

/// Sharing a credit line: long, because Meta may refuse for days (the month-end blackout for switched customers).
pub const CREDIT: RetryPolicy = RetryPolicy { seconds: &[900, 1800, 3600, 7200, 14_400, 21_600], attempts: 48 };

/// Requesting the data of the WhatsApp Business app: enough attempts for Meta's 24 hours, after which the step ends
/// anyway.
pub const SYNC: RetryPolicy = RetryPolicy { seconds: &[60, 600, 3600], attempts: 40 };

/// The longest wait that a reply of Meta's may impose: an hour (reliability rule: larger hints are capped).
const LONGEST_HINT: u32 = 3600;

/// The delay before the next attempt after `made` attempts, or `None` when a person has to act.
#[must_use]
pub fn delay(policy: &RetryPolicy, made: u16, hint: Option<u32>, jitter: Jitter) -> Option<Duration> {
    if made >= policy.attempts {
        return None;
    }
    let index = usize::from(made.saturating_sub(1));
    let own = policy.seconds.get(index).or(policy.seconds.last()).copied().unwrap_or(60);
    let wait = own.max(hint.unwrap_or(0).min(LONGEST_HINT));
    Some(jitter.spread(Duration::from_secs(u64::from(wait))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_and_then_a_person_has_to_act() {
        let check = |made, expected: Option<u64>| {
            assert_eq!(delay(&REGISTRATION, made, None, Jitter::none()), expected.map(Duration::from_secs));
        };
        check(1, Some(60));
        check(2, Some(600));
        check(3, None);
    }

    #[test]
    fn metas_own_wait_is_honoured_up_to_an_hour() {
        assert_eq!(delay(&QUICK, 1, Some(240), Jitter::none()), Some(Duration::from_secs(240)));
        assert_eq!(delay(&QUICK, 1, Some(1_000_000_000), Jitter::none()), Some(Duration::from_secs(3600)));
    }

    #[test]
    fn absurd_attempt_counts_do_not_overflow() {
        assert_eq!(delay(&CREDIT, u16::MAX, None, Jitter::none()), None);
        assert!(delay(&CREDIT, 0, None, Jitter::none()).is_some());
    }
}
