//! `user_preferences`: people stop and resume marketing messages. `user_id_update`: their preferences also apply to a
//! new id.

use super::{Change, Context, Observation};
use crate::domain::recipient::Recipient;
use crate::domain::time::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

#[derive(Deserialize)]
struct Value<'a> {
    /// Unparsed, so that an invalid item does not affect the others.
    #[serde(borrow)]
    user_preferences: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Preference {
    wa_id: Option<String>,
    user_id: Option<String>,
    category: String,
    value: String,
    timestamp: i64,
}

#[derive(Deserialize)]
struct Updates<'a> {
    #[serde(borrow)]
    user_id_update: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Update {
    user_id: Option<Ids>,
    parent_user_id: Option<Ids>,
}

#[derive(Deserialize)]
struct Ids {
    previous: String,
    current: String,
}

pub(super) fn renamed(change: &Change<'_>, _: &Context) -> Vec<Observation> {
    let Ok(value) = serde_json::from_str::<Updates<'_>>(change.value.get()) else { return Vec::new() };
    let Some(phone) = change.phone() else { return Vec::new() };
    let each = value.user_id_update.iter().filter_map(|raw| serde_json::from_str::<Update>(raw.get()).ok());
    let renamed = each.flat_map(|update| update.user_id.into_iter().chain(update.parent_user_id)).filter_map(|ids| {
        let (was, is) = (Recipient::user(&ids.previous)?, Recipient::user(&ids.current)?);
        Some(Observation::Renamed { phone: phone.clone(), was: was.fingerprint(&phone), is: is.fingerprint(&phone) })
    });
    renamed.collect()
}

pub(super) fn interpret(change: &Change<'_>, context: &Context) -> Vec<Observation> {
    let Ok(value) = serde_json::from_str::<Value<'_>>(change.value.get()) else { return Vec::new() };
    let Some(phone) = change.phone() else { return Vec::new() };
    let each = value.user_preferences.iter().filter_map(|raw| serde_json::from_str::<Preference>(raw.get()).ok());
    let marketing = each.filter(|preference| preference.category == "marketing_messages");
    let each = marketing.flat_map(|preference| {
        let stopped = match preference.value.as_str() {
            "stop" => Some(true),
            "resume" => Some(false),
            _ => None,
        };
        let at = context.not_ahead(Timestamp::from_seconds(preference.timestamp));
        // Both identifiers of the same person: a message may be sent to either.
        let by_number = preference.wa_id.as_deref().and_then(Recipient::number);
        let by_id = preference.user_id.as_deref().and_then(Recipient::user);
        let people = by_number.into_iter().chain(by_id);
        let phone = phone.clone();
        people.filter_map(move |person| {
            Some(Observation::Preference {
                phone: phone.clone(),
                person: person.fingerprint(&phone),
                stopped: stopped?,
                at,
            })
        })
    });
    each.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::AppId;

    fn observe(value: &str) -> Vec<Observation> {
        let raw = RawValue::from_string(value.to_owned()).unwrap();
        let context = Context { app: AppId::parse("42").unwrap(), received_at: Timestamp::from_seconds(2_000) };
        interpret(&Change { entry_id: "9".into(), time: None, field: "user_preferences".into(), value: &raw }, &context)
    }

    #[test]
    fn a_new_user_id_is_the_same_person_and_an_invalid_one_does_not_affect_others() {
        let value = r#"{"metadata":{"phone_number_id":"5"},"user_id_update":[7,{"user_id":{"previous":"US.1","current":"<"}},
            {"detail":"x","user_id":{"previous":"US.1","current":"US.2"},"timestamp":"1"}]}"#;
        let raw = RawValue::from_string(value.to_owned()).unwrap();
        let context = Context { app: AppId::parse("42").unwrap(), received_at: Timestamp::from_seconds(2_000) };
        let change = Change { entry_id: "9".into(), time: None, field: "user_id_update".into(), value: &raw };
        let phone = crate::domain::ids::PhoneNumberId::parse("5").unwrap();
        let person = |id: &str| Recipient::user(id).unwrap().fingerprint(&phone);
        let expected = Observation::Renamed { phone: phone.clone(), was: person("US.1"), is: person("US.2") };
        assert_eq!(renamed(&change, &context), [expected]);
    }

    #[test]
    fn everybody_in_the_list_is_observed_under_both_ids_without_personal_data() {
        let one = |who: &str, value: &str| {
            format!(r#"{{{who},"detail":"x","category":"marketing_messages","value":"{value}","timestamp":1000}}"#)
        };
        let list = [
            one(r#""wa_id":"16505551234","user_id":"US.123""#, "stop"),
            one(r#""user_id":"US.9""#, "resume"),
            one(r#""user_id":"US.7""#, "maybe"),
        ];
        let value = format!(r#"{{"metadata":{{"phone_number_id":"1065"}},"user_preferences":[{}]}}"#, list.join(","));
        let observed = observe(&value);
        let stops: Vec<bool> = observed
            .iter()
            .map(|observation| matches!(observation, Observation::Preference { stopped: true, .. }))
            .collect();
        assert_eq!(stops, [true, true, false]);
        assert!(!format!("{observed:?}").contains("650555"));
        assert_eq!(observe(r#"{"user_preferences":[{}]}"#), vec![]);
    }
}
