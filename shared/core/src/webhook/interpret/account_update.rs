//! `account_update`: partners added and removed, our app installed and uninstalled, accounts deleted.

use super::{Change, Context, Observation};
use crate::domain::ids::BusinessId;
use crate::domain::meta_status::{Attribute, status_value};
use crate::domain::progress::{About, Fact};
use crate::domain::time::Timestamp;
use serde::Deserialize;

#[derive(Deserialize)]
struct Value {
    event: String,
    waba_info: Option<WabaInfo>,
    partner_client_certification_needed_info: Option<Client>,
    partner_client_certification_info: Option<Certification>,
    ban_info: Option<Ban>,
    restriction_info: Option<Vec<Restriction>>,
    violation_info: Option<Violation>,
}

#[derive(Deserialize)]
struct Restriction {
    restriction_type: String,
    /// Seconds, as a number or as a string of digits.
    expiration: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct Violation {
    violation_type: String,
}

#[derive(Deserialize)]
struct WabaInfo {
    partner_app_id: Option<String>,
    owner_business_id: Option<String>,
}

#[derive(Deserialize)]
struct Client {
    client_business_id: Option<String>,
}

#[derive(Deserialize)]
struct Certification {
    status: String,
}

#[derive(Deserialize)]
struct Ban {
    waba_ban_state: String,
}

/// Documented events; those not handled by [`interpret`] do not change our records.
const EVENTS: [&str; 18] = [
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

/// The name of an undocumented event.
pub(super) fn undocumented_event(change: &Change<'_>) -> Option<String> {
    let value: Value = serde_json::from_str(change.value.get()).ok()?;
    (!EVENTS.contains(&value.event.as_str())).then(|| status_value(&value.event)).flatten()
}

pub(super) fn interpret(change: &Change<'_>, context: &Context) -> Option<Observation> {
    let value: Value = serde_json::from_str(change.value.get()).ok()?;
    let info = value.waba_info.as_ref();
    let app = info.and_then(|info| info.partner_app_id.as_deref());
    let ours = app.is_none_or(|app| app == context.app.as_str());
    let at = context.time_of(change);
    let business = info.and_then(|info| info.owner_business_id.as_deref());
    let joined = Some(Observation::Joined { business: business.and_then(|id| BusinessId::parse(id).ok()), at });
    let departed = |reason| Some(Observation::Fact(Fact::Departed(reason, at)));
    let about = |attribute, text: &str| {
        Some(Observation::Fact(Fact::Observed { about: About::Account, attribute, value: status_value(text)?, at }))
    };
    match value.event.as_str() {
        "PARTNER_CLIENT_CERTIFICATION_NEEDED" => needs_certification(&value, at),
        "PARTNER_CLIENT_CERTIFICATION_STATUS_UPDATE" => {
            about(Attribute::Certification, &value.partner_client_certification_info.as_ref()?.status)
        }
        "DISABLED_UPDATE" => about(Attribute::Status, &value.ban_info.as_ref()?.waba_ban_state),
        "ACCOUNT_RESTRICTION" => restriction(&value, at),
        "ACCOUNT_VIOLATION" => about(Attribute::Violation, &value.violation_info.as_ref()?.violation_type),
        "MM_LITE_TERMS_SIGNED" => about(Attribute::MarketingMessages, "TERMS_SIGNED"),
        "VERIFIED_ACCOUNT" => Some(Observation::Fact(Fact::CheckRequested)),
        "ACCOUNT_OFFBOARDED" | "ACCOUNT_RECONNECTED" => about(Attribute::Status, &value.event),
        "PARTNER_ADDED" => joined,
        "PARTNER_APP_INSTALLED" if ours => joined,
        "PARTNER_REMOVED" => departed("partner_removed"),
        "PARTNER_APP_UNINSTALLED" if ours => departed("app_uninstalled"),
        "ACCOUNT_DELETED" => departed("account_deleted"),
        _ => None,
    }
}

/// Restrictions, the most severe first: a business that may not reply may not start conversations either.
const GRAVEST: [&str; 9] = [
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

/// The most severe restriction, and when it expires. Meta reports the end of a restriction with the same event.
fn restriction(value: &Value, at: Timestamp) -> Option<Observation> {
    let cause = value.violation_info.as_ref().map_or("", |violation| violation.violation_type.as_str());
    if cause.ends_with("_UNBAN") || cause.ends_with("_RATE_LIMIT_RECOVERY") {
        return Some(Observation::Fact(Fact::Restricted { value: "LIFTED".to_owned(), until: None, at }));
    }
    let rank = |one: &&Restriction| GRAVEST.iter().position(|known| *known == one.restriction_type);
    let gravest = value.restriction_info.as_deref()?.iter().min_by_key(|one| rank(one).unwrap_or(GRAVEST.len()))?;
    let until = gravest.expiration.as_ref().and_then(seconds).map(Timestamp::from_seconds);
    Some(Observation::Fact(Fact::Restricted { value: status_value(&gravest.restriction_type)?, until, at }))
}

fn seconds(expiration: &serde_json::Value) -> Option<i64> {
    let seconds = expiration.as_i64().or_else(|| expiration.as_str()?.parse().ok());
    seconds.filter(|seconds| *seconds > 0)
}

/// A business without a website finished a signup; Meta requires a certification before its first message.
fn needs_certification(value: &Value, at: Timestamp) -> Option<Observation> {
    let business = value.partner_client_certification_needed_info.as_ref()?.client_business_id.as_deref()?;
    Some(Observation::Uncertified { business: BusinessId::parse(business).ok()?, at })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::AppId;
    use serde_json::value::RawValue;

    fn observe(value: &str) -> Option<Observation> {
        let raw = RawValue::from_string(value.to_owned()).unwrap();
        let context = Context { app: AppId::parse("42").unwrap(), received_at: Timestamp::from_seconds(200) };
        let time = Some(Timestamp::from_seconds(100));
        let change = Change { entry_id: "9".into(), time, field: "account_update".into(), value: &raw };
        interpret(&change, &context)
    }

    #[test]
    fn the_most_severe_of_several_restrictions_counts_until_it_ends() {
        let event = |members: &str| observe(&format!(r#"{{"event":"ACCOUNT_RESTRICTION",{members}}}"#));
        let restricted = |value: &str, until: Option<i64>| {
            let (until, at) = (until.map(Timestamp::from_seconds), Timestamp::from_seconds(100));
            Some(Observation::Fact(Fact::Restricted { value: value.to_owned(), until, at }))
        };
        let (biz, calling) = ("RESTRICTED_BIZ_INITIATED_MESSAGING", "RESTRICTED_USER_INITIATED_CALLING");
        let two = format!(
            r#""restriction_info":[{{"restriction_type":"{calling}","expiration":9}},{{"restriction_type":"{biz}","expiration":"5"}}]"#
        );
        assert_eq!(event(&two), restricted(biz, Some(5)));
        let endless = r#""restriction_info":[{"restriction_type":"RESTRICTED_IN_2027"}]"#;
        assert_eq!(event(endless), restricted("RESTRICTED_IN_2027", None));
        let lifted = r#""violation_info":{"violation_type":"DIRECT_SEND_UTILITY_UNBAN"}"#;
        assert_eq!(event(lifted), restricted("LIFTED", None));
    }

    #[test]
    fn only_our_own_app_counts_as_uninstalled() {
        let departed = Some(Observation::Fact(Fact::Departed("app_uninstalled", Timestamp::from_seconds(100))));
        assert_eq!(
            observe(r#"{"event":"PARTNER_APP_UNINSTALLED","waba_info":{"waba_id":"1","partner_app_id":"42"}}"#),
            departed
        );
        assert_eq!(
            observe(r#"{"event":"PARTNER_APP_UNINSTALLED","waba_info":{"waba_id":"1","partner_app_id":"43"}}"#),
            None
        );
    }

    #[test]
    fn events_that_do_not_change_our_records_are_only_forwarded() {
        for value in [
            r#"{"event":"ACCOUNT_VIOLATION"}"#,
            r#"{"event":"ACCOUNT_RESTRICTION"}"#,
            r#"{"event":"SOMETHING_NEW"}"#,
            "null",
            "{}",
            "[1]",
        ] {
            assert_eq!(observe(value), None, "{value}");
        }
        let at = Timestamp::from_seconds(100);
        let observed = |json: &str| match observe(json) {
            Some(Observation::Fact(Fact::Observed { attribute, value, .. })) => Some((attribute, value)),
            _ => None,
        };
        let violated = r#"{"event":"ACCOUNT_VIOLATION","violation_info":{"violation_type":"ALCOHOL"}}"#;
        assert_eq!(observed(violated), Some((Attribute::Violation, "ALCOHOL".into())));
        assert_eq!(
            observe(r#"{"event":"PARTNER_ADDED","waba_info":{"waba_id":"1"}}"#),
            Some(Observation::Joined { business: None, at })
        );
        assert_eq!(
            observe(r#"{"event":"PARTNER_ADDED","waba_info":{"waba_id":"1","owner_business_id":"77"}}"#),
            Some(Observation::Joined { business: BusinessId::parse("77").ok(), at })
        );
        assert!(matches!(
            observe(r#"{"event":"DISABLED_UPDATE","ban_info":{"waba_ban_state":"SCHEDULE_FOR_DISABLE"}}"#),
            Some(Observation::Fact(Fact::Observed { attribute: Attribute::Status, .. }))
        ));
    }
}
