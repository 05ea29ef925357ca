//! An onboarding as a table. The order here is the order people read.

use super::delay::{CREDIT, QUICK, REGISTRATION, RetryPolicy};
use super::onboarding::{Extent, Onboarding, Phase};
use super::session::{Flow, Role};
use serde::{Deserialize, Serialize};
use std::fmt;

/// One step of an onboarding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Proves which account the token opens.
    VerifyGrant,
    /// Subscribes our app to the account's webhooks.
    SubscribeApp,
    /// Finds the account's number.
    FindNumber,
    /// Shares and verifies the credit line.
    ShareCredit,
    /// Registers the number with a stored PIN.
    RegisterNumber,
    /// Reads the message templates and their namespace.
    ReadTemplates,
    /// Reads back from Meta that messages can arrive.
    CheckReception,
    /// Waits until the customer's own payment method is there.
    AwaitPaymentMethod,
    /// Ends the onboarding of the same customer that had the account before.
    EndPredecessor,
    /// Exit: takes the credit line back.
    RevokeCredit,
    /// Exit: takes the number we registered off the Cloud API.
    DeregisterNumber,
    /// Exit: ends our app's subscription.
    UnsubscribeApp,
    /// Exit: destroys the customer's token.
    DestroyToken,
}

/// The function allowed to perform a step: the one that may read the credentials it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Runner {
    /// `onboarding-steps`, with the customer's token.
    Steps,
    /// `credit-sharing`, with the system token.
    Credit,
}

/// One row of the table.
pub struct StepSpec {
    /// The step.
    pub step: Step,
    /// Steps that must be done before.
    pub after: &'static [Step],
    /// Whether this onboarding needs it.
    pub applies: fn(&Onboarding) -> bool,
    /// Who may perform it.
    pub runner: Runner,
    /// How often and when it is tried again.
    pub retry: RetryPolicy,
}

const BEFORE_CHECK: &[Step] = &[Step::SubscribeApp, Step::FindNumber, Step::RegisterNumber];
const BEFORE_DESTRUCTION: &[Step] = &[Step::RevokeCredit, Step::DeregisterNumber, Step::UnsubscribeApp];

/// The row of a step.
#[must_use]
pub const fn spec(step: Step) -> &'static StepSpec {
    match step {
        Step::VerifyGrant => const { &row(Step::VerifyGrant, &[], always, Runner::Steps, QUICK) },
        Step::SubscribeApp => const { &row(Step::SubscribeApp, &[Step::VerifyGrant], always, Runner::Steps, QUICK) },
        Step::FindNumber => const { &row(Step::FindNumber, &[Step::VerifyGrant], always, Runner::Steps, QUICK) },
        Step::ShareCredit => const { &row(Step::ShareCredit, &[Step::VerifyGrant], we_pay, Runner::Credit, CREDIT) },
        Step::RegisterNumber => {
            const { &row(Step::RegisterNumber, &[Step::FindNumber], cloud_number, Runner::Steps, REGISTRATION) }
        }
        Step::ReadTemplates => const { &row(Step::ReadTemplates, &[Step::VerifyGrant], always, Runner::Steps, QUICK) },
        Step::CheckReception => const { &row(Step::CheckReception, BEFORE_CHECK, always, Runner::Steps, QUICK) },
        Step::AwaitPaymentMethod => {
            const { &row(Step::AwaitPaymentMethod, &[Step::VerifyGrant], customer_pays, Runner::Steps, QUICK) }
        }
        Step::EndPredecessor => {
            const { &row(Step::EndPredecessor, &[Step::VerifyGrant], follows, Runner::Steps, QUICK) }
        }
        Step::RevokeCredit => const { &row(Step::RevokeCredit, &[], shared_credit, Runner::Credit, CREDIT) },
        Step::DeregisterNumber => {
            const { &row(Step::DeregisterNumber, &[], registered_number, Runner::Steps, REGISTRATION) }
        }
        Step::UnsubscribeApp => {
            const { &row(Step::UnsubscribeApp, &[Step::DeregisterNumber], subscribed, Runner::Steps, QUICK) }
        }
        Step::DestroyToken => const { &row(Step::DestroyToken, BEFORE_DESTRUCTION, leaving, Runner::Steps, QUICK) },
    }
}

const fn row(
    step: Step,
    after: &'static [Step],
    applies: fn(&Onboarding) -> bool,
    runner: Runner,
    retry: RetryPolicy,
) -> StepSpec {
    StepSpec { step, after, applies, runner, retry }
}

/// While the connection is built up.
fn always(onboarding: &Onboarding) -> bool {
    !onboarding.is_leaving()
}

fn we_pay(onboarding: &Onboarding) -> bool {
    !onboarding.is_leaving() && onboarding.role == Role::SolutionPartner
}

fn customer_pays(onboarding: &Onboarding) -> bool {
    !onboarding.is_leaving() && onboarding.role != Role::SolutionPartner
}

/// Meta: a coexistence number is registered already and must never be registered again. Any sign of it counts: a number
/// that is wrongly left alone waits visibly, one that is wrongly registered is taken out of the customer's app.
fn cloud_number(onboarding: &Onboarding) -> bool {
    let in_app = onboarding.phone.as_ref().is_some_and(super::grant::VerifiedPhone::is_on_business_app);
    !onboarding.is_leaving() && onboarding.flow != Flow::Coexistence && !onboarding.claims_coexistence() && !in_app
}

fn follows(onboarding: &Onboarding) -> bool {
    !onboarding.is_leaving() && onboarding.predecessor.is_some()
}

fn leaving(onboarding: &Onboarding) -> bool {
    onboarding.is_leaving()
}

/// Begun is enough: an answer may be lost after Meta shared.
fn shared_credit(onboarding: &Onboarding) -> bool {
    let ours = !matches!(onboarding.phase, Phase::Leaving { extent: Extent::TokenOnly, .. });
    onboarding.is_leaving() && ours && onboarding.waba.is_some() && onboarding.steps.contains_key(&Step::ShareCredit)
}

fn registered_number(onboarding: &Onboarding) -> bool {
    leaving_with_token(onboarding) && onboarding.phone.is_some() && onboarding.steps.contains_key(&Step::RegisterNumber)
}

fn subscribed(onboarding: &Onboarding) -> bool {
    leaving_with_token(onboarding) && onboarding.waba.is_some()
}

fn leaving_with_token(onboarding: &Onboarding) -> bool {
    onboarding.is_leaving() && onboarding.token_attempt().is_some()
}

impl Step {
    /// Every step, in the order people read. Steps whose predecessors are done run independently of each other.
    pub const ALL: [Self; 13] = [
        Self::VerifyGrant,
        Self::SubscribeApp,
        Self::FindNumber,
        Self::ShareCredit,
        Self::RegisterNumber,
        Self::ReadTemplates,
        Self::CheckReception,
        Self::AwaitPaymentMethod,
        Self::EndPredecessor,
        Self::RevokeCredit,
        Self::DeregisterNumber,
        Self::UnsubscribeApp,
        Self::DestroyToken,
    ];

    /// The name used in the API, in events and in logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::VerifyGrant => "verify_grant",
            Self::SubscribeApp => "subscribe_app",
            Self::FindNumber => "find_number",
            Self::ShareCredit => "share_credit",
            Self::RegisterNumber => "register_number",
            Self::ReadTemplates => "read_templates",
            Self::CheckReception => "check_reception",
            Self::AwaitPaymentMethod => "await_payment_method",
            Self::EndPredecessor => "end_predecessor",
            Self::RevokeCredit => "revoke_credit",
            Self::DeregisterNumber => "deregister_number",
            Self::UnsubscribeApp => "unsubscribe_app",
            Self::DestroyToken => "destroy_token",
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_has_one_row_and_follows_only_rows_above_it() {
        for (index, step) in Step::ALL.into_iter().enumerate() {
            assert_eq!(spec(step).step, step);
            for before in spec(step).after {
                assert!(Step::ALL[..index].contains(before), "{step} after {before}");
            }
        }
    }
}
