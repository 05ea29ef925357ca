//! Failures: what went wrong, and who has to act.

use super::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Who has to act before work continues.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// The business that is being onboarded.
    Customer,
    /// A person who operates the platform.
    Operator,
    /// This system, automatically.
    Platform,
    /// Meta, by finishing a review or becoming reachable.
    Meta,
}

/// What to do about a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Retry after the step's own delays.
    Later,
    /// Retry no earlier than this many seconds from now, as reported by Meta.
    LaterAfter(u32),
    /// Nothing changes until this person acts.
    Needs(Actor, Waiting),
    /// Nothing changes before this time; retried then.
    Until(Actor, Waiting, Timestamp),
    /// It can no longer be done; everything else continues without it.
    Skip,
    /// A proof failed: no further calls may be made for this customer.
    Hold,
    /// The customer's token is no longer valid; only a new signup helps.
    TokenDead,
}

/// What an onboarding waits for, as in the public API.
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
    /// The number has a two-step verification PIN that we do not know.
    Pin,
    /// Several accounts or numbers were granted, and none was selected.
    Choice,
    /// Meta is unreachable, limits our calls, or refused for a reason we cannot fix.
    Meta,
}

impl Waiting {
    /// The value in the public API and in events.
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

/// Meta's numbers for a refusal: all that is kept of it, because its texts may name people and are in any language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MetaCode {
    /// `error.code`.
    pub code: u64,
    /// `error.error_subcode`.
    pub subcode: Option<u64>,
}

impl MetaCode {
    /// The numbers in a stable code: `graph.<code>` or `graph.<code>.<subcode>`. `None` for codes of our own.
    #[must_use]
    pub fn parse(stable: &str) -> Option<Self> {
        let mut numbers = stable.strip_prefix("graph.")?.split('.').map(|number| number.parse().ok());
        let (code, subcode) = (numbers.next()??, numbers.next());
        let subcode = subcode.map_or(Some(None), |subcode| subcode.map(Some))?;
        numbers.next().is_none().then_some(Self { code, subcode })
    }

    /// Whether the object does not exist or is not visible to the token: subcode 33 of 100, also used as a code.
    #[must_use]
    pub const fn is_invisible(self) -> bool {
        matches!((self.code, self.subcode), (33, _) | (100, Some(33)))
    }

    /// Whether a permission is missing, of the customer or of our app. A subcode about a template says that the account
    /// may not create one, which says nothing about access.
    #[must_use]
    pub const fn is_missing_permission(self) -> bool {
        matches!(self.code, 3 | 10 | 200..=299) && !matches!(self.subcode, Some(2_388_000..2_389_000))
    }

    /// Whether a refused message says that the token, the account or the number may no longer be available to us (Meta:
    /// "WhatsApp error codes"; 133010 also when another partner deregistered the number).
    #[must_use]
    pub const fn doubts_access(self) -> bool {
        self.is_invisible() || self.is_missing_permission() || matches!(self.code, 190 | 131_005 | 133_010)
    }
}

/// A failure as stored in a record: what to do, and a stable code that says why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// What to do about it.
    pub class: Class,
    /// Stable code, for example `graph.80007` or `grant.claim_not_granted`; the key of the sentence shown to people.
    pub code: String,
    /// The ids of Meta's to choose from, when somebody has to choose.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
    /// Meta's numbers, if Meta refused; also where `code` is one of our own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<MetaCode>,
}

impl Failure {
    /// A failure without options.
    #[must_use]
    pub fn new(class: Class, code: &str) -> Self {
        Self { class, code: code.to_owned(), options: Vec::new(), meta: MetaCode::parse(code) }
    }

    /// Sets Meta's numbers.
    #[must_use]
    pub fn refused_with(self, meta: Option<MetaCode>) -> Self {
        Self { meta: meta.or(self.meta), ..self }
    }

    /// Meta's numbers, also of a failure that was stored before they were.
    #[must_use]
    pub fn meta(&self) -> Option<MetaCode> {
        self.meta.or_else(|| MetaCode::parse(&self.code))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metas_numbers_are_read_from_its_stable_codes_only() {
        let meta = |code, subcode| Some(MetaCode { code, subcode });
        assert_eq!(MetaCode::parse("graph.131026"), meta(131_026, None));
        assert_eq!(MetaCode::parse("graph.190.460"), meta(190, Some(460)));
        for own in ["graph.unreachable", "graph.", "graph.1.2.3", "graph.1.x", "token.invalid", "131026"] {
            assert_eq!(MetaCode::parse(own), None, "{own}");
        }
    }

    #[test]
    fn a_failure_that_was_stored_without_metas_numbers_has_them_in_its_code() {
        let stored = r#"{"class":"later","code":"graph.100.33"}"#;
        let failure: Failure = serde_json::from_str(stored).unwrap();
        assert_eq!(failure.meta(), Some(MetaCode { code: 100, subcode: Some(33) }));
    }
}
