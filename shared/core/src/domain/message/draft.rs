//! A message as submitted by the platform: its structure is validated, its content is passed on unchanged.

use crate::domain::recipient::Recipient;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// A validated message. `Debug` prints only the type name.
pub struct Draft {
    /// The recipient.
    pub recipient: Recipient,
    /// Its type.
    pub kind: String,
    /// Name and language, when it is a template message.
    pub template: Option<(String, String)>,
    /// The request body for Meta, without our reference.
    pub payload: Map<String, Value>,
}

impl std::fmt::Debug for Draft {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Draft")
    }
}

/// The request body as text: contains a phone number and message content. `Debug` prints only the type name, and it
/// cannot be serialised.
pub struct Payload(String);

impl Payload {
    /// Wraps the stored text.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The plain text; for storage only.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The request body for Meta; `None` when the stored text is damaged.
    #[must_use]
    pub fn read(&self) -> Option<Map<String, Value>> {
        serde_json::from_str(&self.0).ok()
    }
}

impl std::fmt::Debug for Payload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Payload")
    }
}

/// What is wrong with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// Not exactly one valid recipient in `to` or `recipient`.
    Recipient,
    /// The type is missing or not documented by Meta.
    Type,
    /// The object of its type is missing or invalid.
    Content,
    /// `recipient_type` is not `individual`.
    Group,
    /// `context` is not `{message_id}`.
    Context,
    /// `messaging_product` is not `whatsapp`.
    Product,
}

/// Message types that Meta documents, by the name of their object.
const TYPES: [&str; 11] = [
    "audio",
    "contacts",
    "document",
    "image",
    "interactive",
    "location",
    "reaction",
    "sticker",
    "template",
    "text",
    "video",
];

/// Maximum length of a text message (Meta: 4,096 characters).
const LONGEST_TEXT: usize = 4096;

impl Draft {
    /// The content needed for a second attempt.
    #[must_use]
    pub fn payload(&self) -> Payload {
        Payload(Value::Object(self.payload.clone()).to_string())
    }

    /// A digest that identifies the same message.
    #[must_use]
    pub fn digest(&self) -> String {
        Sha256::digest(self.payload().expose()).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }

    /// All fields that a message may have.
    #[must_use]
    pub fn fields() -> Vec<&'static str> {
        let own = ["messaging_product", "recipient_type", "to", "recipient", "type", "context", "messaging_account_id"];
        own.into_iter().chain(TYPES).collect()
    }

    /// Validates a message.
    ///
    /// # Errors
    /// The first flaw.
    pub fn read(mut fields: Map<String, Value>) -> Result<Self, Flaw> {
        let text = |name: &str| fields.get(name).and_then(Value::as_str);
        if fields.contains_key("messaging_product") && text("messaging_product") != Some("whatsapp") {
            return Err(Flaw::Product);
        }
        let recipient = match (fields.get("to"), fields.get("recipient")) {
            (Some(_), None) => text("to").and_then(Recipient::number),
            (None, Some(_)) => text("recipient").and_then(Recipient::user),
            _ => None,
        };
        let recipient = recipient.ok_or(Flaw::Recipient)?;
        if fields.contains_key("recipient_type") && text("recipient_type") != Some("individual") {
            return Err(Flaw::Group);
        }
        let kind = text("type").filter(|kind| TYPES.contains(kind)).ok_or(Flaw::Type)?.to_owned();
        if TYPES.iter().any(|other| *other != kind && fields.contains_key(*other)) {
            return Err(Flaw::Content);
        }
        let template = content(&kind, fields.get(&kind).ok_or(Flaw::Content)?)?;
        let named = |context: &Value| context.get("message_id").is_some_and(Value::is_string);
        if fields.get("context").is_some_and(|context| !named(context)) {
            return Err(Flaw::Context);
        }
        fields.insert("messaging_product".to_owned(), "whatsapp".into());
        Ok(Self { recipient, kind, template, payload: fields })
    }
}

/// Validates the object of a type; returns name and language of a template.
fn content(kind: &str, value: &Value) -> Result<Option<(String, String)>, Flaw> {
    let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty());
    match (kind, value) {
        ("contacts", Value::Array(people)) if !people.is_empty() => Ok(None),
        ("contacts", _) => Err(Flaw::Content),
        ("text", Value::Object(_)) => {
            let body = text("/body").ok_or(Flaw::Content)?;
            if body.chars().count() > LONGEST_TEXT { Err(Flaw::Content) } else { Ok(None) }
        }
        ("template", Value::Object(_)) => {
            let (name, language) = (text("/name"), text("/language/code"));
            name.zip(language).map(|(name, language)| Some((name.to_owned(), language.to_owned()))).ok_or(Flaw::Content)
        }
        (_, Value::Object(members)) if !members.is_empty() => Ok(None),
        _ => Err(Flaw::Content),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(message: Value) -> Result<Draft, Flaw> {
        let Value::Object(fields) = message else { panic!("an object") };
        Draft::read(fields)
    }

    #[test]
    fn messages_of_every_type_are_passed_on_unchanged() {
        let text =
            read(json!({ "to": "+1 650 555 1234", "type": "text", "text": { "body": "hi", "preview_url": false } }));
        let payload = Value::Object(text.unwrap().payload);
        assert_eq!(
            (&payload["messaging_product"], &payload["text"]["preview_url"]),
            (&json!("whatsapp"), &json!(false))
        );
        let template = json!({ "name": "offer", "language": { "code": "en_US" }, "components": [{ "anything": 1 }] });
        let draft = read(json!({ "recipient": "US.123", "type": "template", "template": template })).unwrap();
        assert_eq!(draft.template, Some(("offer".into(), "en_US".into())));
        for kind in ["audio", "document", "image", "interactive", "location", "reaction", "sticker", "video"] {
            assert!(read(json!({ "to": "16505551234", "type": kind, kind: { "x": 1 } })).is_ok(), "{kind}");
        }
        assert!(read(json!({ "to": "16505551234", "type": "contacts", "contacts": [{ "name": {} }] })).is_ok());
    }

    #[test]
    fn an_invalid_message_is_rejected_with_its_flaw() {
        let text = json!({ "body": "hi" });
        let long = "x".repeat(4097);
        for (message, flaw) in [
            (json!({ "type": "text", "text": text }), Flaw::Recipient),
            (json!({ "to": "16505551234", "recipient": "US.1", "type": "text", "text": text }), Flaw::Recipient),
            (json!({ "to": 7, "type": "text", "text": text }), Flaw::Recipient),
            (json!({ "to": "ann", "type": "text", "text": text }), Flaw::Recipient),
            (json!({ "to": "16505551234", "text": text }), Flaw::Type),
            (json!({ "to": "16505551234", "type": "poem", "text": text }), Flaw::Type),
            (json!({ "to": "16505551234", "type": "text" }), Flaw::Content),
            (json!({ "to": "16505551234", "type": "text", "text": {} }), Flaw::Content),
            (json!({ "to": "16505551234", "type": "text", "text": { "body": long } }), Flaw::Content),
            (json!({ "to": "16505551234", "type": "text", "text": text, "image": {} }), Flaw::Content),
            (json!({ "to": "16505551234", "type": "template", "template": { "name": "x" } }), Flaw::Content),
            (json!({ "to": "16505551234", "type": "image", "image": [] }), Flaw::Content),
            (json!({ "to": "16505551234", "recipient_type": "group", "type": "text", "text": text }), Flaw::Group),
            (json!({ "to": "16505551234", "type": "text", "text": text, "context": 7 }), Flaw::Context),
        ] {
            assert_eq!(read(message.clone()).err(), Some(flaw), "{message}");
        }
    }
}
