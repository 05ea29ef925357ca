//! The business phone number: reading it and registering it.

use super::Acknowledged;
use crate::domain::grant::VerifiedPhone;
use crate::graph::call::{GraphCall, GraphRequest};
use crate::secret::Secret;
use serde::Deserialize;
use serde_json::json;

/// Reads a proven number.
pub struct ReadPhone<'a> {
    /// The number.
    pub phone: &'a VerifiedPhone,
}

/// A number as Meta describes it. Words stay Meta's: they are open lists.
#[derive(Debug, Deserialize)]
pub struct Phone {
    /// `CONNECTED` when it can send and receive.
    pub status: Option<String>,
}

impl Phone {
    /// Whether it is registered with the Cloud API.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.status.as_deref() == Some("CONNECTED")
    }
}

impl GraphCall for ReadPhone<'_> {
    const NAME: &'static str = "read_phone";
    type Reply = Phone;
    fn request(&self) -> GraphRequest {
        GraphRequest::get(&[self.phone.id().as_str()]).with("fields", "id,status")
    }
}

/// Registers a number (Meta: at most 10 times in 72 h).
pub struct RegisterPhone<'a> {
    /// The number.
    pub phone: &'a VerifiedPhone,
    /// Six digits; become the two-step PIN when it is off, must match it when it is on.
    pub pin: &'a Secret,
}

impl GraphCall for RegisterPhone<'_> {
    const NAME: &'static str = "register_phone";
    type Reply = Acknowledged;
    fn request(&self) -> GraphRequest {
        GraphRequest::post(&[self.phone.id().as_str(), "register"])
            .body(json!({ "messaging_product": "whatsapp", "pin": self.pin.expose() }))
    }
}

/// Takes a number off the Cloud API; the number and its history stay (Meta: at most 10 times in 72 h, never for a number
/// that is used with the WhatsApp Business app).
pub struct DeregisterPhone<'a> {
    /// The number.
    pub phone: &'a VerifiedPhone,
}

impl GraphCall for DeregisterPhone<'_> {
    const NAME: &'static str = "deregister_phone";
    type Reply = Acknowledged;
    fn request(&self) -> GraphRequest {
        GraphRequest::post(&[self.phone.id().as_str(), "deregister"])
    }
}
