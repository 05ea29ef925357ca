//! The people who wrote to a business.

use super::change::Change;
use super::members::Members;
use crate::domain::ids::PhoneNumberId;
use crate::domain::recipient::Recipient;

/// Fingerprints of everybody who wrote to a number in a change of `messages`, by phone number and by user id.
#[must_use]
pub fn writers(change: &Change<'_>, phone: &PhoneNumberId) -> Vec<String> {
    let messages = Members::of(change.value).objects("messages");
    let people = messages.iter().flat_map(|message| {
        let by_number = message.text("from").as_deref().and_then(Recipient::number);
        let by_id = message.text("from_user_id").as_deref().and_then(Recipient::user);
        by_number.into_iter().chain(by_id)
    });
    people.map(|person| person.fingerprint(phone)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::value::RawValue;

    #[test]
    fn everybody_who_wrote_is_recognised_and_invalid_messages_do_not_affect_others() {
        let phone = PhoneNumberId::parse("5").unwrap();
        let text = r#"{"messages":[{"from":"16505551234"},7,{"from_user_id":"US.abc"},{"from":"x"}],"contacts":[]}"#;
        let value = RawValue::from_string(text.to_owned()).unwrap();
        let change = Change { entry_id: "9".into(), time: None, field: "messages".into(), value: &value };
        let by_number = Recipient::number("16505551234").unwrap().fingerprint(&phone);
        let by_id = Recipient::user("US.abc").unwrap().fingerprint(&phone);
        assert_eq!(writers(&change, &phone), [by_number, by_id]);
    }
}
