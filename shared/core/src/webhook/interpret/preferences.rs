//! `user_preferences`: people stop and resume marketing messages. `user_id_update`: their preferences also apply to a
//! new id.

use super::{CHECK, Change, Context, Observation};
use crate::domain::ids::PhoneNumberId;
use crate::domain::recipient::Recipient;
use crate::webhook::members::Members;
use crate::webhook::vocabulary::PREFERENCES;

pub(super) fn renamed(change: &Change<'_>, _: &Context) -> Vec<Observation> {
    each(change, "user_id_update", |update, phone| {
        let pairs = ["user_id", "parent_user_id"].map(|name| update.object(name));
        let renamed = pairs.iter().filter_map(|ids| {
            let was = Recipient::user(&ids.text("previous")?)?.fingerprint(phone);
            let is = Recipient::user(&ids.text("current")?)?.fingerprint(phone);
            Some(Observation::Renamed { phone: phone.clone(), was, is })
        });
        renamed.collect()
    })
}

pub(super) fn interpret(change: &Change<'_>, context: &Context) -> Vec<Observation> {
    each(change, "user_preferences", |preference, phone| {
        let stopped = match preference.word("value").as_deref() {
            Some("STOP") => true,
            Some("RESUME") => false,
            _ => return Vec::new(),
        };
        if preference.word("category").is_none_or(|category| !PREFERENCES.contains(&category.as_str())) {
            return Vec::new();
        }
        let at = preference.time("timestamp").map_or_else(|| context.time_of(change), |at| context.not_ahead(at));
        // Both identifiers of the same person: a message may be sent to either.
        let by_number = preference.text("wa_id").as_deref().and_then(Recipient::number);
        let by_id = preference.text("user_id").as_deref().and_then(Recipient::user);
        let people = by_number.into_iter().chain(by_id).map(|person| person.fingerprint(phone));
        people.map(|person| Observation::Preference { phone: phone.clone(), person, stopped, at }).collect()
    })
}

/// What each item of a list means for people who write to a number. One that is not understood yields a check and does
/// not affect the others.
fn each(
    change: &Change<'_>,
    list: &str,
    read: impl Fn(&Members<'_>, &PhoneNumberId) -> Vec<Observation>,
) -> Vec<Observation> {
    let items = Members::of(change.value).objects(list);
    let Some(phone) = change.phone().filter(|_| !items.is_empty()) else { return vec![CHECK] };
    let or_check = |found: Vec<Observation>| if found.is_empty() { vec![CHECK] } else { found };
    items.iter().flat_map(|item| or_check(read(item, &phone))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::AppId;
    use crate::domain::time::Timestamp;
    use serde_json::value::RawValue;

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
        let phone = PhoneNumberId::parse("5").unwrap();
        let person = |id: &str| Recipient::user(id).unwrap().fingerprint(&phone);
        let expected = Observation::Renamed { phone: phone.clone(), was: person("US.1"), is: person("US.2") };
        assert_eq!(renamed(&change, &context), [CHECK, CHECK, expected]);
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
        let stops: Vec<Option<bool>> = observed
            .iter()
            .map(|observation| match observation {
                Observation::Preference { stopped, .. } => Some(*stopped),
                _ => None,
            })
            .collect();
        assert_eq!(stops, [Some(true), Some(true), Some(false), None], "the last one is not understood");
        assert!(!format!("{observed:?}").contains("650555"));
        assert_eq!(observe(r#"{"user_preferences":[{}]}"#), [CHECK]);
    }
}
