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

pub(super) fn interpret(change: &Change<'_>, context: &Context) -> Option<Observation> {
    let value: Value = serde_json::from_str(change.value.get()).ok()?;
    let info = value.waba_info.as_ref();
    let app = info.and_then(|info| info.partner_app_id.as_deref());
    let ours = app.is_none_or(|app| app == context.app.as_str());
    let at = context.time_of(change);
    let business = info.and_then(|info| info.owner_business_id.as_deref());
    let joined = Some(Observation::Joined { business: business.and_then(|id| BusinessId::parse(id).ok()), at });
    let departed = |reason| Some(Observation::Departed { reason, at });
    let about = |aspect, text: &str| Some(Observation::Word { about: About::Account, aspect, word: word(text)?, at });
    match value.event.as_str() {
        "PARTNER_CLIENT_CERTIFICATION_NEEDED" => needs_certification(&value, at),
        "PARTNER_CLIENT_CERTIFICATION_STATUS_UPDATE" => {
            about(Aspect::Certification, &value.partner_client_certification_info?.status)
        }
        "DISABLED_UPDATE" => about(Aspect::Status, &value.ban_info?.waba_ban_state),
        "ACCOUNT_RESTRICTION" => about(Aspect::Restriction, &restriction(&value)?),
        "ACCOUNT_VIOLATION" => about(Aspect::Violation, &value.violation_info?.violation_type),
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

/// Meta tells under the same event that a restriction has ended.
fn restriction(value: &Value) -> Option<String> {
    let cause = value.violation_info.as_ref().map_or("", |violation| violation.violation_type.as_str());
    if cause.ends_with("_UNBAN") || cause.ends_with("_RATE_LIMIT_RECOVERY") {
        return Some("LIFTED".to_owned());
    }
    Some(value.restriction_info.as_ref()?.first()?.restriction_type.clone())
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
        interpret(&Change { entry_id: "9".into(), time, field: "account_update".into(), value: &raw }, &context)
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
        let restricted = r#"{"event":"ACCOUNT_RESTRICTION","restriction_info":[{"restriction_type":"RESTRICTED_ADD_PHONE_NUMBER_ACTION","expiration":1}]}"#;
        assert_eq!(word(restricted), Some((Aspect::Restriction, "RESTRICTED_ADD_PHONE_NUMBER_ACTION".into())));
        let lifted =
            r#"{"event":"ACCOUNT_RESTRICTION","violation_info":{"violation_type":"DIRECT_SEND_UTILITY_UNBAN"}}"#;
        assert_eq!(word(lifted), Some((Aspect::Restriction, "LIFTED".into())));
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
