//! Portfolios, accounts, numbers, templates, tokens, codes, allocations.

use super::people::Person;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// A customer's portfolio.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Business {
    pub(crate) name: String,
}

/// A WhatsApp Business Account.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Waba {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) owner: String,
    /// Newest first, as Meta lists them.
    pub(crate) phones: Vec<String>,
    pub(crate) templates: Vec<Template>,
    pub(crate) templates_a_page: usize,
    pub(crate) namespace: String,
    pub(crate) currency: Option<String>,
    /// How messages are paid for.
    pub(crate) primary_funding_id: Option<String>,
    /// Apps that receive its webhooks.
    pub(crate) subscribed: BTreeSet<String>,
    /// System users with a role on it.
    pub(crate) assigned_users: BTreeSet<String>,
    /// Whether the customer shares it with the platform's portfolio.
    pub(crate) shared_with_platform: bool,
    /// Meta's review of the account.
    pub(crate) review: String,
    /// Meta's verification of the owning business.
    pub(crate) verification: String,
    /// How Meta refuses the account and its numbers to tokens that stay valid.
    #[serde(default)]
    pub(crate) refused_with: Option<String>,
    /// Times of the calls in the last hour, for the rate limit.
    #[serde(skip)]
    pub(crate) calls: Vec<i64>,
}

/// A business phone number.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Phone {
    pub(crate) id: String,
    pub(crate) waba: String,
    pub(crate) display_phone_number: String,
    pub(crate) verified_name: String,
    pub(crate) status: String,
    /// The two-step PIN, if two-step verification is enabled.
    pub(crate) pin: Option<String>,
    pub(crate) on_business_app: bool,
    /// The display name's review.
    pub(crate) name_status: String,
    /// Its callback override.
    pub(crate) webhook_override: Option<String>,
    /// When the customer finished the popup with it; WhatsApp Business app data may be requested from then on.
    pub(crate) onboarded_at: i64,
    /// Which of that data was requested.
    pub(crate) synced: BTreeSet<String>,
    /// Times of its register attempts.
    pub(crate) registrations: Vec<i64>,
    /// What migrates with it.
    #[serde(default)]
    pub(crate) standing: Standing,
    /// Its migration to this account, until it is registered.
    #[serde(default)]
    pub(crate) arrival: Option<Arrival>,
    /// Outcomes of its next messages: `delivered` (the default), `silent`, `failed:<code>`, `refused:<code>`.
    #[serde(default)]
    pub(crate) outcomes: Vec<String>,
}

/// Quality, messaging limit and badge of a number.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Standing {
    pub(crate) quality: String,
    pub(crate) limit: String,
    pub(crate) official: bool,
}

impl Default for Standing {
    fn default() -> Self {
        Self { quality: "UNKNOWN".to_owned(), limit: "TIER_250".to_owned(), official: false }
    }
}

/// A number that was added and is not registered here yet.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Arrival {
    /// The number at the other provider.
    pub(crate) from: String,
    /// The latest code sent to its owner by SMS or call.
    pub(crate) code: Option<String>,
    pub(crate) wrong: u32,
    pub(crate) verified: bool,
}

/// A message Meta accepted.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Message {
    pub(crate) phone: String,
    /// Repeated in each of its statuses.
    pub(crate) reference: Option<String>,
    pub(crate) at: i64,
    /// The recipient.
    pub(crate) to: Person,
}

/// A message template in one language.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Template {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) language: String,
    pub(crate) status: String,
    pub(crate) category: String,
    pub(crate) rejected_reason: String,
    #[serde(default = "unknown")]
    pub(crate) quality: String,
    /// The category Meta will change it to.
    #[serde(default)]
    pub(crate) correct_category: Option<String>,
    /// Its components, and other submitted members.
    #[serde(default)]
    pub(crate) rest: Map<String, Value>,
}

fn unknown() -> String {
    "UNKNOWN".to_owned()
}

/// A file that was uploaded, or is being uploaded.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Upload {
    pub(crate) id: String,
    pub(crate) signature: String,
    pub(crate) media: String,
    pub(crate) length: usize,
    /// What arrived so far, in hexadecimal digits.
    pub(crate) content: String,
    /// Once it is complete.
    pub(crate) handle: Option<String>,
    /// When the handle expires.
    pub(crate) expires_at: i64,
}

/// A business token.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Token {
    pub(crate) app: String,
    pub(crate) business: String,
    pub(crate) wabas: Vec<String>,
    /// False before its code is exchanged, and after revocation.
    pub(crate) valid: bool,
    pub(crate) issued_at: i64,
    /// Unix seconds; 0 means never.
    pub(crate) expires_at: i64,
    /// Empty for those of Embedded Signup.
    #[serde(default)]
    pub(crate) scopes: Vec<String>,
}

/// A code from the popup.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Code {
    pub(crate) token: String,
    pub(crate) issued_at: i64,
    pub(crate) used: bool,
    /// Redirect URI, if Meta's page was not a popup.
    #[serde(default)]
    pub(crate) redirect_uri: Option<String>,
}

/// A share of the platform's credit line.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Allocation {
    pub(crate) id: String,
    pub(crate) business: String,
    pub(crate) credential: String,
    pub(crate) status: String,
}

/// The caller of an API operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Bearer {
    /// `<app id>|<app secret>`.
    App,
    /// The platform's system user.
    System,
    /// A customer's business token.
    Business(String),
}

impl Bearer {
    /// The name in the journal.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::App => "app",
            Self::System => "system",
            Self::Business(_) => "business",
        }
    }
}

impl Token {
    pub(crate) fn has_ended(&self, now: i64) -> bool {
        self.expires_at > 0 && now >= self.expires_at
    }
}

impl Waba {
    pub(crate) fn node(&self, owner_name: &str) -> Value {
        let mut node = json!({
            "id": self.id,
            "name": self.name,
            "timezone_id": "1",
            "message_template_namespace": self.namespace,
            "owner_business_info": { "name": owner_name, "id": self.owner },
            "account_review_status": self.review,
            "business_verification_status": self.verification,
        });
        if let Some(members) = node.as_object_mut() {
            members.extend(self.currency.as_ref().map(|currency| ("currency".to_owned(), json!(currency))));
            members.extend(self.primary_funding_id.as_ref().map(|id| ("primary_funding_id".to_owned(), json!(id))));
        }
        node
    }
}

impl Phone {
    /// Whether its owner has verified it.
    pub(crate) fn is_proven(&self) -> bool {
        self.arrival.as_ref().is_none_or(|arrival| arrival.verified)
    }

    pub(crate) fn node(&self, callback: &str) -> Value {
        let mut webhooks = json!({ "application": callback });
        if let (Some(webhooks), Some(url)) = (webhooks.as_object_mut(), &self.webhook_override) {
            webhooks.insert("phone_number".to_owned(), json!(url));
        }
        json!({
            "id": self.id,
            "name_status": self.name_status,
            "whatsapp_business_manager_messaging_limit": self.standing.limit,
            "is_official_business_account": self.standing.official,
            "webhook_configuration": webhooks,
            "display_phone_number": self.display_phone_number,
            "verified_name": self.verified_name,
            "status": self.status,
            "quality_rating": self.standing.quality,
            "code_verification_status": if self.is_proven() { "VERIFIED" } else { "NOT_VERIFIED" },
            "platform_type": if self.status == "CONNECTED" { "CLOUD_API" } else { "NOT_APPLICABLE" },
            "is_on_biz_app": self.on_business_app,
        })
    }
}

impl Template {
    pub(crate) fn node(&self) -> Value {
        let mut node = json!({
            "id": self.id,
            "name": self.name,
            "language": self.language,
            "status": self.status,
            "category": self.category,
            "rejected_reason": self.rejected_reason,
            "quality_score": { "score": self.quality },
        });
        if let Some(node) = node.as_object_mut() {
            node.extend(self.correct_category.iter().map(|correct| ("correct_category".to_owned(), json!(correct))));
            node.extend(self.rest.clone());
        }
        node
    }
}

impl Allocation {
    pub(crate) fn node(&self) -> Value {
        json!({
            "id": self.id,
            "receiving_business": { "id": self.business },
            "receiving_credential": { "id": self.credential },
            "request_status": self.status,
        })
    }
}
