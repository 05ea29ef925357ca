//! Fields about one number: PIN, calling, user name, and data from the WhatsApp Business app.

use super::{CHECK, Change, Context, Observation};
use crate::domain::display_number::DisplayNumber;
use crate::domain::meta_status::Attribute;
use crate::domain::progress::{About, Fact};
use crate::webhook::members::Members;

/// Meta: the owner of the WhatsApp Business app declined to share its history.
const HISTORY_DECLINED: u64 = 2_593_109;

fn of_display(attribute: Attribute, word: &str, change: &Change<'_>, context: &Context) -> Option<Observation> {
    let value = Members::of(change.value);
    let about = About::Display(DisplayNumber::parse(&value.text("display_phone_number")?)?);
    let (value, at) = (value.word(word)?, context.time_of(change));
    Some(Observation::Fact(Fact::Observed { about, attribute, value, at }))
}

fn of_node(attribute: Attribute, value: String, change: &Change<'_>, context: &Context) -> Option<Observation> {
    let (about, at) = (About::Number(change.phone()?), context.time_of(change));
    Some(Observation::Fact(Fact::Observed { about, attribute, value, at }))
}

/// `security`.
pub(super) fn security(change: &Change<'_>, context: &Context) -> Option<Observation> {
    of_display(Attribute::Pin, "event", change, context)
}

/// `business_username_updates`.
pub(super) fn username(change: &Change<'_>, context: &Context) -> Option<Observation> {
    of_display(Attribute::Username, "status", change, context)
}

/// `account_settings_update`: calling settings.
pub(super) fn settings(change: &Change<'_>, context: &Context) -> Option<Observation> {
    let settings = Members::of(change.value).object("phone_number_settings");
    of_node(Attribute::Calling, settings.object("calling").word("status")?, change, context)
}

/// `history`: its progress. Chunks arrive in any order; the largest progress counts. Media that follow contain none.
pub(super) fn history(change: &Change<'_>, context: &Context) -> Vec<Observation> {
    let value = Members::of(change.value);
    if value.raw("history").is_none() && value.raw("messages").is_some() {
        return Vec::new();
    }
    let parts = value.objects("history");
    let progress = parts.iter().filter_map(|part| part.object("metadata").number("progress")).max();
    let declined =
        |part: &Members<'_>| part.objects("errors").iter().any(|error| error.number("code") == Some(HISTORY_DECLINED));
    let word = match progress {
        Some(progress) => Some(progress.min(100).to_string()),
        None => parts.iter().any(declined).then(|| "DECLINED".to_owned()),
    };
    let observed = word.and_then(|word| of_node(Attribute::History, word, change, context));
    let odd = parts.iter().any(|part| part.object("metadata").number("progress").is_none() && !declined(part));
    let check = (odd || observed.is_none()).then_some(CHECK);
    observed.into_iter().chain(check).collect()
}

/// `smb_app_state_sync`: contacts were received.
pub(super) fn contacts(change: &Change<'_>, context: &Context) -> Option<Observation> {
    Members::of(change.value).items("state_sync").first()?;
    of_node(Attribute::Contacts, "RECEIVED".to_owned(), change, context)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::{AppId, PhoneNumberId};
    use crate::domain::time::Timestamp;
    use serde_json::value::RawValue;

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

    /// The only observation of `history`.
    fn progress(change: &Change<'_>, context: &Context) -> Option<Observation> {
        history(change, context).into_iter().next()
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
        assert_eq!(observe(progress, &two), Some((node(), Attribute::History, "55".into())));
        let declined = value(r#"{"errors":[{"code":2593109,"title":"x"}]}"#);
        assert_eq!(observe(progress, &declined), Some((node(), Attribute::History, "DECLINED".into())));
        let media = r#"{"metadata":{"phone_number_id":"1065"},"messages":[]}"#;
        assert_eq!(observe(progress, media), None, "media messages contain no progress");
        let synced = r#"{"metadata":{"phone_number_id":"1065"},"state_sync":[{"type":"contact"}]}"#;
        assert_eq!(observe(contacts, synced), Some((node(), Attribute::Contacts, "RECEIVED".into())));
    }

    #[test]
    fn each_member_is_read_by_itself_as_text_or_number_or_list() {
        let number =
            r#"{"phone_number_settings":[{"phone_number_id":1065,"calling":{"status":["disabled"]},"odd":"\ud83d"}]}"#;
        assert_eq!(observe(settings, number), Some((node(), Attribute::Calling, "DISABLED".into())));
        let single = r#"{"metadata":{"phone_number_id":1065},"history":{"metadata":{"progress":"70"}}}"#;
        assert_eq!(observe(progress, single), Some((node(), Attribute::History, "70".into())));
        let declined = r#"{"metadata":{"phone_number_id":1065},"history":{"errors":{"code":"2593109"}}}"#;
        assert_eq!(observe(progress, declined), Some((node(), Attribute::History, "DECLINED".into())));
        let display = About::Display(DisplayNumber::parse("15550783881").unwrap());
        let pin = r#"{"display_phone_number":15550783881,"event":"PIN_CHANGED","requester":{}}"#;
        assert_eq!(observe(security, pin), Some((display, Attribute::Pin, "PIN_CHANGED".into())));
    }

    #[test]
    fn odd_values_are_not_understood() {
        let reads = [security, username, settings, progress, contacts];
        for read in reads {
            for odd in ["null", "{}", "[]", "7", r#"{"history":{}}"#, r#"{"display_phone_number":"x","event":"<b>"}"#] {
                assert_eq!(observe(read, odd), None, "{odd}");
            }
        }
    }
}
