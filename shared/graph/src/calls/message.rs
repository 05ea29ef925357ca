//! Sending a message.

use crate::call::{GraphCall, GraphRequest};
use onboarding_core::domain::grant::VerifiedPhone;
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
}

#[derive(Deserialize)]
struct SentMessage {
    id: String,
}

impl Sent {
    /// Meta's message id.
    #[must_use]
    pub fn wamid(self) -> Option<String> {
        self.messages.into_iter().next().map(|message| message.id)
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
