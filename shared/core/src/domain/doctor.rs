//! Whether Meta's side of the platform is set up: one check per prerequisite, each with what is missing and where to go.

use super::time::Timestamp;
use serde::{Deserialize, Serialize};

/// A prerequisite that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// Which.
    pub name: CheckName,
    /// Whether it is met; `None` when Meta cannot be asked.
    pub ok: Option<bool>,
    /// What is missing, in Meta's words.
    #[serde(default)]
    pub missing: Vec<String>,
}

/// Checks that take the system token, with the time at which they were made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DoctorReport {
    /// When.
    pub at: Timestamp,
    /// What was found.
    pub checks: Vec<Check>,
}

/// The prerequisites, in the order people set them up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckName {
    /// The app exists and the app secret is its.
    App,
    /// The permissions the app needs have advanced access.
    Permissions,
    /// The app is subscribed to the webhook fields this system reads.
    WebhookFields,
    /// The app's callback is this deployment's, and active.
    Callback,
    /// The webhook function answers from outside, and refuses what is not signed.
    CallbackReachable,
    /// The login configuration of Embedded Signup.
    Configuration,
    /// Domains on which the popup may be opened.
    AllowedDomains,
    /// The system token works and has its scopes.
    SystemToken,
    /// The system user is an admin.
    SystemUser,
    /// The credit line is the portfolio's.
    CreditLine,
}

impl Check {
    /// A check that was answered: nothing missing is good.
    #[must_use]
    pub fn answered(name: CheckName, missing: Vec<String>) -> Self {
        Self { name, ok: Some(missing.is_empty()), missing }
    }

    /// A check that nobody could answer; `about` helps the person who looks.
    #[must_use]
    pub fn unanswered(name: CheckName, about: Vec<String>) -> Self {
        Self { name, ok: None, missing: about }
    }

    /// What the person who sets the platform up reads.
    #[must_use]
    pub fn message(&self) -> &'static str {
        match (self.ok, self.unanswered_hint()) {
            (Some(true), _) => "In order.",
            (None, Some(unanswered_hint)) => unanswered_hint,
            _ => self.gap(),
        }
    }

    /// What there is to say of a check that Meta was not asked for, where that differs from the gap.
    fn unanswered_hint(&self) -> Option<&'static str> {
        match self.name {
            CheckName::Configuration => Some(
                "Meta has no API for it. App dashboard > Facebook Login for Business > Configurations: the id must be a WhatsApp Embedded Signup configuration.",
            ),
            CheckName::SystemToken | CheckName::CreditLine => Some(
                "Not examined, or Meta did not answer: POST /v1/doctor has everything looked at that takes the system token.",
            ),
            CheckName::SystemUser => Some("Name the platform's own portfolio in MetaBusinessId to have this checked."),
            CheckName::AllowedDomains => None,
            _ => Some("Not answered in time; the code says by what. Repeat the request in a minute."),
        }
    }

    fn gap(&self) -> &'static str {
        match self.name {
            CheckName::App => {
                "Meta does not know the app by its secret. App dashboard > App settings > Basic: compare app id and app secret with MetaAppId and the secret app-secret."
            }
            CheckName::Permissions => {
                "Permissions lack advanced access. App dashboard > App Review > Permissions and features: request advanced access."
            }
            CheckName::WebhookFields => {
                "Webhook fields are not subscribed. App dashboard > WhatsApp > Configuration > Webhook fields: subscribe to each."
            }
            CheckName::Callback => {
                "The app's webhooks go elsewhere. App dashboard > WhatsApp > Configuration > Callback URL: enter the output WebhookUrl."
            }
            CheckName::CallbackReachable => {
                "The webhook address does not answer as it should. Look at the function webhook and its Function URL."
            }
            CheckName::Configuration => "Name the configuration's id in MetaConfigId.",
            CheckName::AllowedDomains => {
                "Meta has no API for it. App dashboard > Facebook Login for Business > Settings: list these under Allowed domains for the JavaScript SDK and Valid OAuth redirect URIs."
            }
            CheckName::SystemToken => {
                "The system token does not work or lacks scopes. Business settings > System users: generate a token for this app with these permissions, and store it as the secret system-token."
            }
            CheckName::SystemUser => {
                "The system user is no admin, or cannot be read. Business settings > System users: make it an admin."
            }
            CheckName::CreditLine => {
                "The credit line cannot be read. Business settings > Billing: compare its id with CreditLineId; the system user needs the role Finance editor."
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_missing_is_in_order_and_a_gap_says_where_to_go() {
        assert_eq!(Check::answered(CheckName::App, vec![]).message(), "In order.");
        let gap = Check::answered(CheckName::WebhookFields, vec!["messages".into()]);
        assert!(gap.ok == Some(false) && gap.message().contains("App dashboard"));
        assert_eq!(Check::unanswered(CheckName::AllowedDomains, vec![]).ok, None);
    }
}
