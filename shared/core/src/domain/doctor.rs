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
    /// What Meta showed, where a person has to know which one it is: the ids of credit lines.
    #[serde(default)]
    pub found: Vec<String>,
    /// Whether the platform works without it.
    #[serde(default)]
    pub need: Need,
}

/// Whether a prerequisite counts towards [`Health`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Need {
    /// The platform needs it, and Meta's API shows it.
    #[default]
    Required,
    /// Needed, but no API of Meta's shows it: a person looks once, when setting up.
    ByHand,
    /// Not needed in this role.
    Optional,
}

/// All required checks together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// Everything that Meta's API shows is in order.
    InOrder,
    /// At least one prerequisite is missing.
    Missing,
    /// Nothing is known to be missing, but not everything could be checked.
    Unknown,
}

impl Health {
    /// The health that these checks show. What is checked by hand or not needed does not count.
    #[must_use]
    pub fn of<'a>(checks: impl Iterator<Item = &'a Check>) -> Self {
        checks.filter(|check| check.need == Need::Required).fold(Self::InOrder, |health, check| {
            match (health, check.ok) {
                (Self::Missing, _) | (_, Some(false)) => Self::Missing,
                (_, None) => Self::Unknown,
                (health, Some(true)) => health,
            }
        })
    }
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
    /// The system user may share the credit line: it is an admin or a finance editor.
    SystemUser,
    /// The system user may add itself to customers' accounts: it is an admin.
    SelfAssignment,
    /// It is known which credit line is shared, and it can be read.
    CreditLine,
}

/// In `missing` of [`CheckName::CreditLine`]: there is neither a line nor a portfolio to look for one in.
pub const NO_PORTFOLIO: &str = "credit.no_portfolio";
/// The portfolio has no credit line.
pub const NO_LINE: &str = "credit.no_line";
/// The portfolio has several credit lines, and none is configured.
pub const SEVERAL_LINES: &str = "credit.several_lines";

impl Check {
    /// A completed check: passed when nothing is missing.
    #[must_use]
    pub fn answered(name: CheckName, missing: Vec<String>) -> Self {
        Self { ok: Some(missing.is_empty()), ..Self::unanswered(name, missing) }
    }

    /// A check that could not be completed; `about` says why.
    #[must_use]
    pub fn unanswered(name: CheckName, about: Vec<String>) -> Self {
        Self { name, ok: None, missing: about, found: Vec::new(), need: Need::Required }
    }

    /// A prerequisite that no API of Meta's shows; `about` lists what a person should look for.
    #[must_use]
    pub fn by_hand(name: CheckName, about: Vec<String>) -> Self {
        Self { need: Need::ByHand, ..Self::unanswered(name, about) }
    }

    /// A prerequisite that is not set up and not needed in this role.
    #[must_use]
    pub fn optional(name: CheckName) -> Self {
        Self { need: Need::Optional, ..Self::unanswered(name, Vec::new()) }
    }

    /// The same check, with what Meta showed.
    #[must_use]
    pub fn showing(self, found: Vec<String>) -> Self {
        Self { found, ..self }
    }

    /// The sentence for the person who sets up the platform.
    #[must_use]
    pub fn message(&self) -> &'static str {
        match (self.ok, self.need) {
            (Some(true), _) => "OK.",
            (Some(false), _) => self.gap(),
            (None, Need::ByHand) => self.by_hand_hint(),
            (None, Need::Optional) => {
                "Not set up, and not needed in this role: a system token only fetches tokens of signups that came without a browser."
            }
            (None, Need::Required) => self.unanswered_hint(),
        }
    }

    /// Where a person looks.
    fn by_hand_hint(&self) -> &'static str {
        match self.name {
            CheckName::Configuration => {
                "Meta has no API for this. App dashboard > Facebook Login for Business > Configurations: the id must be that of a WhatsApp Embedded Signup configuration."
            }
            _ => {
                "Meta has no API for this. App dashboard > Facebook Login for Business > Settings: list these under Allowed domains for the JavaScript SDK and Valid OAuth redirect URIs."
            }
        }
    }

    /// Why a check was not completed.
    fn unanswered_hint(&self) -> &'static str {
        match self.name {
            CheckName::SystemToken | CheckName::SystemUser | CheckName::SelfAssignment | CheckName::CreditLine => {
                "Not checked yet, or Meta did not answer; the code names the failure. POST /v1/doctor runs the checks that need the system token."
            }
            _ if self.missing.iter().any(|code| code == "app") => {
                "Not checked, because Meta does not accept the app secret."
            }
            _ => "Meta did not answer in time; the code names the failure. Repeat the request in a minute.",
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
                "Some webhook fields are not subscribed. POST /v1/doctor/repair subscribes to them; or subscribe in the App dashboard > WhatsApp > Configuration > Webhook fields."
            }
            CheckName::Callback => {
                "The app's webhooks are sent to another URL, or nowhere. POST /v1/doctor/repair sets this one; or enter the output WebhookUrl in the App dashboard > WhatsApp > Configuration > Callback URL."
            }
            CheckName::CallbackReachable => {
                "The webhook endpoint does not respond correctly. Check the function webhook and its Function URL."
            }
            CheckName::Configuration | CheckName::AllowedDomains => self.by_hand_hint(),
            CheckName::SystemToken => {
                "The system token does not work or lacks scopes. Business settings > System users: generate a token for this app with these permissions, and store it as the secret system-token."
            }
            CheckName::SystemUser => {
                "The system user may not share credit lines, or cannot be read. Business settings > System users: make it an admin or a finance editor of the platform's own portfolio."
            }
            CheckName::SelfAssignment => {
                "The system user may not add itself to a customer's account, without which Meta shares no credit line. Business settings > System users: make it an admin."
            }
            CheckName::CreditLine => self.credit_gap(),
        }
    }

    fn credit_gap(&self) -> &'static str {
        match self.missing.first().map(String::as_str) {
            Some(NO_PORTFOLIO) => {
                "It is not known which credit line to share. Set MetaBusinessId to the platform's own portfolio (Business settings > Business info): its only line is then used."
            }
            Some(NO_LINE) => {
                "The portfolio has no credit line. Business settings > Billing shows it once Meta has granted one to the solution partner; compare the portfolio's id with MetaBusinessId."
            }
            Some(SEVERAL_LINES) => {
                "The portfolio has several credit lines. Set CreditLineId to the one to share; Business settings > Billing shows which is which."
            }
            _ => {
                "The credit line cannot be read. Business settings > Billing: compare its id with CreditLineId; the system user has to be an admin or a finance editor."
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

    #[test]
    fn what_no_api_shows_does_not_keep_a_healthy_platform_from_being_in_order() {
        let passed = Check::answered(CheckName::App, vec![]);
        let by_hand = Check::by_hand(CheckName::AllowedDomains, vec!["https://a.example".into()]);
        let optional = Check::optional(CheckName::SystemToken);
        let late = Check::unanswered(CheckName::Callback, vec!["graph.unreachable".into()]);
        let gap = Check::answered(CheckName::Callback, vec!["https://a.example/".into()]);
        let health = |checks: &[&Check]| Health::of(checks.iter().copied());
        assert_eq!(health(&[&passed, &by_hand, &optional]), Health::InOrder);
        assert_eq!(health(&[&passed, &late, &by_hand]), Health::Unknown);
        for order in [[&gap, &late, &passed], [&passed, &late, &gap]] {
            assert_eq!(health(&order), Health::Missing);
        }
    }

    #[test]
    fn a_report_from_before_is_still_read() {
        let written = r#"{"at":0,"checks":[{"name":"credit_line","ok":true,"missing":[]}]}"#;
        let mut report = serde_json::to_value(DoctorReport { at: Timestamp::default(), checks: vec![] }).unwrap();
        report["checks"] = serde_json::from_str::<serde_json::Value>(written).unwrap()["checks"].clone();
        let report: DoctorReport = serde_json::from_value(report).unwrap();
        assert_eq!(report.checks, [Check::answered(CheckName::CreditLine, vec![])]);
    }
}
