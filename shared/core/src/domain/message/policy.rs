//! Retry policy for messages: one table from Meta's error codes to whether and when a message is sent again.

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

const HOUR: u64 = 3600;

/// One row: codes, policy, sentence for people. Meta: "WhatsApp error codes". Second attempts are made only for codes
/// that are safe to retry, after the waits that Meta documents.
type Row = (&'static [u64], Policy, &'static str);

const ROWS: &[Row] = &[
    (
        &[1, 2, 131_000, 131_016, 133_004],
        Policy::Once,
        "Meta had an internal error. The message will be retried once automatically.",
    ),
    (
        &[4, 80_007, 80_008, 130_429],
        Policy::Once,
        "A rate limit was reached. The message will be retried once automatically.",
    ),
    // Meta: one message in six seconds to a person, with a burst of up to 45 on credit; the credit is paid back long
    // before the delay has passed.
    (
        &[131_056],
        Policy::Once,
        "Too many messages were sent to this person at once. The message will be retried once automatically.",
    ),
    (
        &[131_057, 2_494_100],
        Policy::Once,
        "The number is under maintenance. The message will be retried once automatically.",
    ),
    (
        &[131_053],
        Policy::Once,
        "Meta could not download the file. The message will be retried once; if it fails again, check the file's URL.",
    ),
    (
        &[131_049],
        Policy::After(Duration::from_secs(24 * HOUR)),
        "Meta withheld the message to limit how many marketing messages this person receives. It will be retried once after a day.",
    ),
    (
        &[132_015],
        Policy::After(Duration::from_secs(6 * HOUR)),
        "The template is paused because of low quality. The message will be retried once after six hours.",
    ),
    (
        &[134_101],
        Policy::After(Duration::from_secs(600)),
        "Meta is still preparing the template. The message will be retried once after ten minutes.",
    ),
    (
        &[131_048],
        Policy::Ask,
        "Meta restricts the number because people blocked or reported it. Send fewer messages until its quality improves.",
    ),
    (
        &[131_026],
        Policy::Never,
        "The person cannot receive it: not on WhatsApp, an outdated app, or Meta's terms not accepted.",
    ),
    (
        &[131_047],
        Policy::WhenOpen,
        "The person last wrote more than 24 hours ago. The message will be retried once if the person writes within a day. Otherwise, send a template.",
    ),
    (&[131_050], Policy::Never, "The person opted out of marketing messages from this business."),
    (&[130_403], Policy::Never, "The person blocked this business."),
    (&[130_472], Policy::Never, "Meta currently does not deliver marketing messages to this person."),
    (&[131_021], Policy::Never, "A number cannot send messages to itself."),
    (&[131_042], Policy::Ask, "There is a problem with the account's payment method. Check WhatsApp Manager."),
    (&[131_031, 368], Policy::Ask, "Meta restricted or disabled the account. Check Meta's Business Support Home."),
    (&[133_010, 33], Policy::Ask, "The number is not connected."),
    (&[131_037], Policy::Ask, "The number's display name has to be approved first."),
    (&[0, 102, 190], Policy::Ask, "The access token is no longer valid. The business has to connect again."),
    (&[3, 10, 131_005], Policy::Ask, "A permission is missing. The business has to connect again."),
    (&[132_001], Policy::Ask, "The template does not exist in this language, or is not approved."),
    (&[132_000, 132_012, 132_018], Policy::Ask, "The parameters do not match the template."),
    (&[132_005], Policy::Ask, "The text is too long with the parameters filled in."),
    (&[132_007, 132_016], Policy::Ask, "Meta has disabled the template."),
    (&[100, 131_008, 131_009, 131_051], Policy::Ask, "Meta does not accept the message in this form."),
    (&[131_062], Policy::Ask, "This kind of template can be sent to phone numbers only."),
];

/// The policy for a failure. Unknown codes are not retried: a second attempt must be known to be safe.
#[must_use]
pub fn policy(code: u64) -> Policy {
    row(code).map_or(Policy::Never, |(_, policy, _)| *policy)
}

/// The sentence for a stable code such as `graph.131026`.
#[must_use]
pub fn sentence(code: &str) -> &'static str {
    let number = code.strip_prefix("graph.").and_then(|number| number.parse().ok());
    match (code, number.and_then(row)) {
        (_, Some((_, _, sentence))) => sentence,
        ("graph.unreachable", _) => "Meta could not be reached. The message will be retried once automatically.",
        ("message.unanswered", _) => "Meta did not answer. The message may have been sent, so it is not sent again.",
        ("message.cancelled", _) => "The second attempt was cancelled.",
        ("message.not_connected", _) => "The number is no longer connected, so the message was not sent again.",
        ("message.window_closed", _) => "The person did not write within a day, so the message was not sent again.",
        ("message.text_gone", _) => "The message's content is no longer stored, so it was not sent again.",
        ("message.opted_out", _) => "The person opted out of marketing messages, so the message was not sent again.",
        _ => "Meta refused the message.",
    }
}

fn row(code: u64) -> Option<&'static Row> {
    ROWS.iter().find(|(codes, ..)| codes.contains(&code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_safe_codes_are_retried_and_every_code_has_one_row() {
        assert_eq!(policy(131_000), Policy::Once);
        assert_eq!(policy(131_049), Policy::After(Duration::from_secs(86_400)));
        assert_eq!(policy(131_047), Policy::WhenOpen);
        for never in [131_026, 131_050, 999_999, 135_000] {
            assert_eq!(policy(never), Policy::Never, "{never}");
        }
        let codes: Vec<u64> = ROWS.iter().flat_map(|(codes, ..)| codes.iter().copied()).collect();
        let distinct: std::collections::BTreeSet<u64> = codes.iter().copied().collect();
        assert_eq!(codes.len(), distinct.len());
    }

    #[test]
    fn every_failure_has_a_sentence() {
        assert!(sentence("graph.131047").contains("template"));
        assert_eq!(sentence("graph.424242"), "Meta refused the message.");
    }
}
