//! `messages`: statuses of messages sent through us, and refusals by people who stopped marketing messages, whoever sent
//! to them.

use super::people::names;
use super::{Change, Context, Observation};
use crate::domain::ids::PhoneNumberId;
use crate::domain::message::{Delivery, Message, STOPPED_MARKETING};
use crate::domain::person::{Names, Preference};
use crate::domain::time::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value as Json};

#[derive(Deserialize)]
struct Value<'a> {
    #[serde(borrow, default)]
    statuses: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Status {
    id: String,
    status: String,
    timestamp: String,
    /// Our reference, when the message was sent through us.
    biz_opaque_callback_data: Option<String>,
    #[serde(default)]
    errors: Vec<Error>,
}

#[derive(Deserialize)]
struct Error {
    code: u64,
}

/// Members that name the recipient. Group messages have none of a person.
const RECIPIENT: &[&str] =
    &["recipient_id", "recipient_user_id", "recipient_parent_user_id", "parent_recipient_user_id"];

/// Maximum length of a message id (Meta: up to 128 characters).
const LONGEST_WAMID: usize = 128;

pub(super) fn interpret(change: &Change<'_>, context: &Context) -> Vec<Observation> {
    // Most changes of this field are incoming messages: skip parsing whatever cannot be a status of ours.
    let text = change.value.get();
    if !text.contains("biz_opaque_callback_data") && !text.contains(&STOPPED_MARKETING.to_string()) {
        return Vec::new();
    }
    let Ok(value) = serde_json::from_str::<Value<'_>>(change.value.get()) else { return Vec::new() };
    let Some(phone) = change.phone() else { return Vec::new() };
    value.statuses.iter().filter_map(|status| of(status.get(), &phone, context)).collect()
}

fn of(status: &str, phone: &PhoneNumberId, context: &Context) -> Option<Observation> {
    let recipient = recipient(status, phone);
    let status: Status = serde_json::from_str(status).ok()?;
    let delivery = Delivery::parse(&status.status)?;
    let at = context.not_ahead(Timestamp::from_seconds(status.timestamp.parse().ok()?));
    let code = status.errors.first().map(|error| error.code);
    match status.biz_opaque_callback_data.as_deref().and_then(Message::parse_reference) {
        Some((message, attempt)) => {
            let wamid = Some(status.id).filter(|id| id.len() <= LONGEST_WAMID)?;
            let phone = phone.clone();
            Some(Observation::MessageStatus { message, phone, attempt, wamid, delivery, code, at, recipient })
        }
        None if delivery == Delivery::Failed && code == Some(STOPPED_MARKETING) && !recipient.is_empty() => {
            let preference = Preference { at, stopped: true };
            Some(Observation::Preference { phone: phone.clone(), names: recipient, preference })
        }
        None => None,
    }
}

fn recipient(status: &str, phone: &PhoneNumberId) -> Names {
    match serde_json::from_str::<Map<String, Json>>(status) {
        Ok(members) if members.get("recipient_type").and_then(Json::as_str) != Some("group") => {
            names(&members, RECIPIENT, phone)
        }
        _ => Names::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::AppId;

    fn observe(statuses: &str) -> Vec<Observation> {
        let raw = RawValue::from_string(format!(
            r#"{{"messaging_product":"whatsapp","metadata":{{"phone_number_id":"5"}},"statuses":[{statuses}]}}"#
        ))
        .unwrap();
        let context = Context { app: AppId::parse("42").unwrap(), received_at: Timestamp::from_seconds(2_000) };
        interpret(&Change { entry_id: "9".into(), time: None, field: "messages".into(), value: &raw }, &context)
    }

    #[test]
    fn statuses_of_our_own_messages_are_found_among_others() {
        let ours = r#"{"id":"wamid.A","status":"failed","timestamp":"1000","recipient_id":"1",
            "biz_opaque_callback_data":"msg_01jd0000000000000000000000.2","errors":[{"code":131000}]}"#;
        let theirs = r#"{"id":"wamid.B","status":"read","timestamp":"1000","biz_opaque_callback_data":"order 7"}"#;
        let odd = r#"{"id":"wamid.C","status":"warped","timestamp":"x","biz_opaque_callback_data":"msg_01jd0000000000000000000000.1"}"#;
        let observed = observe(&[ours, theirs, odd, "7"].join(","));
        assert!(matches!(
            &observed[..],
            [Observation::MessageStatus { attempt: 2, delivery: Delivery::Failed, code: Some(131_000), .. }]
        ));
        assert_eq!(observe(r#"{"id":"wamid.B","status":"read","timestamp":"1000"}"#), vec![]);
    }

    #[test]
    fn a_marketing_message_that_failed_because_of_an_opt_out_is_one_whoever_sent_it() {
        let failed = |code: u64| {
            format!(
                r#"{{"id":"wamid.B","status":"failed","timestamp":"1000","recipient_id":"16505551234",
                "recipient_user_id":"US.1","errors":[{{"code":{code}}}]}}"#
            )
        };
        let observed = observe(&[failed(131_050), failed(131_026)].join(","));
        let expected = Preference { at: Timestamp::from_seconds(1000), stopped: true };
        assert!(
            matches!(&observed[..], [Observation::Preference { names, preference, .. }]
                if names.len() == 2 && *preference == expected),
            "{observed:?}"
        );
    }
}
