//! `user_preferences`: people stop and resume marketing messages.

use super::people::{contacts, names, same};
use super::{CHECK, Change, Context, Observation};
use crate::domain::ids::PhoneNumberId;
use crate::domain::person::Preference;
use crate::webhook::members::Members;
use crate::webhook::vocabulary::PREFERENCES;

/// Members that name the person who decided.
const PERSON: &[&str] = &["wa_id", "user_id", "parent_user_id"];

/// One observation for each decision; one that is not understood yields a check and does not affect the others.
pub(super) fn interpret(change: &Change<'_>, context: &Context) -> Vec<Observation> {
    let items = Members::of(change.value).objects("user_preferences");
    let Some(phone) = change.phone().filter(|_| !items.is_empty()) else { return vec![CHECK] };
    let decided = items.iter().map(|item| of(item, &phone, context).unwrap_or(CHECK));
    same(&phone, contacts(change, &phone)).into_iter().chain(decided).collect()
}

fn of(item: &Members<'_>, phone: &PhoneNumberId, context: &Context) -> Option<Observation> {
    let stopped = match item.word("value")?.as_str() {
        "STOP" => true,
        "RESUME" => false,
        _ => return None,
    };
    if !PREFERENCES.contains(&item.word("category")?.as_str()) {
        return None;
    }
    // Without a time it is as new as its receipt: an opt-out must not be lost.
    let at = item.time("timestamp").map_or(context.received_at, |at| context.not_ahead(at));
    let names = names(item, PERSON, phone);
    let preference = Preference { at, stopped };
    (!names.is_empty()).then(|| Observation::Preference { phone: phone.clone(), names, preference })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::AppId;
    use crate::domain::recipient::Recipient;
    use crate::domain::time::Timestamp;
    use serde_json::value::RawValue;

    fn observe(value: &str) -> Vec<Observation> {
        let raw = RawValue::from_string(value.to_owned()).unwrap();
        let context = Context { app: AppId::parse("42").unwrap(), received_at: Timestamp::from_seconds(2_000) };
        interpret(&Change { entry_id: "9".into(), time: None, field: "user_preferences".into(), value: &raw }, &context)
    }

    #[test]
    fn everybody_in_the_list_is_observed_under_all_names_without_personal_data() {
        let one = |who: &str, value: &str, at: &str| {
            format!(r#"{{{who},"detail":"x","category":"marketing_messages","value":"{value}","timestamp":{at}}}"#)
        };
        let list = [
            one(r#""wa_id":"16505551234","user_id":"US.123","parent_user_id":"US.ENT.1""#, "stop", "1000"),
            one(r#""user_id":"US.9""#, "resume", r#""1000""#),
            one(r#""user_id":"US.8""#, "stop", "null"),
            one(r#""user_id":"US.7""#, "maybe", "1000"),
        ];
        let value = format!(r#"{{"metadata":{{"phone_number_id":"1065"}},"user_preferences":[{}]}}"#, list.join(","));
        let phone = PhoneNumberId::parse("1065").unwrap();
        let decided = |people: &[&str], seconds: i64, stopped: bool| {
            let names = people.iter().flat_map(|text| Recipient::any(text).unwrap().names(&phone)).collect();
            let preference = Preference { at: Timestamp::from_seconds(seconds), stopped };
            Observation::Preference { phone: phone.clone(), names, preference }
        };
        let observed = observe(&value);
        let all = ["16505551234", "US.123", "US.ENT.1"];
        let expected = [decided(&all, 1000, true), decided(&["US.9"], 1000, false), decided(&["US.8"], 2000, true)];
        assert_eq!(observed.get(..3), Some(&expected[..]));
        assert_eq!(observed.get(3..), Some(&[CHECK][..]), "the last one is not understood");
        assert!(!format!("{observed:?}").contains("650555"));
        assert_eq!(observe(r#"{"user_preferences":[{}]}"#), [CHECK]);
    }
}
