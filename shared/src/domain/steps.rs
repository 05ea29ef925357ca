//! An onboarding as a table. The order here is the order people read.

use super::delay::{CREDIT, QUICK, REGISTRATION, RetryPolicy};
use super::onboarding::Onboarding;
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

/// The row of a step.
#[must_use]
pub const fn spec(step: Step) -> &'static StepSpec {
    match step {
        Step::VerifyGrant => {
            &StepSpec { step: Step::VerifyGrant, after: &[], applies: always, runner: Runner::Steps, retry: QUICK }
        }
        Step::SubscribeApp => &StepSpec {
            step: Step::SubscribeApp,
            after: &[Step::VerifyGrant],
            applies: always,
            runner: Runner::Steps,
            retry: QUICK,
        },
        Step::FindNumber => &StepSpec {
            step: Step::FindNumber,
            after: &[Step::VerifyGrant],
            applies: always,
            runner: Runner::Steps,
            retry: QUICK,
        },
        Step::ShareCredit => &StepSpec {
            step: Step::ShareCredit,
            after: &[Step::VerifyGrant],
            applies: we_pay,
            runner: Runner::Credit,
            retry: CREDIT,
        },
        Step::RegisterNumber => &StepSpec {
            step: Step::RegisterNumber,
            after: &[Step::FindNumber],
            applies: cloud_number,
            runner: Runner::Steps,
            retry: REGISTRATION,
        },
        Step::ReadTemplates => &StepSpec {
            step: Step::ReadTemplates,
            after: &[Step::VerifyGrant],
            applies: always,
            runner: Runner::Steps,
            retry: QUICK,
        },
        Step::CheckReception => &StepSpec {
            step: Step::CheckReception,
            after: &[Step::SubscribeApp, Step::FindNumber, Step::RegisterNumber],
            applies: always,
            runner: Runner::Steps,
            retry: QUICK,
        },
        Step::AwaitPaymentMethod => &StepSpec {
            step: Step::AwaitPaymentMethod,
            after: &[Step::VerifyGrant],
            applies: customer_pays,
            runner: Runner::Steps,
            retry: QUICK,
        },
    }
}

fn always(_: &Onboarding) -> bool {
    true
}

fn we_pay(onboarding: &Onboarding) -> bool {
    onboarding.role == Role::SolutionPartner
}

fn customer_pays(onboarding: &Onboarding) -> bool {
    onboarding.role != Role::SolutionPartner
}

/// Meta: a coexistence number is registered already and must never be registered again. Before the grant is verified
/// the step counts as needed.
fn cloud_number(onboarding: &Onboarding) -> bool {
    let in_app = onboarding.phone.as_ref().is_some_and(super::grant::VerifiedPhone::is_on_business_app);
    onboarding.flow != Flow::Coexistence && !onboarding.claims_coexistence() && !in_app
}

impl Step {
    /// Every step, in the order people read. Steps whose predecessors are done run independently of each other.
    pub const ALL: [Self; 8] = [
        Self::VerifyGrant,
        Self::SubscribeApp,
        Self::FindNumber,
        Self::ShareCredit,
        Self::RegisterNumber,
        Self::ReadTemplates,
        Self::CheckReception,
        Self::AwaitPaymentMethod,
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
