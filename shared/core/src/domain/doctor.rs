//! The doctor: checks whether the platform is set up at Meta. One check per prerequisite, each with what is missing and
//! where to fix it.

use super::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The result for one prerequisite.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// The prerequisite.
    pub name: CheckName,
    /// Whether it is met; `None` when it could not be checked.
    pub ok: Option<bool>,
    /// What is missing, by Meta's names.
    #[serde(default)]
    pub missing: Vec<String>,
}

/// Results of the checks that need the system token, with their time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DoctorReport {
    /// When they were run.
    pub at: Timestamp,
    /// The results.
    pub checks: Vec<Check>,
}

/// The prerequisites, in the order people set them up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckName {
    /// The app exists and the app secret belongs to it.
    App,
    /// The permissions the app needs have advanced access.
    Permissions,
    /// The app is subscribed to the webhook fields this system reads.
    WebhookFields,
    /// The app's callback is this deployment's, and active.
    Callback,
    /// The webhook function is reachable from outside and rejects unsigned requests.
    CallbackReachable,
    /// The login configuration for Embedded Signup.
    Configuration,
    /// Domains on which the popup may be opened.
    AllowedDomains,
    /// The system token works and has its scopes.
    SystemToken,
    /// The system user is an admin.
    SystemUser,
    /// The credit line belongs to the portfolio.
    CreditLine,
}

impl Check {
    /// A completed check: passed when nothing is missing.
    #[must_use]
    pub fn answered(name: CheckName, missing: Vec<String>) -> Self {
        Self { name, ok: Some(missing.is_empty()), missing }
    }

    /// A check that could not be completed; `about` lists what a person should check by hand.
    #[must_use]
    pub fn unanswered(name: CheckName, about: Vec<String>) -> Self {
        Self { name, ok: None, missing: about }
    }

    /// The sentence for the person who sets up the platform.
    #[must_use]
    pub fn message(&self) -> &'static str {
        match (self.ok, self.unanswered_hint()) {
            (Some(true), _) => "OK.",
            (None, Some(unanswered_hint)) => unanswered_hint,
            _ => self.gap(),
        }
    }

    /// The sentence for a check that was not completed, where it differs from the gap.
    fn unanswered_hint(&self) -> Option<&'static str> {
        match self.name {
            CheckName::Configuration => Some(
                "Meta has no API for this. App dashboard > Facebook Login for Business > Configurations: the id must be that of a WhatsApp Embedded Signup configuration.",
            ),
            CheckName::SystemToken | CheckName::CreditLine => Some(
                "Not checked yet, or Meta did not answer. POST /v1/doctor runs the checks that need the system token.",
            ),
            CheckName::SystemUser => Some("Set MetaBusinessId to the platform's own portfolio to enable this check."),
            CheckName::AllowedDomains => None,
            _ => Some("Meta did not answer in time; the code names the failure. Repeat the request in a minute."),
        }
    }

    fn gap(&self) -> &'static str {
        match self.name {
            CheckName::App => {
                "Meta does not accept the app secret for this app. App dashboard > App settings > Basic: compare app id and app secret with MetaAppId and the secret app-secret."
            }
            CheckName::Permissions => {
                "Some permissions lack advanced access. App dashboard > App Review > Permissions and features: request advanced access."
            }
            CheckName::WebhookFields => {
                "Some webhook fields are not subscribed. App dashboard > WhatsApp > Configuration > Webhook fields: subscribe to each of them."
            }
            CheckName::Callback => {
                "The app's webhooks are sent to another URL. App dashboard > WhatsApp > Configuration > Callback URL: enter the output WebhookUrl."
            }
            CheckName::CallbackReachable => {
                "The webhook endpoint does not respond correctly. Check the function webhook and its Function URL."
            }
            CheckName::Configuration => "Set MetaConfigId to the id of the configuration.",
            CheckName::AllowedDomains => {
                "Meta has no API for this. App dashboard > Facebook Login for Business > Settings: list these under Allowed domains for the JavaScript SDK and Valid OAuth redirect URIs."
            }
            CheckName::SystemToken => {
                "The system token does not work or lacks scopes. Business settings > System users: generate a token for this app with these permissions, and store it as the secret system-token."
            }
            CheckName::SystemUser => {
                "The system user is not an admin, or cannot be read. Business settings > System users: make it an admin."
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
    fn a_passed_check_is_ok_and_a_gap_says_where_to_fix_it() {
        assert_eq!(Check::answered(CheckName::App, vec![]).message(), "OK.");
        let gap = Check::answered(CheckName::WebhookFields, vec!["messages".into()]);
        assert!(gap.ok == Some(false) && gap.message().contains("App dashboard"));
        assert_eq!(Check::unanswered(CheckName::AllowedDomains, vec![]).ok, None);
    }
}
