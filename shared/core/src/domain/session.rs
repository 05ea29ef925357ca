//! A signup session: the platform's permission for one customer's browser to submit one code.

mod binding;

pub use binding::{Binding, Browser, BrowserValue, Proof, Unproven};

use super::ids::{AttemptId, CustomerRef, OnboardingId, OverrideId};
use super::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The platform's partner type at Meta; it determines who pays Meta and therefore the steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Shares its own credit line with its customers.
    SolutionPartner,
    /// The customer adds a payment method of its own.
    TechProvider,
    /// Like a tech provider, with an upgraded status at Meta.
    TechPartner,
}

impl Role {
    /// Parses the template parameter's value.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "solution-partner" => Some(Self::SolutionPartner),
            "tech-provider" => Some(Self::TechProvider),
            "tech-partner" => Some(Self::TechPartner),
            _ => None,
        }
    }
}

/// The Embedded Signup flow to launch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flow {
    /// A Cloud API number.
    #[default]
    Default,
    /// A number that stays in the WhatsApp Business app (coexistence); never registered.
    Coexistence,
    /// Access to existing assets only.
    AppOnlyInstall,
}

impl Flow {
    /// Parses the API's `flow`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "default" => Some(Self::Default),
            "coexistence" => Some(Self::Coexistence),
            "app_only_install" => Some(Self::AppOnlyInstall),
            _ => None,
        }
    }
}

/// A callback override: where a number's webhooks are sent instead of here. The verify token for it is stored in the
/// vault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallbackOverride {
    /// The address (Meta: at most 200 characters).
    pub url: String,
    /// The name of the secret is derived from it.
    pub id: OverrideId,
}

/// The state of a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum SessionState {
    /// No code yet.
    Open,
    /// A code is being exchanged, or was.
    Claimed {
        /// SHA-256 of the code, in hex: repeating the same code returns the same answer.
        code_hash: String,
        /// The attempt that claimed the session.
        attempt: AttemptId,
        /// The onboarding it led to.
        onboarding: OnboardingId,
    },
}

/// A signup session as requested by the platform.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Session {
    /// The platform's reference of the customer this session is bound to.
    pub customer_ref: CustomerRef,
    /// The flow to launch.
    pub flow: Flow,
    /// Data that pre-fills Meta's screens, in the format of `extras.setup`.
    #[serde(default, with = "as_text", skip_serializing_if = "Option::is_none")]
    pub prefill: Option<serde_json::Value>,
    /// Language of the page, as a BCP 47 tag.
    pub locale: Option<String>,
    /// Where the customer returns to.
    pub return_url: Option<String>,
    /// Callback override for the number's webhooks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub callback_override: Option<CallbackOverride>,
    /// When the session was created.
    pub created_at: Timestamp,
    /// When it expires; enforced even if the record has not been deleted yet.
    pub expires_at: Timestamp,
    /// Open or claimed.
    pub state: SessionState,
    /// How the last popup without a code ended.
    pub abandoned: Option<Abandonment>,
    /// The platform's name for the business being connected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_name: Option<String>,
    /// Where the customer finds help.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help_url: Option<String>,
    /// Whether the person has to confirm what is being connected before Meta's popup opens.
    #[serde(default)]
    pub confirm: bool,
    /// When the person last confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_at: Option<Timestamp>,
    /// The browser that uses it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub binding: Option<Binding>,
    /// Codes tried, including one in progress.
    #[serde(default)]
    pub codes: u32,
    /// When the platform revoked it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Timestamp>,
}

/// Maximum number of codes per session: people need one or two, and each costs a call with the app secret.
pub const MOST_CODES: u32 = 10;

/// A popup that ended without a code, as reported by Meta.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Abandonment {
    /// When it was reported to us.
    pub at: Timestamp,
    /// `CANCEL`, `ERROR`, or a name given by the page.
    pub event: String,
    /// The screen the customer was on.
    pub current_step: Option<String>,
    /// Code of the error screen.
    pub error_code: Option<String>,
    /// Text of the error screen.
    pub error_message: Option<String>,
    /// Meta's session id of the popup, for support requests.
    pub meta_session: Option<String>,
}

/// How an incoming code is to be treated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arrival {
    /// The session is unused: exchange the code.
    Fresh,
    /// The same code again: return its result.
    Repeat(OnboardingId),
    /// Another code: accepted only if the onboarding lost the earlier one and waits for the customer to launch the
    /// signup again.
    Another(OnboardingId),
    /// The session has expired.
    Expired,
    /// The platform revoked the session.
    Revoked,
    /// Too many codes were tried.
    Exhausted,
}

impl Session {
    /// What to do with a code whose hash is `code_hash`.
    #[must_use]
    pub fn arrival(&self, code_hash: &str, now: Timestamp) -> Arrival {
        match &self.state {
            SessionState::Claimed { code_hash: held, onboarding, .. } if held == code_hash => {
                Arrival::Repeat(onboarding.clone())
            }
            _ if self.revoked_at.is_some() => Arrival::Revoked,
            _ if now >= self.expires_at => Arrival::Expired,
            _ if self.is_exhausted() => Arrival::Exhausted,
            SessionState::Claimed { onboarding, .. } => Arrival::Another(onboarding.clone()),
            SessionState::Open => Arrival::Fresh,
        }
    }

    /// Whether too many codes were tried.
    #[must_use]
    pub fn is_exhausted(&self) -> bool {
        self.codes >= MOST_CODES
    }

    /// When the record of a session may be deleted. Until then the status page still works, and drop-offs can be
    /// analysed over 30 days.
    #[must_use]
    pub fn remembered_until(&self) -> Timestamp {
        self.expires_at.after(Duration::from_secs(30 * 24 * 3600))
    }
}

impl Session {
    /// The onboarding a code on this session led to.
    #[must_use]
    pub fn onboarding(&self) -> Option<&OnboardingId> {
        match &self.state {
            SessionState::Open => None,
            SessionState::Claimed { onboarding, .. } => Some(onboarding),
        }
    }
}

/// Stores JSON supplied by the platform as text, because DynamoDB does not support every number, name and nesting
/// depth.
mod as_text {
    use serde::{Deserialize, Deserializer, Serializer};
    use serde_json::Value;

    pub(super) fn serialize<S: Serializer>(value: &Option<Value>, serializer: S) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => serializer.serialize_str(&value.to_string()),
            None => serializer.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        text.map(|text| serde_json::from_str(&text).map_err(serde::de::Error::custom)).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn session(state: SessionState) -> Session {
        Session {
            customer_ref: CustomerRef::parse("c-1").unwrap(),
            flow: Flow::Default,
            prefill: None,
            locale: None,
            return_url: None,
            callback_override: None,
            created_at: Timestamp::from_seconds(0),
            expires_at: Timestamp::from_seconds(100),
            state,
            abandoned: None,
            customer_name: None,
            help_url: None,
            confirm: false,
            confirmed_at: None,
            binding: None,
            codes: 0,
            revoked_at: None,
        }
    }

    #[test]
    fn a_revoked_or_exhausted_session_accepts_no_further_code() {
        let now = Timestamp::from_seconds(10);
        let revoked = Session { revoked_at: Some(now), ..session(SessionState::Open) };
        assert_eq!(revoked.arrival("aa", now), Arrival::Revoked);
        let id = OnboardingId::new(now, 7);
        let state =
            SessionState::Claimed { code_hash: "aa".into(), attempt: AttemptId::new(now, 1), onboarding: id.clone() };
        let tried = Session { codes: MOST_CODES, ..session(state) };
        assert_eq!(tried.arrival("bb", now), Arrival::Exhausted);
        assert_eq!(tried.arrival("aa", now), Arrival::Repeat(id), "a repeat is no new attempt");
    }

    #[test]
    fn a_session_stored_by_an_older_version_is_still_read() {
        let stored = r#"{"customer_ref":"c-1","flow":"default","locale":null,"return_url":null,"created_at":0,
            "expires_at":100,"state":{"kind":"open"},"abandoned":null}"#;
        let read: Session = serde_json::from_str(stored).unwrap();
        assert_eq!((read.binding, read.codes, read.confirm), (None, 0, false));
    }

    #[test]
    fn a_session_accepts_one_code_and_answers_its_repeat() {
        let now = Timestamp::from_seconds(10);
        let id = OnboardingId::new(now, 7);
        let claimed =
            SessionState::Claimed { code_hash: "aa".into(), attempt: AttemptId::new(now, 1), onboarding: id.clone() };
        assert_eq!(session(SessionState::Open).arrival("aa", now), Arrival::Fresh);
        assert_eq!(session(claimed.clone()).arrival("aa", now), Arrival::Repeat(id.clone()));
        assert_eq!(session(claimed.clone()).arrival("bb", now), Arrival::Another(id.clone()));
        let late = Timestamp::from_seconds(100);
        assert_eq!(session(SessionState::Open).arrival("aa", late), Arrival::Expired);
        assert_eq!(session(claimed.clone()).arrival("bb", late), Arrival::Expired);
        assert_eq!(session(claimed).arrival("aa", late), Arrival::Repeat(id));
    }
}
