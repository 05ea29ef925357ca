//! Fields about one number: PIN, calling, user name, and data from the WhatsApp Business app.

use super::{Change, Context, Observation};
use crate::domain::display_number::DisplayNumber;
use crate::domain::ids::PhoneNumberId;
use crate::domain::meta_status::{Attribute, status_value};
use crate::domain::progress::{About, Fact};
use serde::Deserialize;
use serde_json::value::RawValue;

#[derive(Deserialize)]
struct Security {
    display_phone_number: String,
    event: String,
}

#[derive(Deserialize)]
struct Username {
    display_phone_number: String,
    status: String,
}

#[derive(Deserialize)]
struct Settings {
    phone_number_settings: PhoneSettings,
}

#[derive(Deserialize)]
struct PhoneSettings {
    phone_number_id: String,
    calling: Option<Calling>,
}

#[derive(Deserialize)]
struct Calling {
    status: String,
}

#[derive(Deserialize)]
struct History {
    history: Vec<HistoryPart>,
}

#[derive(Deserialize)]
struct HistoryPart {
    metadata: Option<HistoryProgress>,
    errors: Option<Vec<HistoryError>>,
}

#[derive(Deserialize)]
struct HistoryProgress {
    progress: Option<u32>,
}

#[derive(Deserialize)]
struct HistoryError {
    code: u32,
}

#[derive(Deserialize)]
struct Contacts<'a> {
    #[serde(borrow)]
    state_sync: Vec<&'a RawValue>,
}

/// Meta: the owner of the WhatsApp Business app declined to share its history.
const HISTORY_DECLINED: u32 = 2_593_109;

fn of_display(
    number: &str,
    attribute: Attribute,
    text: &str,
    change: &Change<'_>,
    context: &Context,
) -> Option<Observation> {
    let about = About::Display(DisplayNumber::parse(number)?);
    Some(Observation::Fact(Fact::Observed {
        about,
        attribute,
        value: status_value(text)?,
        at: context.time_of(change),
    }))
}

fn of_node(
    id: PhoneNumberId,
    attribute: Attribute,
    text: &str,
    change: &Change<'_>,
    context: &Context,
) -> Option<Observation> {
    Some(Observation::Fact(Fact::Observed {
        about: About::Number(id),
        attribute,
        value: status_value(text)?,
        at: context.time_of(change),
    }))
}

/// `security`.
pub(super) fn security(change: &Change<'_>, context: &Context) -> Option<Observation> {
    let value: Security = serde_json::from_str(change.value.get()).ok()?;
    of_display(&value.display_phone_number, Attribute::Pin, &value.event, change, context)
}

/// `business_username_updates`.
pub(super) fn username(change: &Change<'_>, context: &Context) -> Option<Observation> {
    let value: Username = serde_json::from_str(change.value.get()).ok()?;
    of_display(&value.display_phone_number, Attribute::Username, &value.status, change, context)
}

/// `account_settings_update`: calling settings.
pub(super) fn settings(change: &Change<'_>, context: &Context) -> Option<Observation> {
    let value: Settings = serde_json::from_str(change.value.get()).ok()?;
    let settings = value.phone_number_settings;
    let id = PhoneNumberId::parse(&settings.phone_number_id).ok()?;
    of_node(id, Attribute::Calling, &settings.calling?.status, change, context)
}

/// `history`: its progress. Chunks arrive in any order; the largest progress counts.
pub(super) fn history(change: &Change<'_>, context: &Context) -> Option<Observation> {
    let value: History = serde_json::from_str(change.value.get()).ok()?;
    let progress = value.history.iter().filter_map(|part| part.metadata.as_ref()?.progress).max();
    let declined = value.history.iter().flat_map(|part| part.errors.iter().flatten());
    let declined = declined.map(|error| error.code).any(|code| code == HISTORY_DECLINED);
    let text = match progress {
        Some(progress) => progress.min(100).to_string(),
        None if declined => "DECLINED".to_owned(),
        None => return None,
    };
    of_node(change.phone()?, Attribute::History, &text, change, context)
}

/// `smb_app_state_sync`: contacts were received.
pub(super) fn contacts(change: &Change<'_>, context: &Context) -> Option<Observation> {
    let value: Contacts<'_> = serde_json::from_str(change.value.get()).ok()?;
    if value.state_sync.is_empty() {
        return None;
    }
    of_node(change.phone()?, Attribute::Contacts, "RECEIVED", change, context)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::AppId;
    use crate::domain::time::Timestamp;

    fn observe(
        read: fn(&Change<'_>, &Context) -> Option<Observation>,
        value: &str,
    ) -> Option<(About, Attribute, String)> {
        let raw = RawValue::from_string(value.to_owned()).unwrap();
        let context = Context { app: AppId::parse("42").unwrap(), received_at: Timestamp::from_seconds(200) };
        let change = Change { entry_id: "9".into(), time: None, field: "x".into(), value: &raw };
        match read(&change, &context) {
            Some(Observation::Fact(Fact::Observed { about, attribute, value, .. })) => Some((about, attribute, value)),
            _ => None,
        }
    }

    fn node() -> About {
        About::Number(PhoneNumberId::parse("1065").unwrap())
    }

    #[test]
    fn a_change_about_one_number_is_recorded_for_that_number() {
        let display = About::Display(DisplayNumber::parse("15550783881").unwrap());
        let pin = r#"{"display_phone_number":"15550783881","event":"PIN_RESET_REQUEST","requester":"1"}"#;
        assert_eq!(observe(security, pin), Some((display.clone(), Attribute::Pin, "PIN_RESET_REQUEST".into())));
        let name = r#"{"display_phone_number":"15550783881","username":"x","status":"approved"}"#;
        assert_eq!(observe(username, name), Some((display, Attribute::Username, "APPROVED".into())));
        let calls = r#"{"type":"phone_number_settings","phone_number_settings":{"phone_number_id":"1065","calling":{"status":"ENABLED"}}}"#;
        assert_eq!(observe(settings, calls), Some((node(), Attribute::Calling, "ENABLED".into())));
    }

    #[test]
    fn history_reports_its_progress_or_that_it_was_declined() {
        let value = |parts: &str| format!(r#"{{"metadata":{{"phone_number_id":"1065"}},"history":[{parts}]}}"#);
        let two =
            value(r#"{"metadata":{"phase":0,"progress":40},"threads":[]},{"metadata":{"phase":1,"progress":55}}"#);
        assert_eq!(observe(history, &two), Some((node(), Attribute::History, "55".into())));
        let declined = value(r#"{"errors":[{"code":2593109,"title":"x"}]}"#);
        assert_eq!(observe(history, &declined), Some((node(), Attribute::History, "DECLINED".into())));
        let media = r#"{"metadata":{"phone_number_id":"1065"},"messages":[]}"#;
        assert_eq!(observe(history, media), None, "media messages contain no progress");
        let synced = r#"{"metadata":{"phone_number_id":"1065"},"state_sync":[{"type":"contact"}]}"#;
        assert_eq!(observe(contacts, synced), Some((node(), Attribute::Contacts, "RECEIVED".into())));
    }

    #[test]
    fn odd_values_are_passed_on_only() {
        let reads = [security, username, settings, history, contacts];
        for read in reads {
            for odd in ["null", "{}", "[]", "7", r#"{"history":{}}"#, r#"{"display_phone_number":"x","event":"<b>"}"#] {
                assert_eq!(observe(read, odd), None, "{odd}");
            }
        }
    }
}
