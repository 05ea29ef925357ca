//! Which names are one person: contacts and senders of incoming messages, and system messages about a new number or
//! user id (both in `messages`); `user_id_update`.

use super::{CHECK, Change, Context, Observation};
use crate::domain::ids::PhoneNumberId;
use crate::domain::person::{Names, merged};
use crate::domain::recipient::Recipient;
use crate::webhook::members::Members;

/// Members that name a contact of a notification.
const CONTACT: &[&str] = &["wa_id", "user_id", "parent_user_id"];
/// Members that name the sender of a message.
pub(in crate::webhook) const SENDER: &[&str] = &["from", "from_user_id", "from_parent_user_id"];
/// Members of a system message that name a person before and after a change. `new_wa_id`: older payloads.
const CHANGED: &[&str] =
    &["wa_id", "new_wa_id", "user_id", "parent_user_id", "previous_user_id", "previous_parent_user_id"];
/// System messages that say so; others name nobody new.
const CHANGES: [&str; 4] =
    ["user_changed_number", "user_changed_user_id", "customer_changed_number", "customer_changed_user_id"];

/// Every name in these members. Numbers and ids come as text or as numbers; a member that is neither is skipped.
pub(in crate::webhook) fn names(members: &Members<'_>, keys: &[&str], phone: &PhoneNumberId) -> Names {
    let named = keys.iter().filter_map(|key| Recipient::any(&members.text(key)?));
    named.flat_map(|person| person.names(phone)).collect()
}

/// The contacts that a notification lists: a number and a user id in one contact are one person.
pub(super) fn contacts(change: &Change<'_>, phone: &PhoneNumberId) -> Vec<Names> {
    let contacts = Members::of(change.value).objects("contacts");
    contacts.iter().map(|contact| names(contact, CONTACT, phone)).collect()
}

/// The people of incoming messages. Notifications with statuses only list contacts too; what those say is in the
/// statuses themselves.
pub(super) fn in_messages(change: &Change<'_>) -> Vec<Observation> {
    if !change.value.get().contains("\"messages\"") {
        return Vec::new();
    }
    let Some(phone) = change.phone() else { return Vec::new() };
    let messages = Members::of(change.value).objects("messages");
    let senders = messages.iter().map(|message| {
        let mut sender = names(message, SENDER, &phone);
        sender.extend(changed(&message.object("system"), &phone));
        sender
    });
    same(&phone, contacts(change, &phone).into_iter().chain(senders))
}

/// The names in a system message. Before Aug 2026 the previous user id is in its text only: "… changed from US.1 to
/// US.2".
fn changed(system: &Members<'_>, phone: &PhoneNumberId) -> Names {
    let kind = system.text("type").unwrap_or_default();
    if !CHANGES.contains(&kind.as_str()) {
        return Names::new();
    }
    let mut found = names(system, CHANGED, phone);
    if kind.ends_with("_changed_user_id") && system.raw("previous_user_id").is_none() {
        let body = system.text("body").unwrap_or_default();
        found.extend(ids_in(&body).into_iter().flat_map(|user| user.names(phone)));
    }
    found
}

/// The two ids at the end of the text. It begins with a profile name, which the person chose: only what follows the last
/// " from " is Meta's.
fn ids_in(body: &str) -> Vec<Recipient> {
    let ids = body.rsplit_once(" from ").and_then(|(_, ids)| ids.split_once(" to "));
    let ids = ids.into_iter().flat_map(|(old, new)| [old, new.split_whitespace().next().unwrap_or_default()]);
    ids.filter_map(|id| Recipient::user(id.trim().trim_end_matches(['.', ',']))).collect()
}

/// New user ids of people; an update that is not understood yields a check and does not affect the others.
pub(super) fn user_id_update(change: &Change<'_>, _: &Context) -> Vec<Observation> {
    let updates = Members::of(change.value).objects("user_id_update");
    let Some(phone) = change.phone().filter(|_| !updates.is_empty()) else { return vec![CHECK] };
    let read = |update: &Members<'_>| {
        let pairs =
            ["user_id", "parent_user_id"].map(|ids| names(&update.object(ids), &["previous", "current"], &phone));
        let is_understood = pairs.iter().any(|pair| pair.len() > 1);
        let known = is_understood.then(|| names(update, CONTACT, &phone));
        known.map(|known| known.into_iter().chain(pairs.into_iter().flatten()).collect::<Names>())
    };
    let (understood, odd): (Vec<_>, Vec<_>) = updates.iter().map(read).partition(Option::is_some);
    let people = contacts(change, &phone).into_iter().chain(understood.into_iter().flatten());
    same(&phone, people).into_iter().chain(odd.iter().map(|_| CHECK)).collect()
}

/// One observation for each person with several names.
pub(super) fn same(phone: &PhoneNumberId, sets: impl IntoIterator<Item = Names>) -> Vec<Observation> {
    merged(sets).into_iter().map(|names| Observation::SamePerson { phone: phone.clone(), names }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::AppId;
    use crate::domain::time::Timestamp;
    use crate::webhook::interpret::interpret;
    use serde_json::value::RawValue;
    use serde_json::{Value, json};

    fn observe(field: &str, mut value: Value) -> Vec<Observation> {
        value["metadata"] = json!({ "phone_number_id": "5" });
        let raw = RawValue::from_string(value.to_string()).unwrap();
        let context = Context { app: AppId::parse("42").unwrap(), received_at: Timestamp::from_seconds(2_000) };
        interpret(&Change { entry_id: "9".into(), time: None, field: field.into(), value: &raw }, &context)
    }

    fn one(people: &[&str]) -> Observation {
        let phone = PhoneNumberId::parse("5").unwrap();
        let names = people.iter().flat_map(|text| Recipient::any(text).unwrap().names(&phone)).collect();
        Observation::SamePerson { phone, names }
    }

    #[test]
    fn a_contact_and_a_sender_with_several_names_are_one_person() {
        let contacts = json!([{ "wa_id": "16505551234", "user_id": "US.1" }, 7, { "wa_id": 16_505_550_000_u64, "user_id": "US.9" }]);
        let messages = json!([
            { "from": "16505551234", "from_user_id": "US.1", "from_parent_user_id": "US.ENT.1", "type": "text" }, "x",
        ]);
        let mut found = observe("messages", json!({ "contacts": contacts, "messages": messages }));
        found.sort_by_key(|found| format!("{found:?}").len());
        assert_eq!(found, [one(&["16505550000", "US.9"]), one(&["16505551234", "US.1", "US.ENT.1"])]);
        assert!(!format!("{found:?}").contains("6505551"));
        let single = json!({ "contacts": { "wa_id": "16505551234", "user_id": "US.1" }, "messages": { "from": [] } });
        assert_eq!(observe("messages", single), [one(&["16505551234", "US.1"])]);
    }

    #[test]
    fn one_name_says_nothing_unless_the_country_spells_it_in_two_ways() {
        let from =
            |from: &str| json!({ "contacts": [{ "wa_id": from }], "messages": [{ "from": from, "type": "text" }] });
        assert_eq!(observe("messages", from("16505551234")), []);
        assert_eq!(observe("messages", from("5215512345678")), [one(&["525512345678"])]);
    }

    #[test]
    fn a_system_message_joins_a_person_before_and_after_the_change() {
        let system = |from: Value, system: Value| {
            observe("messages", json!({ "messages": [{ "from": from, "type": "system", "system": system }] }))
        };
        let number = json!({ "type": "user_changed_number", "body": "User A changed", "wa_id": "16505550000",
            "user_id": "US.2", "previous_user_id": "US.1", "previous_parent_user_id": "US.ENT.1" });
        assert_eq!(
            system(json!("16505551234"), number),
            [one(&["16505551234", "16505550000", "US.2", "US.1", "US.ENT.1"])]
        );
        let id = json!({ "type": "user_changed_user_id", "user_id": "US.2", "previous_user_id": "US.1" });
        assert_eq!(system(json!(null), id), [one(&["US.1", "US.2"])]);
        let text = json!({ "type": "user_changed_user_id", "body": "User id changed from US.1 to US.2.", "wa_id": 7 });
        assert_eq!(system(json!(null), text), [one(&["US.1", "US.2", "7"])]);
        let chosen =
            json!({ "type": "user_changed_user_id", "body": "User US.8 from US.9 to US.7 changed from US.1 to US.2" });
        assert_eq!(system(json!(null), chosen), [one(&["US.1", "US.2"])], "a name that the person chose joins nobody");
        let named = json!({ "type": "user_changed_number", "body": "User DR.Smith changed from 1 to 2", "wa_id": "16505550000" });
        assert_eq!(system(json!("16505551234"), named), [one(&["16505551234", "16505550000"])]);
        let older = json!({ "type": "customer_changed_number", "new_wa_id": "16505550000" });
        assert_eq!(system(json!("16505551234"), older), [one(&["16505551234", "16505550000"])]);
        let identity = json!({ "type": "customer_identity_changed", "wa_id": "16505550000" });
        assert_eq!(system(json!("16505551234"), identity), []);
    }

    #[test]
    fn a_new_user_id_is_the_same_person_and_an_invalid_one_does_not_affect_others() {
        let updates = json!([7, { "user_id": { "previous": "US.3", "current": "<" } },
            { "wa_id": "16505551234", "user_id": { "previous": "US.1", "current": "US.2" }, "timestamp": "1" }]);
        assert_eq!(
            observe("user_id_update", json!({ "user_id_update": updates })),
            [one(&["16505551234", "US.1", "US.2"]), CHECK, CHECK]
        );
    }
}
