//! Why something did not happen, and who can change that.

use super::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Who has to do something before work goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// The business that is being onboarded.
    Customer,
    /// A person who runs the platform.
    Operator,
    /// This system, by itself, later.
    Platform,
    /// Meta, by a review or by becoming reachable.
    Meta,
}

/// What to do about a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Try again after the step's own delays.
    Later,
    /// Try again no sooner than this many seconds from now (Meta said so).
    LaterAfter(u32),
    /// Nothing changes until this person acts.
    Needs(Actor, Waiting),
    /// Nobody can change it before this time; looked at again then.
    Until(Actor, Waiting, Timestamp),
    /// It cannot be done any more, and everything else goes on without it.
    Skip,
    /// A proof failed: nothing more may be called for this customer.
    Hold,
    /// The customer's token is dead; only a new signup helps.
    TokenDead,
}

/// What a waiting onboarding waits for; the words of the public API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Waiting {
    /// The customer adds a payment method in WhatsApp Manager.
    PaymentMethod,
    /// The WABA has no phone number yet.
    Number,
    /// Meta reviews the display name.
    DisplayName,
    /// Meta verifies the business.
    BusinessVerification,
    /// Meta reviews the account.
    AccountReview,
    /// The customer completes its business information.
    BusinessInfo,
    /// The credit line cannot be shared yet.
    CreditLine,
    /// The number has a two-step PIN we do not know.
    Pin,
    /// Several accounts or numbers were granted and none was named.
    Choice,
    /// Meta is unreachable, limits us, or refused without a remedy of ours.
    Meta,
}

impl Waiting {
    /// The word used in the public API and in events.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PaymentMethod => "payment_method",
            Self::Number => "number",
            Self::DisplayName => "display_name",
            Self::BusinessVerification => "business_verification",
            Self::AccountReview => "account_review",
            Self::BusinessInfo => "business_info",
            Self::CreditLine => "credit_line",
            Self::Pin => "pin",
            Self::Choice => "choice",
            Self::Meta => "meta",
        }
    }
}

/// A failure as it is kept in a record: what to do, and a stable code that says why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// What to do about it.
    pub class: Class,
    /// Stable code, for example `graph.80007` or `grant.claim_not_granted`; the key of the sentence shown to people.
    pub code: String,
    /// What there is to choose from, when somebody has to choose: ids of Meta's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
}

impl Failure {
    /// A failure of our own rules.
    #[must_use]
    pub fn new(class: Class, code: &str) -> Self {
        Self { class, code: code.to_owned(), options: Vec::new() }
    }
}
