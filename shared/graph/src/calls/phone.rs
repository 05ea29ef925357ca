//! The business phone number: reading it and registering it.

use super::Acknowledged;
use crate::call::{GraphCall, GraphRequest};
use onboarding_core::domain::grant::VerifiedPhone;
use onboarding_core::domain::meta_status::Attribute;
use onboarding_core::secret::Secret;
use serde::Deserialize;
use serde_json::json;

/// Reads a proven number.
pub struct ReadPhone<'a> {
    /// The number.
    pub phone: &'a VerifiedPhone,
}

/// A number as Meta describes it. Words stay Meta's: they are open lists.
#[derive(Deserialize)]
pub struct Phone {
    /// How people write it.
    pub display_phone_number: Option<String>,
    /// `CONNECTED` when it can send and receive.
    pub status: Option<String>,
    /// The display name's review.
    pub name_status: Option<String>,
    /// How well its messages are received.
    pub quality_rating: Option<String>,
    /// How many customers it may write to in a day.
    pub whatsapp_business_manager_messaging_limit: Option<String>,
    /// Where its webhooks go.
    pub webhook_configuration: Option<WebhookConfiguration>,
}

/// Where a number's webhooks go: to the first of number, account and app that is set.
#[derive(Debug, Deserialize)]
pub struct WebhookConfiguration {
    /// Override of this number.
    pub phone_number: Option<String>,
    /// Override of its account.
    pub whatsapp_business_account: Option<String>,
}

impl std::fmt::Debug for Phone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Phone")
    }
}

impl Phone {
    /// Where this number's webhooks go instead of to the app, if they do.
    #[must_use]
    pub fn overridden_to(&self) -> Option<&str> {
        let configuration = self.webhook_configuration.as_ref()?;
        let set = |url: &'_ &String| !url.is_empty();
        let of_number = configuration.phone_number.as_ref().filter(set);
        of_number.or(configuration.whatsapp_business_account.as_ref().filter(set)).map(String::as_str)
    }

    /// Meta's words about it.
    #[must_use]
    pub fn status_values(&self) -> Vec<(Attribute, String)> {
        let words = [
            (Attribute::Status, &self.status),
            (Attribute::NameStatus, &self.name_status),
            (Attribute::Quality, &self.quality_rating),
            (Attribute::MessagingLimit, &self.whatsapp_business_manager_messaging_limit),
        ];
        words.into_iter().filter_map(|(attribute, word)| Some((attribute, word.clone()?))).collect()
    }

    /// Whether it is registered with the Cloud API.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.status.as_deref() == Some("CONNECTED")
    }
}

const FIELDS: &str = "id,display_phone_number,status,name_status,quality_rating,whatsapp_business_manager_messaging_limit,\
     webhook_configuration";

impl GraphCall for ReadPhone<'_> {
    const NAME: &'static str = "read_phone";
    type Reply = Phone;
    fn request(&self) -> GraphRequest {
        GraphRequest::get(&[self.phone.id().as_str()]).with("fields", FIELDS)
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

/// Points a number's webhooks elsewhere, or back. Meta calls the address with the token before it answers; the token is
/// never one of ours.
pub struct OverrideWebhooks<'a> {
    /// The number.
    pub phone: &'a VerifiedPhone,
    /// Where to, and what Meta proves itself with there; `None` gives the webhooks back.
    pub target: Option<(&'a str, &'a Secret)>,
}

impl GraphCall for OverrideWebhooks<'_> {
    const NAME: &'static str = "override_webhooks";
    type Reply = Acknowledged;
    fn request(&self) -> GraphRequest {
        let configuration = match self.target {
            Some((url, token)) => json!({ "override_callback_uri": url, "verify_token": token.expose() }),
            None => json!({ "override_callback_uri": "" }),
        };
        GraphRequest::post(&[self.phone.id().as_str()]).body(json!({ "webhook_configuration": configuration }))
    }
}

/// Asks for data of the WhatsApp Business app (Meta: once each, within 24 hours of onboarding).
pub struct SyncAppData<'a> {
    /// The number.
    pub phone: &'a VerifiedPhone,
    /// `smb_app_state_sync` for contacts, `history` for messages.
    pub kind: &'static str,
}

/// The request that was begun.
#[derive(Debug, Deserialize)]
pub struct SyncBegun {
    /// Meta's own id of it, for its support.
    pub request_id: Option<String>,
}

impl GraphCall for SyncAppData<'_> {
    const NAME: &'static str = "sync_app_data";
    type Reply = SyncBegun;
    fn request(&self) -> GraphRequest {
        GraphRequest::post(&[self.phone.id().as_str(), "smb_app_data"])
            .body(json!({ "messaging_product": "whatsapp", "sync_type": self.kind }))
    }
}
