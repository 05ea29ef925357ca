//! Phone number migration: adding the number, verifying it by code, and reading it before and afterwards.

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
    /// The destination account.
    pub waba: &'a VerifiedWaba,
    /// The number.
    pub number: &'a MigratingNumber,
    /// Its display name.
    pub verified_name: &'a str,
}

/// The number in the destination account.
#[derive(Debug, Deserialize)]
pub struct Added {
    /// Its id.
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

/// How a verification code is delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeMethod {
    /// A text message.
    Sms,
    /// A voice call.
    Voice,
}

impl CodeMethod {
    /// Parses Meta's value.
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

/// Requests a verification code for the number.
pub struct RequestCode<'a> {
    /// The number.
    pub phone: &'a VerifiedPhone,
    /// How it is delivered.
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

/// Verifies the number with that code.
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

/// Reads a migrating number in the source or destination account: a hint about Meta's conditions, not a proof.
pub struct ReadMigratingNumber<'a> {
    /// The number.
    pub phone: &'a PhoneNumberId,
}

/// The members of a number that matter for a migration.
#[derive(Deserialize)]
pub struct MigratingPhone {
    /// Its display name.
    pub verified_name: Option<String>,
    /// `CONNECTED` while it is registered.
    pub status: Option<String>,
    /// Whether its owner verified it by code.
    pub code_verification_status: Option<String>,
    /// Whether it is used with the WhatsApp Business app.
    pub is_on_biz_app: Option<bool>,
    /// Whether it is an official business account.
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
    /// The status values that are carried over by a migration.
    #[must_use]
    pub fn status_values(&self) -> Vec<(Attribute, String)> {
        let values = [
            (Attribute::NameStatus, &self.name_status),
            (Attribute::Quality, &self.quality_rating),
            (Attribute::MessagingLimit, &self.whatsapp_business_manager_messaging_limit),
        ];
        values.into_iter().filter_map(|(attribute, value)| Some((attribute, value.clone()?))).collect()
    }

    /// The display name's review.
    #[must_use]
    pub fn name_status(&self) -> Option<&str> {
        self.name_status.as_deref()
    }

    /// Whether its owner verified it by code.
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
