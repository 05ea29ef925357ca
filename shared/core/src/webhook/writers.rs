//! The people who wrote to a business.

use super::change::Change;
use super::interpret::people::{SENDER, names};
use super::members::Members;
use crate::domain::ids::PhoneNumberId;
use crate::domain::person::Names;

/// A message of this type is written by WhatsApp, for example about a new number: it opens no window.
const SYSTEM: &str = "system";

/// Names of everybody who wrote to a number in a change of `messages`, by phone number and by user id.
#[must_use]
pub fn writers(change: &Change<'_>, phone: &PhoneNumberId) -> Names {
    let messages = Members::of(change.value).objects("messages");
    let written = messages.iter().filter(|message| message.text("type").as_deref() != Some(SYSTEM));
    written.flat_map(|message| names(message, SENDER, phone)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::recipient::Recipient;
    use serde_json::value::RawValue;

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
