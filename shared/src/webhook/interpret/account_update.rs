//! `account_update`: partners added and removed, our app installed and uninstalled, accounts deleted.

use super::{Change, Context, Observation};
use serde::Deserialize;

#[derive(Deserialize)]
struct Value {
    event: String,
    waba_info: Option<WabaInfo>,
}

#[derive(Deserialize)]
struct WabaInfo {
    partner_app_id: Option<String>,
}

pub(super) fn interpret(change: &Change<'_>, context: &Context) -> Option<Observation> {
    let value: Value = serde_json::from_str(change.value.get()).ok()?;
    let app = value.waba_info.and_then(|info| info.partner_app_id);
    let ours = app.is_none_or(|app| app == context.app.as_str());
    let joined = Some(Observation::Joined { at: context.time_of(change) });
    let departed = |reason| Some(Observation::Departed { reason, at: context.time_of(change) });
    match value.event.as_str() {
        "PARTNER_ADDED" => joined,
        "PARTNER_APP_INSTALLED" if ours => joined,
        "PARTNER_REMOVED" => departed("partner_removed"),
        "PARTNER_APP_UNINSTALLED" if ours => departed("app_uninstalled"),
        "ACCOUNT_DELETED" => departed("account_deleted"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::AppId;
    use crate::domain::time::Timestamp;
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
        for value in [r#"{"event":"ACCOUNT_VIOLATION"}"#, r#"{"event":"SOMETHING_NEW"}"#, "null", "{}", "[1]"] {
            assert_eq!(observe(value), None, "{value}");
        }
        assert_eq!(
            observe(r#"{"event":"PARTNER_ADDED","waba_info":{"waba_id":"1"}}"#),
            Some(Observation::Joined { at: Timestamp::from_seconds(100) })
        );
    }
}
