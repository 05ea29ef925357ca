//! The people who wrote to a business.

use super::change::Change;
use super::interpret::people::{SENDER, names, objects};
use crate::domain::ids::PhoneNumberId;
use crate::domain::person::Names;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

#[derive(Deserialize)]
struct Incoming<'a> {
    #[serde(borrow)]
    messages: Option<&'a RawValue>,
}

/// A message of this type is written by WhatsApp, for example about a new number: it opens no window.
const SYSTEM: &str = "system";

/// Names of everybody who wrote to a number in a change of `messages`, by phone number and by user id.
#[must_use]
pub fn writers(change: &Change<'_>, phone: &PhoneNumberId) -> Names {
    let Ok(value) = serde_json::from_str::<Incoming<'_>>(change.value.get()) else { return Names::new() };
    let messages = objects(value.messages).into_iter();
    let written = messages.filter(|message| message.get("type").and_then(Value::as_str) != Some(SYSTEM));
    written.flat_map(|message| names(&message, SENDER, phone)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::recipient::Recipient;

    #[test]
    fn everybody_who_wrote_is_recognised_and_invalid_messages_do_not_affect_others() {
        let phone = PhoneNumberId::parse("5").unwrap();
        let text = r#"{"messages":[{"from":"16505551234"},7,{"from_user_id":"US.abc"},{"from":"x"},
            {"from":"16505550000","type":"system"}],"contacts":[]}"#;
        let value = RawValue::from_string(text.to_owned()).unwrap();
        let change = Change { entry_id: "9".into(), time: None, field: "messages".into(), value: &value };
        let by_number = Recipient::number("16505551234").unwrap().fingerprint(&phone);
        let by_id = Recipient::user("US.abc").unwrap().fingerprint(&phone);
        assert_eq!(writers(&change, &phone), Names::from([by_number, by_id]));
    }
}
