//! Meta's words: every list of words in webhooks that this system knows, in one place; those of templates are in the
//! domain. A word that is not listed passes
//! like a listed one; it is only counted, because Meta's lists grow without notice.

use super::change::Change;
use super::members::Members;
use crate::domain::composition::CATEGORIES;
use crate::domain::template::{Quality, Status};

/// Events of `account_update` that change no record of ours.
pub(crate) const PASSED_ON_EVENTS: [&str; 4] = [
    "AD_ACCOUNT_LINKED",
    "AUTH_INTL_PRICE_ELIGIBILITY_UPDATE",
    "BUSINESS_PRIMARY_LOCATION_COUNTRY_UPDATE",
    "VOLUME_BASED_PRICING_TIER_UPDATE",
];

/// Events of `account_update`.
pub(crate) const ACCOUNT_EVENTS: [&str; 18] = [
    "ACCOUNT_DELETED",
    "ACCOUNT_OFFBOARDED",
    "ACCOUNT_RECONNECTED",
    "ACCOUNT_RESTRICTION",
    "ACCOUNT_VIOLATION",
    "AD_ACCOUNT_LINKED",
    "AUTH_INTL_PRICE_ELIGIBILITY_UPDATE",
    "BUSINESS_PRIMARY_LOCATION_COUNTRY_UPDATE",
    "DISABLED_UPDATE",
    "MM_LITE_TERMS_SIGNED",
    "PARTNER_ADDED",
    "PARTNER_APP_INSTALLED",
    "PARTNER_APP_UNINSTALLED",
    "PARTNER_CLIENT_CERTIFICATION_NEEDED",
    "PARTNER_CLIENT_CERTIFICATION_STATUS_UPDATE",
    "PARTNER_REMOVED",
    "VERIFIED_ACCOUNT",
    "VOLUME_BASED_PRICING_TIER_UPDATE",
];

/// Restrictions, the most severe first: a business that may not reply may not start conversations either.
pub(crate) const RESTRICTIONS: [&str; 9] = [
    "RESTRICTED_CUSTOMER_INITIATED_MESSAGING",
    "RESTRICTED_BIZ_INITIATED_MESSAGING",
    "RESTRICTED_UTILITY_TEMPLATES",
    "RESTRICTED_DIRECT_SEND_UTILITY_TEMPLATES",
    "RESTRICTED_BIZ_INITIATED_AND_USER_INITIATED_CALLING",
    "RESTRICTED_BUSINESS_INITIATED_CALLING",
    "RESTRICTED_USER_INITIATED_CALLING",
    "RESTRICTED_USER_INITIATED_CALLING_CALL_BUTTON_HIDDEN",
    "RESTRICTED_ADD_PHONE_NUMBER_ACTION",
];

/// Ends of the words for violations whose restriction was lifted.
pub(crate) const LIFTED: [&str; 2] = ["_UNBAN", "_RATE_LIMIT_RECOVERY"];

const VIOLATIONS: [&str; 29] = [
    "ADULT",
    "ALCOHOL",
    "ANIMALS",
    "BODY_PARTS_FLUIDS",
    "DATING",
    "DIGITAL_SERVICES_PRODUCTS",
    "DIRECT_SEND_UTILITY_CATEGORY_ABUSE_WARN",
    "DIRECT_SEND_UTILITY_OFFBOARD",
    "DIRECT_SEND_UTILITY_RATE_LIMIT",
    "DIRECT_SEND_UTILITY_RATE_LIMIT_RECOVERY",
    "DIRECT_SEND_UTILITY_STRIKE_1",
    "DIRECT_SEND_UTILITY_STRIKE_2",
    "DIRECT_SEND_UTILITY_TEMPLATE_ABUSE",
    "DIRECT_SEND_UTILITY_UNBAN",
    "DRUGS",
    "GAMBLING",
    "HEALTHCARE",
    "ILLEGAL_PRODUCTS",
    "LOW_BUSINESS_INITIATED_CALLING_QUALITY",
    "LOW_USER_INITIATED_CALLING_QUALITY",
    "MISLEADING",
    "OVERTLY_SEXUALIZED_POSITIONING",
    "REAL_FAKE_CURRENCY",
    "SCAM",
    "SUPPLEMENTS",
    "THIRD_PARTY_INFRINGEMENTS",
    "TOBACCO",
    "UNAUTHORIZED_MEDIA",
    "WEAPONS",
];
const BAN_STATES: [&str; 3] = ["DISABLE", "REINSTATE", "SCHEDULE_FOR_DISABLE"];
const CERTIFICATIONS: [&str; 5] = ["APPROVED", "DISCARDED", "FAILED", "PENDING", "REVOKED"];
const REVIEWS: [&str; 4] = ["APPROVED", "DEFERRED", "PENDING", "REJECTED"];
const PIN_EVENTS: [&str; 3] = ["PIN_CHANGED", "PIN_REQUEST_SUCCESS", "PIN_RESET_REQUEST"];
const USERNAMES: [&str; 3] = ["APPROVED", "DELETED", "RESERVED"];
const CALLING: [&str; 2] = ["DISABLED", "ENABLED"];
const SOLUTIONS: [&str; 6] = ["ACTIVE", "DEACTIVATED", "DRAFT", "INITIATED", "PENDING_DEACTIVATION", "REJECTED"];
/// Categories of a preference; only the first concerns what is sent through us.
pub(crate) const PREFERENCES: [&str; 1] = ["MARKETING_MESSAGES"];
const PREFERENCE_VALUES: [&str; 2] = ["RESUME", "STOP"];
/// Statuses of messages, calls and payments.
const DELIVERIES: [&str; 11] = [
    "ACCEPTED",
    "CAPTURED",
    "DELETED",
    "DELIVERED",
    "FAILED",
    "PENDING",
    "PLAYED",
    "READ",
    "REJECTED",
    "RINGING",
    "SENT",
];
const ALERTED: [&str; 3] = ["BUSINESS", "CURRENT_STATUS_ID", "PHONE_NUMBER"];
const DISCONNECTED_BY: [&str; 2] = ["SYSTEM", "USER"];
const DISCONNECTIONS: [&str; 6] = [
    "ACCOUNT_DISCONNECTED",
    "BUSINESS_DOWNGRADE",
    "CHANGE_NUMBER",
    "COMPANION_INACTIVITY",
    "PRIMARY_INACTIVITY",
    "USER_RE_REGISTERED",
];

/// Where a list of words applies: fields, path of members (lists are entered), words.
type Row = (&'static [&'static str], &'static [&'static str], &'static [&'static str]);

const ROWS: &[Row] = &[
    (&["account_update"], &["event"], &ACCOUNT_EVENTS),
    (&["account_update"], &["restriction_info", "restriction_type"], &RESTRICTIONS),
    (&["account_update"], &["violation_info", "violation_type"], &VIOLATIONS),
    (&["account_update"], &["ban_info", "waba_ban_state"], &BAN_STATES),
    (&["account_update"], &["partner_client_certification_info", "status"], &CERTIFICATIONS),
    (&["account_update"], &["disconnection_info", "initiated_by"], &DISCONNECTED_BY),
    (&["account_update"], &["disconnection_info", "reason"], &DISCONNECTIONS),
    (&["account_review_update", "phone_number_name_update"], &["decision"], &REVIEWS),
    (&["account_alerts"], &["entity_type"], &ALERTED),
    (&["account_settings_update"], &["phone_number_settings", "calling", "status"], &CALLING),
    (&["business_username_updates"], &["status"], &USERNAMES),
    (&["security"], &["event"], &PIN_EVENTS),
    (&["partner_solutions"], &["solution_status"], &SOLUTIONS),
    (&["message_template_status_update"], &["event"], Status::WORDS),
    (&["message_template_status_update"], &["message_template_category"], &CATEGORIES),
    (&["message_template_quality_update"], &["new_quality_score"], Quality::WORDS),
    (&["template_category_update"], &["new_category"], &CATEGORIES),
    (&["template_category_update", "template_correct_category_detection"], &["correct_category"], &CATEGORIES),
    (&["template_correct_category_detection"], &["category"], &CATEGORIES),
    (&["user_preferences"], &["user_preferences", "category"], &PREFERENCES),
    (&["user_preferences"], &["user_preferences", "value"], &PREFERENCE_VALUES),
    (&["messages"], &["statuses", "status"], &DELIVERIES),
    (&["standby"], &["standby", "statuses", "status"], &DELIVERIES),
];

/// The lists of Meta's words of which a change uses a word that is not listed, each as `<field>.<path>`. Contains no text
/// of Meta's.
#[must_use]
pub fn unlisted(change: &Change<'_>) -> Vec<String> {
    let rows = ROWS.iter().filter(|(fields, _, _)| fields.contains(&&*change.field));
    let unlisted = rows.filter(|(_, path, words)| {
        let used = used(&Members::of(change.value), path);
        used.iter().any(|used| !words.contains(&used.as_str()))
    });
    unlisted.map(|(_, path, _)| format!("{}.{}", change.field, path.join("."))).collect()
}

/// The words at the end of a path, in upper case.
fn used(members: &Members<'_>, path: &[&str]) -> Vec<String> {
    match path {
        [] => Vec::new(),
        [last] => members.word(last).into_iter().collect(),
        [name, rest @ ..] => members.objects(name).iter().flat_map(|inner| used(inner, rest)).collect(),
    }
}

/// Every listed word.
pub fn words() -> impl Iterator<Item = &'static str> {
    ROWS.iter().flat_map(|(_, _, words)| words.iter().copied())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::message::Delivery;
    use serde_json::value::RawValue;

    fn found(field: &'static str, value: &str) -> Vec<String> {
        let value = RawValue::from_string(value.to_owned()).unwrap();
        unlisted(&Change { entry_id: "9".into(), time: None, field: field.into(), value: &value })
    }

    #[test]
    fn a_word_that_is_not_listed_is_counted_by_the_name_of_its_list() {
        let two = r#"{"event":"QUIET_2027","restriction_info":[{"restriction_type":"RESTRICTED_ADD_PHONE_NUMBER_ACTION"},
            {"restriction_type":"RESTRICTED_EVERYTHING"}]}"#;
        assert_eq!(
            found("account_update", two),
            ["account_update.event", "account_update.restriction_info.restriction_type"]
        );
        assert_eq!(
            found("messages", r#"{"statuses":[{"status":"sent"},{"status":"pondered"}]}"#),
            ["messages.statuses.status"]
        );
        assert!(found("account_review_update", r#"{"decision":"approved"}"#).is_empty());
        assert!(found("flows", r#"{"event":"ANYTHING"}"#).is_empty());
    }

    #[test]
    fn the_lists_agree_with_what_is_done_with_their_words() {
        assert!(PASSED_ON_EVENTS.iter().all(|event| ACCOUNT_EVENTS.contains(event)));
        let known = |word: &&&str| Delivery::parse(&word.to_ascii_lowercase()).is_some();
        assert_eq!(DELIVERIES.iter().filter(known).count(), 5);
    }
}
