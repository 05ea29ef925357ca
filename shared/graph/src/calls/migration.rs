//! Moving a number here: adding it, proving it by a code, and reading what it is before and afterwards.

use super::Acknowledged;
use crate::call::{GraphCall, GraphRequest};
use onboarding_core::domain::grant::{VerifiedPhone, VerifiedWaba};
use onboarding_core::domain::ids::PhoneNumberId;
use onboarding_core::domain::meta_status::Attribute;
use onboarding_core::domain::migration::MigratingNumber;
use onboarding_core::secret::Secret;
use serde::Deserialize;
use serde_json::json;

/// Adds a number that is registered with another account (Meta: "Migrating phone numbers among solution partners").
pub struct AddMigratingNumber<'a> {
    /// The account it goes to.
    pub waba: &'a VerifiedWaba,
    /// The number.
    pub number: &'a MigratingNumber,
    /// Its display name.
    pub verified_name: &'a str,
}

/// The number's node in the new account.
#[derive(Debug, Deserialize)]
pub struct Added {
    /// It.
    pub id: PhoneNumberId,
}

impl GraphCall for AddMigratingNumber<'_> {
    const NAME: &'static str = "add_moving_number";
    type Reply = Added;
    fn request(&self) -> GraphRequest {
        GraphRequest::post(&[self.waba.id().as_str(), "phone_numbers"]).body(json!({
            "cc": self.number.country_code(),
            "phone_number": self.number.number(),
            "verified_name": self.verified_name,
            "migrate_phone_number": true,
        }))
    }
}

/// How a code reaches the owner of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeMethod {
    /// A text message.
    Sms,
    /// A call.
    Voice,
}

impl CodeMethod {
    /// Parses Meta's word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "SMS" => Some(Self::Sms),
            "VOICE" => Some(Self::Voice),
            _ => None,
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Sms => "SMS",
            Self::Voice => "VOICE",
        }
    }
}

/// Has Meta send a code to the number.
pub struct RequestCode<'a> {
    /// The number.
    pub phone: &'a VerifiedPhone,
    /// How.
    pub method: CodeMethod,
    /// In which language, for example `en_US`.
    pub language: &'a str,
}

impl GraphCall for RequestCode<'_> {
    const NAME: &'static str = "request_code";
    type Reply = Acknowledged;
    fn request(&self) -> GraphRequest {
        GraphRequest::post(&[self.phone.id().as_str(), "request_code"])
            .body(json!({ "code_method": self.method.as_str(), "language": self.language }))
    }
}

/// Proves with that code that the number is its owner's.
pub struct VerifyCode<'a> {
    /// The number.
    pub phone: &'a VerifiedPhone,
    /// Six digits.
    pub code: &'a Secret,
}

impl GraphCall for VerifyCode<'_> {
    const NAME: &'static str = "verify_code";
    type Reply = Acknowledged;
    fn request(&self) -> GraphRequest {
        GraphRequest::post(&[self.phone.id().as_str(), "verify_code"]).body(json!({ "code": self.code.expose() }))
    }
}

/// Reads a number that moves, there or here: a hint about Meta's conditions, no proof of anything.
pub struct ReadMigratingNumber<'a> {
    /// Which.
    pub phone: &'a PhoneNumberId,
}

/// A number, as far as a move is concerned.
#[derive(Deserialize)]
pub struct MigratingPhone {
    /// Its display name.
    pub verified_name: Option<String>,
    /// `CONNECTED` while it is registered.
    pub status: Option<String>,
    /// Whether its owner proved to have it.
    pub code_verification_status: Option<String>,
    /// Whether it is used with the WhatsApp Business app.
    pub is_on_biz_app: Option<bool>,
    /// Whether it carries the badge.
    pub is_official_business_account: Option<bool>,
    name_status: Option<String>,
    quality_rating: Option<String>,
    whatsapp_business_manager_messaging_limit: Option<String>,
}

impl std::fmt::Debug for MigratingPhone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MigratingPhone")
    }
}

impl MigratingPhone {
    /// Meta's words that move with it.
    #[must_use]
    pub fn status_values(&self) -> Vec<(Attribute, String)> {
        let words = [
            (Attribute::NameStatus, &self.name_status),
            (Attribute::Quality, &self.quality_rating),
            (Attribute::MessagingLimit, &self.whatsapp_business_manager_messaging_limit),
        ];
        words.into_iter().filter_map(|(attribute, word)| Some((attribute, word.clone()?))).collect()
    }

    /// The display name's review.
    #[must_use]
    pub fn name_status(&self) -> Option<&str> {
        self.name_status.as_deref()
    }

    /// Whether its owner proved to have it.
    #[must_use]
    pub fn is_verified(&self) -> bool {
        self.code_verification_status.as_deref() == Some("VERIFIED")
    }

    /// Whether it is registered.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.status.as_deref() == Some("CONNECTED")
    }
}

impl GraphCall for ReadMigratingNumber<'_> {
    const NAME: &'static str = "read_moving_number";
    type Reply = MigratingPhone;
    fn request(&self) -> GraphRequest {
        GraphRequest::get(&[self.phone.as_str()]).with(
            "fields",
            "id,verified_name,status,code_verification_status,is_on_biz_app,is_official_business_account,name_status,\
             quality_rating,whatsapp_business_manager_messaging_limit",
        )
    }
}
