//! What to do about a failed message, and what to say: by Meta's code, or by a stable code of our own.

use super::refusals::{self, Row};
use crate::domain::failure::{Actor, MetaCode};
use std::time::Duration;

/// Whether and when a second attempt is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// Never.
    Never,
    /// Once, after the platform's configured delay.
    Once,
    /// Once, no earlier than after the wait demanded by Meta.
    After(Duration),
    /// Once, as soon as the recipient writes, which lets the business answer for 24 hours.
    WhenOpen,
    /// Not automatically: a person has to change something first.
    Ask,
}

/// Meta's code for a marketing message to a person who stopped them: an opt-out like `user_preferences`.
pub const STOPPED_MARKETING: u64 = 131_050;

/// The policy for a failure. Unknown codes are not retried: a second attempt must be known to be safe.
#[must_use]
pub fn policy(code: u64) -> Policy {
    refusals::of(code).map_or(Policy::Never, |row| row.policy)
}

/// The sentence for a stable code such as `graph.131026`.
#[must_use]
pub fn sentence(code: &str) -> &'static str {
    match (code, meaning(code)) {
        (_, Some(row)) => row.sentence,
        ("graph.unreachable", _) => "Meta could not be reached. The message will be retried once automatically.",
        ("message.unanswered", _) => "Meta did not answer. The message may have been sent, so it is not sent again.",
        ("message.cancelled", _) => "The second attempt was cancelled.",
        ("message.not_connected", _) => "The number is no longer connected, so the message was not sent again.",
        ("message.window_closed", _) => "The person did not write within a day, so the message was not sent again.",
        ("message.text_gone", _) => "The message's content is no longer stored, so it was not sent again.",
        ("message.opted_out", _) => "The person opted out of marketing messages, so the message was not sent again.",
        _ => "Meta refused the message. Look up the code in Meta's list of error codes.",
    }
}

/// Who has to act on a stable code, or why nobody has to.
#[must_use]
pub fn actor(code: &str) -> Actor {
    match (code, meaning(code)) {
        (_, Some(row)) => row.actor,
        ("graph.unreachable" | "message.unanswered", _) => Actor::Meta,
        ("message.not_connected", _) => Actor::Customer,
        _ => Actor::Operator,
    }
}

fn meaning(code: &str) -> Option<&'static Row> {
    MetaCode::parse(code).and_then(|meta| refusals::of(meta.code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_safe_codes_are_retried() {
        assert_eq!(policy(131_000), Policy::Once);
        assert_eq!(policy(131_049), Policy::After(Duration::from_secs(86_400)));
        assert_eq!(policy(131_047), Policy::WhenOpen);
        for never in [131_026, 131_050, 999_999, 135_000] {
            assert_eq!(policy(never), Policy::Never, "{never}");
        }
    }

    #[test]
    fn every_failure_has_a_sentence() {
        assert!(sentence("graph.131047").contains("template"));
        assert!(sentence("graph.424242").starts_with("Meta refused the message."));
        assert_eq!((actor("graph.131042"), actor("graph.424242")), (Actor::Customer, Actor::Operator));
    }
}
