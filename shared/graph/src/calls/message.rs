//! Sending a message, and what has to be known about its template.

use crate::call::{GraphCall, GraphRequest};
use onboarding_core::domain::grant::VerifiedPhone;
use onboarding_core::domain::ids::{PhoneNumberId, WabaId};
use onboarding_core::domain::person::Names;
use onboarding_core::domain::recipient::Recipient;
use serde::Deserialize;
use serde_json::{Map, Value};

/// Sends a message from a proven number.
pub struct SendMessage<'a> {
    /// The number.
    pub phone: &'a VerifiedPhone,
    /// The message.
    pub payload: &'a Map<String, Value>,
    /// Our reference, which Meta repeats in every status (`biz_opaque_callback_data`): the only way to recognise a
    /// message whose send call was not answered.
    pub reference: &'a str,
}

/// Meta accepted the message.
#[derive(Deserialize)]
pub struct Sent {
    messages: Vec<SentMessage>,
    /// Unparsed: only the message's id matters for the message.
    #[serde(default)]
    contacts: Value,
}

#[derive(Deserialize)]
struct SentMessage {
    id: String,
}

impl Sent {
    /// What Meta calls the recipient, as names on the sending number. Its number may differ from the one that was given
    /// (Meta: `input` and `wa_id` "may not match").
    #[must_use]
    pub fn recipient(&self, from: &PhoneNumberId) -> Names {
        let contacts = self.contacts.as_array().map(Vec::as_slice).unwrap_or_default();
        // One recipient per message: several contacts would be several people.
        let [Value::Object(contact)] = contacts else { return Names::new() };
        let texts = ["wa_id", "user_id", "parent_user_id"].into_iter().filter_map(|name| contact.get(name)?.as_str());
        texts.filter_map(Recipient::any).flat_map(|person| person.names(from)).collect()
    }

    /// Meta's message id.
    #[must_use]
    pub fn wamid(self) -> Option<String> {
        self.messages.into_iter().next().map(|message| message.id)
    }
}

/// The category of a template, by its name: what is sent with it is marketing or not.
pub struct TemplateCategory<'a> {
    /// The account.
    pub waba: &'a WabaId,
    /// The template's name.
    pub name: &'a str,
}

/// Templates whose names contain the wanted one.
#[derive(Deserialize)]
pub struct Categories {
    data: Vec<Categorised>,
}

#[derive(Deserialize)]
struct Categorised {
    name: String,
    category: Option<String>,
}

impl Categories {
    /// The categories of the template in its languages; `None` for one that Meta does not name.
    pub fn of<'a>(&'a self, name: &'a str) -> impl Iterator<Item = Option<&'a str>> {
        self.data.iter().filter(move |found| found.name == name).map(|found| found.category.as_deref())
    }
}

impl GraphCall for TemplateCategory<'_> {
    const NAME: &'static str = "template_category";
    type Reply = Categories;
    fn request(&self) -> GraphRequest {
        GraphRequest::get(&[self.waba.as_str(), "message_templates"])
            .with("name", self.name)
            .with("fields", "id,name,category")
            .with("limit", "100")
    }
}

impl GraphCall for SendMessage<'_> {
    const NAME: &'static str = "send_message";
    type Reply = Sent;
    fn request(&self) -> GraphRequest {
        let mut body = self.payload.clone();
        body.insert("biz_opaque_callback_data".to_owned(), self.reference.into());
        GraphRequest::post(&[self.phone.id().as_str(), "messages"]).body(Value::Object(body))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_says_what_meta_calls_the_recipient_and_odd_contacts_do_not_lose_the_message() {
        let from = PhoneNumberId::parse("5").unwrap();
        let sent = |contacts: &str| {
            let text = format!(r#"{{"contacts":{contacts},"messages":[{{"id":"wamid.1"}}]}}"#);
            serde_json::from_str::<Sent>(&text).unwrap()
        };
        let both = sent(r#"[{"input":"+525512345678","wa_id":"5215512345678","user_id":"MX.1"}]"#);
        assert_eq!(both.recipient(&from).len(), 3, "two spellings and a user id");
        for odd in ["null", "7", "[]", "[7]", r#"[{"wa_id":7}]"#, r#"[{"wa_id":"1"},{"wa_id":"2"}]"#] {
            let sent = sent(odd);
            assert_eq!((sent.recipient(&from), sent.wamid().as_deref()), (Names::new(), Some("wamid.1")), "{odd}");
        }
        assert!(serde_json::from_str::<Sent>(r#"{"messages":[{"id":"wamid.1"}]}"#).is_ok());
    }
}
