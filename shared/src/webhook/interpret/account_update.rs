//! `account_update`: partners added and removed, our app installed and uninstalled, accounts deleted.

use super::{Change, Context, Observation};
use crate::domain::facts::{Aspect, word};
use crate::domain::ids::BusinessId;
use crate::domain::progress::About;
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
    /// Seconds, as a number or in digits.
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

/// Events that Meta documents; those that [`one`] does not name change no record of ours.
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

/// The event in Meta's words, when it is not a documented one.
pub(super) fn undocumented_event(change: &Change<'_>) -> Option<String> {
    let value: Value = serde_json::from_str(change.value.get()).ok()?;
    (!EVENTS.contains(&value.event.as_str())).then(|| word(&value.event)).flatten()
}

pub(super) fn interpret(change: &Change<'_>, context: &Context) -> Vec<Observation> {
    let Ok(value) = serde_json::from_str::<Value>(change.value.get()) else { return Vec::new() };
    if value.event == "ACCOUNT_RESTRICTION" {
        return restriction(&value, context.time_of(change));
    }
    one(&value, change, context).into_iter().collect()
}

fn one(value: &Value, change: &Change<'_>, context: &Context) -> Option<Observation> {
    let info = value.waba_info.as_ref();
    let app = info.and_then(|info| info.partner_app_id.as_deref());
    let ours = app.is_none_or(|app| app == context.app.as_str());
    let at = context.time_of(change);
    let business = info.and_then(|info| info.owner_business_id.as_deref());
    let joined = Some(Observation::Joined { business: business.and_then(|id| BusinessId::parse(id).ok()), at });
    let departed = |reason| Some(Observation::Departed { reason, at });
    let about = |aspect, text: &str| Some(Observation::Word { about: About::Account, aspect, word: word(text)?, at });
    match value.event.as_str() {
        "PARTNER_CLIENT_CERTIFICATION_NEEDED" => needs_certification(value, at),
        "PARTNER_CLIENT_CERTIFICATION_STATUS_UPDATE" => {
            about(Aspect::Certification, &value.partner_client_certification_info.as_ref()?.status)
        }
        "DISABLED_UPDATE" => about(Aspect::Status, &value.ban_info.as_ref()?.waba_ban_state),
        "ACCOUNT_VIOLATION" => about(Aspect::Violation, &value.violation_info.as_ref()?.violation_type),
        "MM_LITE_TERMS_SIGNED" => about(Aspect::MarketingMessages, "TERMS_SIGNED"),
        "VERIFIED_ACCOUNT" => Some(Observation::Look),
        "ACCOUNT_OFFBOARDED" | "ACCOUNT_RECONNECTED" => about(Aspect::Status, &value.event),
        "PARTNER_ADDED" => joined,
        "PARTNER_APP_INSTALLED" if ours => joined,
        "PARTNER_REMOVED" => departed("partner_removed"),
        "PARTNER_APP_UNINSTALLED" if ours => departed("app_uninstalled"),
        "ACCOUNT_DELETED" => departed("account_deleted"),
        _ => None,
    }
}

/// What is forbidden, and until when. Meta tells under the same event that a restriction has ended. Of several the last in
/// the alphabet is named: who may not answer (`RESTRICTED_CUSTOMER_…`) may not begin (`RESTRICTED_BIZ_…`) either.
fn restriction(value: &Value, at: Timestamp) -> Vec<Observation> {
    let cause = value.violation_info.as_ref().map_or("", |violation| violation.violation_type.as_str());
    let lifted = cause.ends_with("_UNBAN") || cause.ends_with("_RATE_LIMIT_RECOVERY");
    let all = value.restriction_info.as_deref().unwrap_or_default();
    let named = all.iter().map(|one| one.restriction_type.as_str()).max();
    let Some(kind) = (if lifted { Some("LIFTED") } else { named }).and_then(word) else { return Vec::new() };
    let ends: Option<Vec<i64>> = all.iter().map(|one| seconds(one.expiration.as_ref()?)).collect();
    let ends = ends.and_then(|ends| ends.into_iter().max()).filter(|_| !lifted);
    let ends = ends.map_or_else(|| "NONE".to_owned(), |ends| ends.to_string());
    let about = |aspect, word| Observation::Word { about: About::Account, aspect, word, at };
    // The end first: nobody is told of a restriction that is over.
    vec![about(Aspect::RestrictionEnds, ends), about(Aspect::Restriction, kind)]
}

fn seconds(expiration: &serde_json::Value) -> Option<i64> {
    let seconds = expiration.as_i64().or_else(|| expiration.as_str()?.parse().ok());
    seconds.filter(|seconds| *seconds > 0)
}

/// A business without a website finished a signup; Meta wants it certified before its first message.
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
        let mut observed = interpret(&change, &context);
        assert!(observed.len() < 2);
        observed.pop()
    }

    fn restrictions(value: &str) -> Vec<(Aspect, String)> {
        let value: Value = serde_json::from_str(value).unwrap();
        let word = |observation| match observation {
            Observation::Word { aspect, word, .. } => (aspect, word),
            other => panic!("{other:?}"),
        };
        restriction(&value, Timestamp::from_seconds(100)).into_iter().map(word).collect()
    }

    #[test]
    fn of_several_restrictions_the_gravest_counts_until_the_last_of_them_ends() {
        let both = |word: &str, ends: &str| {
            vec![(Aspect::RestrictionEnds, ends.to_owned()), (Aspect::Restriction, word.to_owned())]
        };
        let event = |rest: &str| format!(r#"{{"event":"ACCOUNT_RESTRICTION",{rest}}}"#);
        let (biz, customer) = ("RESTRICTED_BIZ_INITIATED_MESSAGING", "RESTRICTED_CUSTOMER_INITIATED_MESSAGING");
        let two = format!(
            r#""restriction_info":[{{"restriction_type":"{customer}","expiration":5}},{{"restriction_type":"{biz}","expiration":"9"}}]"#
        );
        assert_eq!(restrictions(&event(&two)), both(customer, "9"));
        let endless = format!(r#""restriction_info":[{{"restriction_type":"{biz}"}}]"#);
        assert_eq!(restrictions(&event(&endless)), both(biz, "NONE"));
        let lifted = r#""violation_info":{"violation_type":"DIRECT_SEND_UTILITY_UNBAN"}"#;
        assert_eq!(restrictions(&event(lifted)), both("LIFTED", "NONE"));
    }

    #[test]
    fn only_our_own_app_counts_as_uninstalled() {
        let departed = Some(Observation::Departed { reason: "app_uninstalled", at: Timestamp::from_seconds(100) });
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
    fn events_that_do_not_change_our_records_are_only_passed_on() {
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
        let word = |value: &str| match observe(value) {
            Some(Observation::Word { aspect, word, .. }) => Some((aspect, word)),
            _ => None,
        };
        let violated = r#"{"event":"ACCOUNT_VIOLATION","violation_info":{"violation_type":"ALCOHOL"}}"#;
        assert_eq!(word(violated), Some((Aspect::Violation, "ALCOHOL".into())));
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
            Some(Observation::Word { aspect: Aspect::Status, .. })
        ));
    }
}
