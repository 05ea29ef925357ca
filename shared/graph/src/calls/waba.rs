//! The WhatsApp Business Account: reading it, its numbers, and our app's webhook subscription.

use super::{Acknowledged, Page};
use crate::call::{GraphCall, GraphRequest};
use onboarding_core::domain::grant::{ListedPhone, VerifiedWaba};
use onboarding_core::domain::ids::{BusinessId, PhoneNumberId, WabaId};
use onboarding_core::domain::meta_status::Attribute;
use serde::Deserialize;

/// Reads an account that is not verified yet: reading it with the token is part of the proof.
pub struct ReadWaba<'a> {
    /// The account.
    pub waba: &'a WabaId,
}

/// An account as described by Meta.
#[derive(Debug, Deserialize)]
pub struct Waba {
    /// The id in Meta's answer.
    pub id: WabaId,
    /// Its owner.
    pub owner_business_info: Option<Owner>,
    /// Its name.
    pub name: Option<String>,
    /// Its funding source; absent while there is no payment method.
    pub primary_funding_id: Option<String>,
    /// Namespace of its templates.
    pub message_template_namespace: Option<String>,
    /// Meta's review of the account.
    pub account_review_status: Option<String>,
    /// Whether the owning business is verified.
    pub business_verification_status: Option<String>,
}

impl Waba {
    /// Its status values.
    #[must_use]
    pub fn status_values(&self) -> Vec<(Attribute, String)> {
        let values = [
            (Attribute::Review, &self.account_review_status),
            (Attribute::Verification, &self.business_verification_status),
        ];
        values.into_iter().filter_map(|(attribute, value)| Some((attribute, value.clone()?))).collect()
    }
}

/// The owning portfolio.
#[derive(Debug, Deserialize)]
pub struct Owner {
    /// Its id.
    pub id: BusinessId,
}

const FIELDS: &str = "id,name,owner_business_info,primary_funding_id,message_template_namespace,account_review_status,\
                      business_verification_status";

impl GraphCall for ReadWaba<'_> {
    const NAME: &'static str = "read_waba";
    type Reply = Waba;
    fn request(&self) -> GraphRequest {
        GraphRequest::get(&[self.waba.as_str()]).with("fields", FIELDS)
    }
}

/// Lists the numbers of a verified account, newest first.
pub struct ListPhoneNumbers<'a> {
    /// The account.
    pub waba: &'a VerifiedWaba,
    /// Cursor of the page.
    pub after: Option<&'a str>,
}

/// A number in the list.
#[derive(Deserialize)]
pub struct PhoneNumber {
    /// Its id.
    pub id: PhoneNumberId,
    /// Whether it is used with the WhatsApp Business app (coexistence).
    pub is_on_biz_app: Option<bool>,
    /// Its display form.
    pub display_phone_number: Option<String>,
    /// Whether its owner verified it by code.
    pub code_verification_status: Option<String>,
}

impl std::fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PhoneNumber")
    }
}

impl From<PhoneNumber> for ListedPhone {
    fn from(phone: PhoneNumber) -> Self {
        // Meta documents two values for it ("manage phone numbers", OpenAPI); an absent value counts as verified.
        let unproven = matches!(phone.code_verification_status.as_deref(), Some("NOT_VERIFIED" | "UNVERIFIED"));
        Self { id: phone.id, on_business_app: phone.is_on_biz_app.unwrap_or(false), proven: !unproven }
    }
}

impl GraphCall for ListPhoneNumbers<'_> {
    const NAME: &'static str = "list_phone_numbers";
    type Reply = Page<PhoneNumber>;
    fn request(&self) -> GraphRequest {
        let request = GraphRequest::get(&[self.waba.id().as_str(), "phone_numbers"])
            .with("fields", "id,is_on_biz_app,display_phone_number,code_verification_status")
            .with("limit", "100");
        match self.after {
            Some(cursor) => request.with("after", cursor),
            None => request,
        }
    }
}

/// Subscribes our app to the account's webhooks. Without a body, as documented by Meta, it also removes a callback
/// override of the whole account; this system sets overrides on numbers only.
pub struct SubscribeApp<'a> {
    /// The account.
    pub waba: &'a VerifiedWaba,
}

impl GraphCall for SubscribeApp<'_> {
    const NAME: &'static str = "subscribe_app";
    type Reply = Acknowledged;
    fn request(&self) -> GraphRequest {
        GraphRequest::post(&[self.waba.id().as_str(), "subscribed_apps"])
    }
}

/// Removes our app's subscription to the account.
pub struct UnsubscribeApp<'a> {
    /// The account.
    pub waba: &'a VerifiedWaba,
}

impl GraphCall for UnsubscribeApp<'_> {
    const NAME: &'static str = "unsubscribe_app";
    type Reply = Acknowledged;
    fn request(&self) -> GraphRequest {
        GraphRequest::delete(&[self.waba.id().as_str(), "subscribed_apps"])
    }
}

/// Lists the apps that receive the account's webhooks.
pub struct ListSubscribedApps<'a> {
    /// The account.
    pub waba: &'a VerifiedWaba,
}

/// A subscribed app.
#[derive(Debug, Deserialize)]
pub struct SubscribedApp {
    /// The app.
    pub whatsapp_business_api_data: AppData,
    /// Callback override of the whole account, if one is set.
    pub override_callback_uri: Option<String>,
}

/// An app's id.
#[derive(Debug, Deserialize)]
pub struct AppData {
    /// The id.
    pub id: String,
}

impl GraphCall for ListSubscribedApps<'_> {
    const NAME: &'static str = "list_subscribed_apps";
    type Reply = Page<SubscribedApp>;
    fn request(&self) -> GraphRequest {
        GraphRequest::get(&[self.waba.id().as_str(), "subscribed_apps"])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_without_payment_method_or_owner_is_still_readable() {
        let waba: Waba = serde_json::from_str(r#"{"id":"11","name":"x"}"#).unwrap();
        assert!(waba.primary_funding_id.is_none() && waba.owner_business_info.is_none());
        assert!(serde_json::from_str::<Waba>(r#"{"id":"11/../me"}"#).is_err());
    }

    #[test]
    fn a_list_ends_only_where_next_is_absent() {
        let middle: Page<PhoneNumber> =
            serde_json::from_str(r#"{"data":[],"paging":{"cursors":{"after":"C"},"next":"https://x"}}"#).unwrap();
        assert_eq!(middle.next(), Some("C"));
        let last: Page<PhoneNumber> =
            serde_json::from_str(r#"{"data":[{"id":"5"}],"paging":{"cursors":{"after":"C"}}}"#).unwrap();
        assert_eq!(last.next(), None);
    }
}
