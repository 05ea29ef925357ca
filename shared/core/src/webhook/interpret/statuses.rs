//! `messages` and `standby`: statuses of messages sent through us, and refusals by people who stopped marketing messages,
//! whoever sent to them. Everything else in these fields is only forwarded.

use super::people::names;
use super::{CHECK, Change, Context, Observation};
use crate::domain::failure::MetaCode;
use crate::domain::ids::PhoneNumberId;
use crate::domain::message::{Delivery, Message, STOPPED_MARKETING};
use crate::domain::person::{Names, Preference};
use crate::domain::progress::Fact;
use crate::domain::time::Timestamp;
use crate::webhook::members::Members;

/// What a change of these fields is about.
const PARTS: [&str; 4] = ["messages", "statuses", "errors", "message_echoes"];

/// Members that name the recipient. Group messages have none of a person.
const RECIPIENT: &[&str] =
    &["recipient_id", "recipient_user_id", "recipient_parent_user_id", "parent_recipient_user_id"];

/// Maximum length of a message id (Meta: up to 128 characters).
const LONGEST_WAMID: usize = 128;

pub(super) fn interpret(change: &Change<'_>, context: &Context) -> Vec<Observation> {
    // Most changes of this field are incoming messages: skip parsing whatever cannot be a status of ours.
    let json = change.value.get();
    let may_concern_us = json.contains("biz_opaque_callback_data") || json.contains(&STOPPED_MARKETING.to_string());
    if !may_concern_us && json.contains("\"messages\"") {
        return Vec::new();
    }
    let value = Members::of(change.value);
    let is_empty = |group: &Members<'_>| PARTS.iter().all(|part| group.raw(part).is_none());
    // While another app has the conversation, the same statuses are one level deeper.
    let groups: Vec<Members<'_>> = value.objects("standby").into_iter().chain([value]).collect();
    if groups.iter().all(is_empty) {
        return vec![CHECK];
    }
    let statuses = groups.iter().flat_map(|group| group.objects("statuses"));
    let phone = change.phone();
    statuses.flat_map(|status| of(&status, phone.as_ref(), change, context)).collect()
}

/// A status with our reference; one that is not understood yields a check, and so does a failure that says that the
/// number or its account may be lost.
fn of(status: &Members<'_>, phone: Option<&PhoneNumberId>, change: &Change<'_>, context: &Context) -> Vec<Observation> {
    if status.0.is_empty() {
        return vec![CHECK];
    }
    let reference = status.text("biz_opaque_callback_data");
    let delivery = status.text("status").and_then(|word| Delivery::parse(&word.to_ascii_lowercase()));
    let at = status.time("timestamp").map_or_else(|| context.time_of(change), |at| context.not_ahead(at));
    let code = status.objects("errors").iter().find_map(|error| error.number("code"));
    let recipient = phone.map(|phone| recipient(status, phone)).unwrap_or_default();
    let Some((message, attempt)) = reference.as_deref().and_then(Message::parse_reference) else {
        let refused = delivery == Some(Delivery::Failed) && code == Some(STOPPED_MARKETING);
        return refused.then(|| stopped(phone, recipient, at)).flatten().into_iter().collect();
    };
    let wamid = status.text("id").filter(|id| id.len() <= LONGEST_WAMID);
    let Some((delivery, wamid)) = delivery.zip(wamid) else { return vec![CHECK] };
    let doubtful =
        delivery == Delivery::Failed && code.is_none_or(|code| MetaCode { code, subcode: None }.doubts_access());
    let doubted = doubtful.then_some(Observation::Fact(Fact::AccessDoubted));
    let phone = phone.cloned();
    let reported = Observation::MessageStatus { message, phone, attempt, wamid, delivery, code, at, recipient };
    [reported].into_iter().chain(doubted).collect()
}

/// A person refused a marketing message that somebody else sent.
fn stopped(phone: Option<&PhoneNumberId>, names: Names, at: Timestamp) -> Option<Observation> {
    let preference = Preference { at, stopped: true };
    let phone = phone.filter(|_| !names.is_empty())?.clone();
    Some(Observation::Preference { phone, names, preference })
}

fn recipient(status: &Members<'_>, phone: &PhoneNumberId) -> Names {
    if status.word("recipient_type").as_deref() == Some("GROUP") {
        Names::new()
    } else {
        names(status, RECIPIENT, phone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::AppId;
    use serde_json::value::RawValue;

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
            [
                Observation::MessageStatus { attempt: 2, delivery: Delivery::Failed, code: Some(131_000), .. },
                CHECK,
                CHECK
            ]
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

    #[test]
    fn a_status_is_found_in_standby_as_a_single_value_and_with_ids_and_times_of_either_type() {
        let status = r#"{"id":"wamid.A","status":["DELIVERED"],"timestamp":1000,
            "biz_opaque_callback_data":"msg_01jd0000000000000000000000.1"}"#;
        for value in [
            format!(r#"{{"standby":{{"statuses":[{status}]}},"metadata":{{"phone_number_id":5}}}}"#),
            format!(r#"{{"standby":[{{"statuses":{status}}}]}}"#),
            format!(r#"{{"statuses":{status},"metadata":null}}"#),
        ] {
            let raw = RawValue::from_string(value).unwrap();
            let context = Context { app: AppId::parse("42").unwrap(), received_at: Timestamp::from_seconds(2_000) };
            let change = Change { entry_id: "9".into(), time: None, field: "standby".into(), value: &raw };
            let at = Timestamp::from_seconds(1_000);
            assert!(
                matches!(&interpret(&change, &context)[..], [Observation::MessageStatus { delivery: Delivery::Delivered, at: it, .. }] if *it == at),
                "{raw}"
            );
        }
    }

    #[test]
    fn a_failure_that_says_that_the_number_is_lost_is_checked_at_once() {
        let failed = |code: &str| {
            observe(&format!(
                r#"{{"id":"wamid.A","status":"failed","timestamp":"1000","errors":{{"code":{code}}},
                "biz_opaque_callback_data":"msg_01jd0000000000000000000000.1"}}"#
            ))
        };
        assert_eq!(failed("131026").len(), 1);
        for code in ["133010", "\"10\"", "200", "33"] {
            assert_eq!(failed(code).get(1), Some(&Observation::Fact(Fact::AccessDoubted)), "{code}");
        }
    }
}
