//! What each of Meta's error codes for messages means: whether and when a message is sent again, who acts, and a sentence.
//! Meta: "WhatsApp error codes"; second attempts are made only for codes that are safe to retry, after the waits that Meta
//! documents.

use super::Policy::{self, After, Ask, Never, Once, WhenOpen};
use super::STOPPED_MARKETING;
use crate::domain::failure::Actor::{self, Customer, Meta, Operator, Platform};
use std::time::Duration;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;

/// One meaning, for one or more codes.
pub(super) struct Row {
    pub(super) codes: &'static [u64],
    pub(super) policy: Policy,
    pub(super) actor: Actor,
    pub(super) sentence: &'static str,
}

const fn row(codes: &'static [u64], policy: Policy, actor: Actor, sentence: &'static str) -> Row {
    Row { codes, policy, actor, sentence }
}

const fn after(seconds: u64) -> Policy {
    After(Duration::from_secs(seconds))
}

/// The row of a code; every permission of Meta's has a code of its own between 200 and 299.
pub(super) fn of(code: u64) -> Option<&'static Row> {
    let code = if (200..300).contains(&code) { 200 } else { code };
    ROWS.iter().find(|row| row.codes.contains(&code))
}

#[rustfmt::skip]
pub(super) const ROWS: &[Row] = &[
    // The service as a whole.
    row(&[1, 2, 131_000, 131_016, 133_004], Once, Meta, "Meta had an internal error. The message will be retried once automatically."),
    row(&[4, 80_007, 80_008, 130_429], Once, Platform, "A rate limit was reached. The message will be retried once automatically."),
    row(&[131_057, 2_494_100], Once, Meta, "The number is under maintenance. The message will be retried once automatically."),
    row(&[0, 102, 190], Ask, Customer, "The access token is no longer valid. The business has to connect again."),
    row(&[3, 10, 200, 131_005], Ask, Customer, "A permission is missing. The business has to connect again."),
    // The recipient.
    // One message in six seconds to a person, with a burst of up to 45 on credit; the credit is paid back long before the
    // delay has passed.
    row(&[131_056], Once, Platform, "Too many messages were sent to this person at once. The message will be retried once automatically."),
    row(&[131_049], after(24 * HOUR), Meta, "Meta withheld the message to limit how many marketing messages this person receives. It will be retried once after a day."),
    row(&[131_047], WhenOpen, Operator, "The person last wrote more than 24 hours ago. The message will be retried once if the person writes within a day. Otherwise, send a template."),
    row(&[131_026], Never, Operator, "The person cannot receive it: not on WhatsApp, an outdated app, or Meta's terms not accepted. Ask the person on another channel."),
    row(&[STOPPED_MARKETING], Never, Operator, "The person opted out of marketing messages from this business."),
    row(&[130_403], Never, Operator, "This business blocked the person. Unblock the person first."),
    row(&[130_472], Never, Operator, "Meta currently does not deliver marketing messages to this person. Use another channel."),
    row(&[130_497], Never, Operator, "Meta does not let this business write to people in this country."),
    row(&[131_021], Never, Operator, "A number cannot send messages to itself."),
    row(&[131_030], Ask, Operator, "The number is a test number, or the app is in development mode: it can only write to people on its list of recipients. Add the person there, or take the app live with the business's own number."),
    row(&[131_062], Ask, Operator, "This kind of template can be sent to phone numbers only."),
    row(&[137_000], Ask, Operator, "The person's identity has changed since it was confirmed. Confirm it again."),
    row(&[139_100], Ask, Operator, "Some people could not be blocked: only people who wrote within the last 24 hours can be."),
    row(&[139_101], Ask, Operator, "The list of blocked people is full. Unblock some first."),
    row(&[139_102, 139_103], Ask, Meta, "Meta could not change the list of blocked people. Try again."),
    // The number and the account.
    row(&[131_048], Ask, Customer, "Meta restricts the number because people blocked or reported it. Send fewer messages until its quality improves."),
    row(&[131_064], Ask, Meta, "Meta lowered the account's limit because templates were in the wrong category. It lifts the limit by itself; stop bulk messages until then."),
    row(&[131_063], Ask, Operator, "Meta does not take marketing messages of this account here. Send them with the Marketing Messages API."),
    row(&[131_042, 131_044], Ask, Customer, "There is a problem with the account's payment method. Check WhatsApp Manager."),
    row(&[131_031, 368, 139_000], Ask, Customer, "Meta restricted or disabled the account. Check Meta's Business Support Home."),
    row(&[133_010, 33], Ask, Operator, "The number is not connected. Register it again; another partner may have released it."),
    row(&[131_045, 133_000], Ask, Operator, "The number's registration is incomplete. Register the number again."),
    row(&[133_005], Ask, Customer, "The number has a two-step verification PIN that we do not know. Turn it off in WhatsApp Manager."),
    row(&[133_006], Ask, Customer, "The number has to be verified again in WhatsApp Manager."),
    row(&[133_008, 133_009], Ask, Customer, "The number's PIN was entered too often or too fast. Wait before it is entered again."),
    row(&[133_015], Ask, Meta, "The number was deleted a moment ago. Wait five minutes."),
    row(&[133_016], Ask, Meta, "The number was registered too often. Meta allows it again after 72 hours."),
    row(&[136_024, 136_025], Ask, Customer, "The number has to be verified before it can send messages."),
    row(&[131_037], Ask, Customer, "The number's display name has to be approved first."),
    row(&[134_011], Ask, Customer, "The business has to accept Meta's terms for payments in WhatsApp Manager."),
    row(&[139_200], Ask, Meta, "Meta blocks sending without templates for this account. It reports by webhook until when."),
    row(&[141_000, 141_002, 141_006, 141_010], Ask, Customer, "Meta reports that the account or number is not ready to send. See its health status in WhatsApp Manager."),
    row(&[147_001, 147_002, 147_003, 147_004, 147_005], Ask, Operator, "Meta did not accept the number's username. Choose another one, or link the page or account that has it."),
    row(&[1_752_041], Never, Operator, "The account was already invited to marketing messages. Nothing has to be done."),
    // The template.
    row(&[132_015], after(6 * HOUR), Operator, "The template is paused because of low quality. The message will be retried once after six hours."),
    row(&[134_101], after(10 * MINUTE), Meta, "Meta is still preparing the template. The message will be retried once after ten minutes."),
    row(&[132_001], Ask, Operator, "The template does not exist in this language, or is not approved."),
    row(&[132_000, 132_012, 132_018], Ask, Operator, "The parameters do not match the template."),
    row(&[132_005], Ask, Operator, "The text is too long with the parameters filled in."),
    row(&[132_007], Ask, Operator, "The template's content is against Meta's policies."),
    row(&[132_016], Ask, Operator, "Meta has disabled the template. Create a new one."),
    row(&[132_008], Ask, Operator, "Meta does not accept the value of a parameter."),
    row(&[132_068], Ask, Operator, "Meta blocks the template's flow. Repair the flow first."),
    row(&[132_069], Ask, Operator, "Meta limits the template's flow to ten messages an hour. Repair the flow, or send later."),
    row(&[139_001, 139_002, 139_003, 139_004], Ask, Operator, "Meta does not accept the flow. Check it in WhatsApp Manager."),
    row(&[134_100], Ask, Operator, "Only marketing templates can be sent with the Marketing Messages API."),
    row(&[134_102], Ask, Operator, "Meta cannot use the template for marketing messages at the moment. See its status in WhatsApp Manager."),
    row(&[131_055], Ask, Operator, "This way of sending takes marketing templates only. Send other messages in the usual way."),
    row(&[200_005, 200_006, 200_007], Ask, Operator, "Insights about templates have to be confirmed for the account first."),
    // The message.
    row(&[131_053], Once, Operator, "Meta could not use the file. The message will be retried once; if it fails again, check the file's address, type and size. The address that Meta lists for a template's sample expires: send a file of your own."),
    row(&[131_052], Never, Operator, "Meta could not get a file that the person sent. Ask the person to send it again."),
    row(&[131_060], Never, Operator, "Meta no longer has this message of the person's. Ask the person to send it again."),
    row(&[100, 131_008, 131_009, 131_051], Ask, Operator, "Meta does not accept the message in this form."),
    row(&[130_501], Ask, Operator, "Messages of this type cannot be sent to groups."),
    row(&[135_000], Never, Operator, "Meta did not send the message and gives no exact reason: its content may be wrong, or Meta dropped it while checking a new template. Check it before you send it again."),
    row(&[131_014], Never, Operator, "The call has ended."),
    row(&[138_000, 138_001, 138_002, 138_003, 138_004, 138_005, 138_006, 138_007, 138_008, 138_009, 138_010, 138_011, 138_012, 138_013],
        Ask, Operator, "Calls are not possible now: they are not enabled for the number, the person has not permitted them, or a limit was reached."),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::message::sentence;

    /// Every code of Meta's tables for messages and its general ones: "WhatsApp error codes" (Dec 2025 and later copies),
    /// and what was added or seen since.
    const DOCUMENTED: &[u64] = &[
        0, 1, 2, 3, 4, 10, 33, 100, 102, 190, 200, 210, 299, 368, 80_007, 80_008, 130_403, 130_429, 130_472, 130_497,
        130_501, 131_000, 131_005, 131_008, 131_009, 131_014, 131_016, 131_021, 131_026, 131_030, 131_031, 131_037,
        131_042, 131_044, 131_045, 131_047, 131_048, 131_049, 131_050, 131_051, 131_052, 131_053, 131_055, 131_056,
        131_057, 131_060, 131_062, 131_063, 131_064, 132_000, 132_001, 132_005, 132_007, 132_008, 132_012, 132_015,
        132_016, 132_018, 132_068, 132_069, 133_000, 133_004, 133_005, 133_006, 133_008, 133_009, 133_010, 133_015,
        133_016, 134_011, 134_100, 134_101, 134_102, 135_000, 136_024, 136_025, 137_000, 138_000, 138_001, 138_002,
        138_013, 139_000, 139_001, 139_002, 139_003, 139_004, 139_100, 139_101, 139_102, 139_103, 139_200, 141_000,
        141_002, 141_006, 141_010, 147_001, 147_002, 147_003, 147_004, 147_005, 200_005, 200_006, 200_007, 1_752_041,
        2_494_100,
    ];

    #[test]
    fn no_documented_code_falls_to_the_general_sentence() {
        let general = sentence("graph.424242");
        for code in DOCUMENTED {
            assert_ne!(sentence(&format!("graph.{code}")), general, "{code}");
        }
    }

    #[test]
    fn every_code_has_one_row_and_every_row_a_sentence() {
        let codes: Vec<u64> = ROWS.iter().flat_map(|row| row.codes.iter().copied()).collect();
        let distinct: std::collections::BTreeSet<u64> = codes.iter().copied().collect();
        assert_eq!(codes.len(), distinct.len());
        for row in ROWS {
            let retried = matches!(row.policy, Once | After(_) | WhenOpen);
            assert!(row.sentence.ends_with('.'), "{}", row.sentence);
            assert_eq!(row.sentence.contains("retried once"), retried, "{}", row.sentence);
        }
    }
}
