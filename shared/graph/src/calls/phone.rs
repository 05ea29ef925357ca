//! The business phone number: reading, registering, webhook override, app data.

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

/// A number as described by Meta. Status values stay strings, because their lists are open.
#[derive(Deserialize)]
pub struct Phone {
    /// Its display form.
    pub display_phone_number: Option<String>,
    /// `CONNECTED` when it can send and receive.
    pub status: Option<String>,
    /// The display name's review.
    pub name_status: Option<String>,
    /// Quality rating of its messages.
    pub quality_rating: Option<String>,
    /// Messaging limit: how many customers it may write to per day.
    pub whatsapp_business_manager_messaging_limit: Option<String>,
    /// Its callback overrides.
    pub webhook_configuration: Option<WebhookConfiguration>,
    /// Whether its owner verified it by code.
    pub code_verification_status: Option<String>,
}

/// Callback overrides: webhooks are sent to the first URL that is set, of number, account and app.
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
    /// The effective callback override, if any.
    #[must_use]
    pub fn overridden_to(&self) -> Option<&str> {
        let configuration = self.webhook_configuration.as_ref()?;
        let set = |url: &'_ &String| !url.is_empty();
        let of_number = configuration.phone_number.as_ref().filter(set);
        of_number.or(configuration.whatsapp_business_account.as_ref().filter(set)).map(String::as_str)
    }

    /// Its status values.
    #[must_use]
    pub fn status_values(&self) -> Vec<(Attribute, String)> {
        let values = [
            (Attribute::Status, &self.status),
            (Attribute::NameStatus, &self.name_status),
            (Attribute::Quality, &self.quality_rating),
            (Attribute::MessagingLimit, &self.whatsapp_business_manager_messaging_limit),
        ];
        values.into_iter().filter_map(|(attribute, value)| Some((attribute, value.clone()?))).collect()
    }

    /// Whether its owner has not verified it by code yet. Meta documents two values for it.
    #[must_use]
    pub fn is_unverified(&self) -> bool {
        matches!(self.code_verification_status.as_deref(), Some("NOT_VERIFIED" | "UNVERIFIED"))
    }

    /// Whether Meta reviews the display name, or declined it.
    #[must_use]
    pub fn lacks_name(&self) -> bool {
        matches!(self.name_status.as_deref(), Some("PENDING_REVIEW" | "PENDING" | "DECLINED" | "EXPIRED"))
    }

    /// Whether it is registered with the Cloud API.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.status.as_deref() == Some("CONNECTED")
    }
}

const FIELDS: &str = "id,display_phone_number,status,name_status,quality_rating,whatsapp_business_manager_messaging_limit,\
     webhook_configuration,code_verification_status";

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
    /// Six digits. Becomes the PIN when two-step verification is off; must match the PIN when it is on.
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

/// Deregisters a number from the Cloud API; the number and its history are preserved (Meta: at most 10 times in 72 h,
/// never for a number that is used with the WhatsApp Business app).
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

/// Sets or removes a number's callback override. Meta verifies the URL with the token before it answers; the token is
/// never one of ours.
pub struct OverrideWebhooks<'a> {
    /// The number.
    pub phone: &'a VerifiedPhone,
    /// Callback URL and verify token; `None` removes the override.
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

/// Requests data of the WhatsApp Business app (Meta: once each, within 24 hours of onboarding).
pub struct SyncAppData<'a> {
    /// The number.
    pub phone: &'a VerifiedPhone,
    /// `smb_app_state_sync` for contacts, `history` for messages.
    pub kind: &'static str,
}

/// The accepted request.
#[derive(Debug, Deserialize)]
pub struct SyncBegun {
    /// Meta's request id, for support requests.
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
