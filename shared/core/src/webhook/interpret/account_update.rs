//! `account_update`: partners added and removed, our app installed and uninstalled, accounts deleted.

use super::{CHECK, Change, Context, Observation};
use crate::domain::display_number::DisplayNumber;
use crate::domain::ids::BusinessId;
use crate::domain::meta_status::{Attribute, status_value};
use crate::domain::progress::{About, Fact, ReportedDisconnection};
use crate::domain::time::Timestamp;
use crate::webhook::members::Members;
use crate::webhook::vocabulary::{ACCOUNT_EVENTS, LIFTED, PASSED_ON_EVENTS, RESTRICTIONS};

/// The name of an undocumented event.
pub(super) fn undocumented_event(change: &Change<'_>) -> Option<String> {
    let event = Members::of(change.value).word("event")?;
    (!ACCOUNT_EVENTS.contains(&event.as_str())).then_some(event)
}

/// What an event means. A known one without readable details, and an unknown one, which may be the loss of access, yield
/// a check.
pub(super) fn interpret(change: &Change<'_>, context: &Context) -> Vec<Observation> {
    let value = Members::of(change.value);
    let event = value.word("event").unwrap_or_default();
    let app = value.object("waba_info").text("partner_app_id");
    let anothers = event.starts_with("PARTNER_APP_") && app.is_some_and(|app| app != context.app.as_str());
    if anothers || PASSED_ON_EVENTS.contains(&event.as_str()) {
        return Vec::new();
    }
    let observed: Vec<Observation> = of_event(&event, &value, context.time_of(change));
    if observed.is_empty() { vec![CHECK] } else { observed }
}

fn of_event(event: &str, value: &Members<'_>, at: Timestamp) -> Vec<Observation> {
    let about = |attribute, word: Option<String>| {
        word.map(|value| Observation::Fact(Fact::Observed { about: About::Account, attribute, value, at }))
    };
    let violation = || about(Attribute::Violation, value.object("violation_info").word("violation_type"));
    let observed = match event {
        "PARTNER_ADDED" | "PARTNER_APP_INSTALLED" => {
            let business = value.object("waba_info").id("owner_business_id", BusinessId::parse);
            // Without its owner the account cannot be onboarded from the announcement.
            let check = business.is_none().then_some(CHECK);
            return [Observation::Joined { business, at }].into_iter().chain(check).collect();
        }
        "PARTNER_REMOVED" => Some(removed(value, at)),
        "PARTNER_APP_UNINSTALLED" => Some(Observation::Fact(Fact::Departed("app_uninstalled", at))),
        "ACCOUNT_DELETED" => Some(Observation::Fact(Fact::Departed("account_deleted", at))),
        "PARTNER_CLIENT_CERTIFICATION_NEEDED" => {
            let client = value.object("partner_client_certification_needed_info");
            let business = client.id("client_business_id", BusinessId::parse);
            business.map(|business| Observation::Uncertified { business, at })
        }
        "PARTNER_CLIENT_CERTIFICATION_STATUS_UPDATE" => {
            about(Attribute::Certification, value.object("partner_client_certification_info").word("status"))
        }
        "DISABLED_UPDATE" => about(Attribute::Status, value.object("ban_info").word("waba_ban_state")),
        "ACCOUNT_RESTRICTION" => return restriction(value, at).map_or_else(|| or_check(violation()), |it| vec![it]),
        "ACCOUNT_VIOLATION" => {
            let restricted = value.any("restriction_info").map(|_| restriction(value, at).unwrap_or(CHECK));
            return [violation().unwrap_or(CHECK)].into_iter().chain(restricted).collect();
        }
        "MM_LITE_TERMS_SIGNED" => about(Attribute::MarketingMessages, status_value("TERMS_SIGNED")),
        "ACCOUNT_OFFBOARDED" | "ACCOUNT_RECONNECTED" => about(Attribute::Status, status_value(event)),
        _ => None,
    };
    observed.into_iter().collect()
}

/// A violation where a restriction is expected: noted, and Meta is read.
fn or_check(violation: Option<Observation>) -> Vec<Observation> {
    violation.into_iter().chain([CHECK]).collect()
}

/// Meta sends this event for an account that is no longer shared, and for one number that was disconnected in the
/// WhatsApp Business app; the latter names the number, or says why.
fn removed(value: &Members<'_>, at: Timestamp) -> Observation {
    let (info, number) = (value.object("disconnection_info"), value.text("phone_number"));
    if value.raw("disconnection_info").is_none() && number.is_none() {
        return Observation::Fact(Fact::Departed("partner_removed", at));
    }
    Observation::Fact(Fact::NumberDisconnected(Box::new(ReportedDisconnection {
        display: number.as_deref().and_then(DisplayNumber::parse),
        reason: info.word("reason"),
        initiated_by: info.word("initiated_by"),
        at,
    })))
}

/// The most severe restriction, and when it expires. Meta reports the end of a restriction with the same event.
fn restriction(value: &Members<'_>, at: Timestamp) -> Option<Observation> {
    let cause = value.object("violation_info").word("violation_type").unwrap_or_default();
    if LIFTED.iter().any(|end| cause.ends_with(end)) {
        return Some(Observation::Fact(Fact::Restricted { value: "LIFTED".to_owned(), until: None, at }));
    }
    let items = value.objects("restriction_info");
    let named = items.iter().filter_map(|item| Some((item.word("restriction_type")?, item.time("expiration"))));
    let rank = |word: &str| RESTRICTIONS.iter().position(|known| *known == word).unwrap_or(RESTRICTIONS.len());
    let (value, until) = named.min_by_key(|(word, _)| rank(word))?;
    Some(Observation::Fact(Fact::Restricted { value, until, at }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::AppId;
    use serde_json::value::RawValue;

    fn observe(value: &str) -> Option<Observation> {
        let mut observed = all(value);
        assert!(observed.len() < 2, "{observed:?}");
        observed.pop()
    }

    fn all(value: &str) -> Vec<Observation> {
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
    fn the_removal_of_one_number_is_not_that_of_the_account() {
        let at = Timestamp::from_seconds(100);
        let report = |display: Option<&str>, reason: Option<&str>| {
            let display = display.and_then(DisplayNumber::parse);
            let (reason, initiated_by) = (reason.map(str::to_owned), reason.map(|_| "USER".to_owned()));
            let report = ReportedDisconnection { display, reason, initiated_by, at };
            Some(Observation::Fact(Fact::NumberDisconnected(Box::new(report))))
        };
        let info = r#""disconnection_info":{"reason":"CHANGE_NUMBER","initiated_by":"USER"}"#;
        let with_number = format!(r#"{{"event":"PARTNER_REMOVED","phone_number":15550783881,{info}}}"#);
        assert_eq!(observe(&with_number), report(Some("15550783881"), Some("CHANGE_NUMBER")));
        let with_account = format!(r#"{{"event":"PARTNER_REMOVED","waba_info":{{"waba_id":"1"}},{info}}}"#);
        assert_eq!(observe(&with_account), report(None, Some("CHANGE_NUMBER")));
        assert_eq!(observe(r#"{"event":"PARTNER_REMOVED","phone_number":"1"}"#), report(Some("1"), None));
        let whole = observe(r#"{"event":"PARTNER_REMOVED","waba_info":{"waba_id":1,"owner_business_id":2}}"#);
        assert_eq!(whole, Some(Observation::Fact(Fact::Departed("partner_removed", at))));
    }

    #[test]
    fn a_violation_is_noted_whatever_stands_beside_it_and_a_list_is_read_like_a_single_value() {
        let observed = |json: &str| -> Vec<(Attribute, String)> {
            let understood = all(json).into_iter().filter(|observation| *observation != CHECK);
            let each = understood.map(|observation| match observation {
                Observation::Fact(Fact::Observed { attribute, value, .. }) => (attribute, value),
                Observation::Fact(Fact::Restricted { value, .. }) => (Attribute::Restriction, value),
                other => panic!("{other:?}"),
            });
            each.collect()
        };
        let beside =
            r#"{"event":"ACCOUNT_VIOLATION","violation_info":{"violation_type":"SCAM"},"restriction_info":"odd"}"#;
        assert_eq!(observed(beside), [(Attribute::Violation, "SCAM".into())]);
        assert_eq!(all(beside).len(), 2, "and the rest is checked");
        let single = r#"{"event":"ACCOUNT_VIOLATION","violation_info":[{"violation_type":"SCAM"}],
            "restriction_info":{"restriction_type":"RESTRICTED_X"}}"#;
        let both = [(Attribute::Violation, "SCAM".into()), (Attribute::Restriction, "RESTRICTED_X".into())];
        assert_eq!(observed(single), both);
        let listed = r#"{"event":["DISABLED_UPDATE"],"ban_info":{"waba_ban_state":["DISABLE"]}}"#;
        assert_eq!(observed(listed), [(Attribute::Status, "DISABLE".into())]);
        let warned =
            r#"{"event":"ACCOUNT_RESTRICTION","violation_info":{"violation_type":"DIRECT_SEND_UTILITY_STRIKE_1"}}"#;
        assert_eq!(observed(warned), [(Attribute::Violation, "DIRECT_SEND_UTILITY_STRIKE_1".into())]);
    }

    #[test]
    fn what_is_not_understood_is_checked_and_what_does_not_concern_us_is_only_forwarded() {
        for value in [
            r#"{"event":"ACCOUNT_VIOLATION"}"#,
            r#"{"event":"ACCOUNT_RESTRICTION"}"#,
            r#"{"event":"SOMETHING_NEW"}"#,
            r#"{"event":null}"#,
            "null",
            "{}",
            "[1]",
        ] {
            assert_eq!(observe(value), Some(CHECK), "{value}");
        }
        assert_eq!(observe(r#"{"event":"AD_ACCOUNT_LINKED"}"#), None);
        let at = Timestamp::from_seconds(100);
        let observed = |json: &str| match observe(json) {
            Some(Observation::Fact(Fact::Observed { attribute, value, .. })) => Some((attribute, value)),
            _ => None,
        };
        let violated = r#"{"event":"ACCOUNT_VIOLATION","violation_info":{"violation_type":"ALCOHOL"}}"#;
        assert_eq!(observed(violated), Some((Attribute::Violation, "ALCOHOL".into())));
        let unnamed = all(r#"{"event":"PARTNER_ADDED","waba_info":{"waba_id":"1"}}"#);
        assert_eq!(unnamed, [Observation::Joined { business: None, at }, CHECK]);
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
