//! What a failure of a message means: one table from Meta's codes to whether and when it is sent again.

use std::time::Duration;

/// Whether a second attempt can help, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// It cannot.
    Never,
    /// Once, after the platform's own delay.
    Once,
    /// Once, no sooner than Meta's own wait.
    After(Duration),
    /// Once, as soon as the person writes: Meta lets a business answer for a day after that.
    WhenOpen,
    /// A person has to change something first.
    Ask,
}

const HOUR: u64 = 3600;

/// One row: codes, what to do, what to tell a person. Meta: "WhatsApp error codes"; the second attempts are those of the safe
/// set, and of the waits Meta states.
type Row = (&'static [u64], Policy, &'static str);

const ROWS: &[Row] = &[
    (&[1, 2, 131_000, 131_016, 133_004], Policy::Once, "Meta had a fault; the message is sent once more by itself."),
    (
        &[4, 80_007, 80_008, 130_429],
        Policy::Once,
        "Too much was sent at once; the message is sent once more by itself.",
    ),
    // Meta: one message in six seconds to a person, up to 45 borrowed: paid back long before the delay is over.
    (&[131_056], Policy::Once, "Too much was sent to this person at once; the message is sent once more by itself."),
    (&[131_057, 2_494_100], Policy::Once, "The number is under maintenance; the message is sent once more by itself."),
    (
        &[131_053],
        Policy::Once,
        "Meta could not load the file; it is tried once more. If it fails again, check its address.",
    ),
    (
        &[131_049],
        Policy::After(Duration::from_secs(24 * HOUR)),
        "Meta held the message back so that the person does not get too many; it is tried once more after a day.",
    ),
    (
        &[132_015],
        Policy::After(Duration::from_secs(6 * HOUR)),
        "The template is paused because of its quality; the message is tried once more after six hours.",
    ),
    (
        &[134_101],
        Policy::After(Duration::from_secs(600)),
        "The template is still being prepared at Meta; the message is tried once more after ten minutes.",
    ),
    (
        &[131_048],
        Policy::Ask,
        "Meta limits the number because people blocked or reported it. Send less until its quality is better.",
    ),
    (&[131_026], Policy::Never, "The person cannot get it: not on WhatsApp, an old app, or Meta's terms not accepted."),
    (
        &[131_047],
        Policy::WhenOpen,
        "The person wrote more than 24 hours ago. The message is sent once more if the person writes within a day; or send a template instead.",
    ),
    (&[131_050], Policy::Never, "The person wants no marketing messages from this business."),
    (&[130_403], Policy::Never, "The person blocked this business."),
    (&[130_472], Policy::Never, "Meta keeps marketing messages from this person at the moment."),
    (&[131_021], Policy::Never, "A number cannot write to itself."),
    (&[131_042], Policy::Ask, "The account's payment method has a problem. Look into WhatsApp Manager."),
    (&[131_031, 368], Policy::Ask, "Meta locked the account. Look into Meta's Business Support Home."),
    (&[133_010, 33], Policy::Ask, "The number is not connected."),
    (&[131_037], Policy::Ask, "The number's display name has to be approved first."),
    (&[0, 102, 190], Policy::Ask, "The permission has ended. The business has to connect again."),
    (&[3, 10, 131_005], Policy::Ask, "The permission does not cover this. The business has to connect again."),
    (&[132_001], Policy::Ask, "The template does not exist in this language, or is not approved."),
    (&[132_000, 132_012, 132_018], Policy::Ask, "The values do not fit the template."),
    (&[132_005], Policy::Ask, "The text is too long with the values filled in."),
    (&[132_007, 132_016], Policy::Ask, "Meta does not allow the template any more."),
    (&[100, 131_008, 131_009, 131_051], Policy::Ask, "Meta does not take the message in this form."),
    (&[131_062], Policy::Ask, "This kind of template goes to phone numbers only."),
];

/// What to do about a failure. Codes that nobody knows are not tried again: a second attempt has to be known to be harmless.
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
        ("graph.unreachable", _) => "Meta could not be reached; the message is sent once more by itself.",
        ("message.unanswered", _) => "Meta did not answer. The message may have been sent, so it is not sent again.",
        ("message.cancelled", _) => "The second attempt was cancelled.",
        ("message.not_connected", _) => "The number is not connected any more, so the message was not sent again.",
        ("message.window_closed", _) => "The person did not write within a day, so the message was not sent again.",
        ("message.text_gone", _) => "The message's text is not kept any more, so it was not sent again.",
        ("message.opted_out", _) => "The person wants no marketing messages, so the message was not sent again.",
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
    fn only_what_may_help_is_tried_again_and_every_code_has_one_row() {
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
