//! A signup session: the permission, given by the platform, for one customer's browser to bring one code.

use super::ids::{AttemptId, CustomerRef, OnboardingId, OverrideId};
use super::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What the platform is to Meta; it decides who pays Meta and therefore the steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Shares its own credit line with its customers.
    SolutionPartner,
    /// The customer adds a payment method of its own.
    TechProvider,
    /// As a tech provider, with an upgraded status at Meta.
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

/// The kind of Embedded Signup that is launched.
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

/// Where a platform wants the webhooks of a number instead of here. What Meta proves itself with there lies in the vault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallbackOverride {
    /// The address (Meta: at most 200 characters).
    pub url: String,
    /// The secret's name is derived from it.
    pub id: OverrideId,
}

/// Where a session stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum SessionState {
    /// No code yet.
    Open,
    /// A code is being exchanged, or was.
    Claimed {
        /// SHA-256 of the code, in hex: a repeat of the same code gets the same answer.
        code_hash: String,
        /// The attempt that holds the session.
        attempt: AttemptId,
        /// The onboarding it led to.
        onboarding: OnboardingId,
    },
}

/// A signup session as the platform ordered it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Session {
    /// The platform's reference of the customer this session is bound to.
    pub customer_ref: CustomerRef,
    /// The flow to launch.
    pub flow: Flow,
    /// Data that pre-fills Meta's screens, in the shape of `extras.setup`.
    #[serde(default, with = "as_text", skip_serializing_if = "Option::is_none")]
    pub prefill: Option<serde_json::Value>,
    /// Language of the page, as a BCP 47 tag.
    pub locale: Option<String>,
    /// Where the customer returns to.
    pub return_url: Option<String>,
    /// Where the platform wants the number's webhooks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub callback_override: Option<CallbackOverride>,
    /// When the session was made.
    pub created_at: Timestamp,
    /// From then on it is refused, whether or not it was deleted by then.
    pub expires_at: Timestamp,
    /// Open or claimed.
    pub state: SessionState,
    /// How the last popup that brought no code ended.
    pub abandoned: Option<Abandonment>,
}

/// A popup that ended without a code, in Meta's words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Abandonment {
    /// When we heard of it.
    pub at: Timestamp,
    /// `CANCEL`, `ERROR`, or what the page calls it.
    pub event: String,
    /// The screen the customer was on.
    pub current_step: Option<String>,
    /// Code of the error screen.
    pub error_code: Option<String>,
    /// Text of the error screen.
    pub error_message: Option<String>,
    /// Meta's own id of the popup, for its support.
    pub meta_session: Option<String>,
}

/// What a code that arrives meets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arrival {
    /// Nobody used the session yet: exchange the code.
    Fresh,
    /// The same code again: answer with what became of it.
    Repeat(OnboardingId),
    /// Another code. It is welcome only if the onboarding lost the earlier one and asked the customer to click again.
    Another(OnboardingId),
    /// The session is over.
    Expired,
}

impl Session {
    /// What to do with a code whose hash is `code_hash`.
    #[must_use]
    pub fn arrival(&self, code_hash: &str, now: Timestamp) -> Arrival {
        match &self.state {
            SessionState::Claimed { code_hash: held, onboarding, .. } if held == code_hash => {
                Arrival::Repeat(onboarding.clone())
            }
            _ if now >= self.expires_at => Arrival::Expired,
            SessionState::Claimed { onboarding, .. } => Arrival::Another(onboarding.clone()),
            SessionState::Open => Arrival::Fresh,
        }
    }

    /// How long the record of a session outlives it: the status page goes on answering, and where customers gave up is seen
    /// over 30 days.
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

/// JSON of a platform's own is kept as text: a table has no room for every number, name and depth.
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

    fn session(state: SessionState) -> Session {
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
        }
    }

    #[test]
    fn a_session_takes_one_code_and_answers_its_repeat() {
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
