//! The table of steps: what each needs, who runs it, how it is retried.

mod applies;
mod plan;

use super::delay::{CREDIT, QUICK, REGISTRATION, RetryPolicy, SYNC};
use super::onboarding::Onboarding;
pub use super::step::Step;
use applies::{
    always, certification_needed, cloud_number, coexistence, customer_pays, joining, leaving, overridden,
    override_was_set, proven, registered_number, replaced_token, shared_credit, subscribed, we_pay,
};
use serde::{Deserialize, Serialize};

/// The function that runs a step: the one that may read the required credentials.
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
    /// Which function runs it.
    pub runner: Runner,
    /// How often and when it is retried.
    pub retry: RetryPolicy,
    /// Whether the connection works without it.
    pub optional: bool,
    /// Whether it takes a connection apart.
    pub exit: bool,
}

const GRANTED: &[Step] = &[Step::VerifyGrant];
const FOUND: &[Step] = &[Step::FindNumber];
const BEFORE_OVERRIDE: &[Step] = &[Step::SubscribeApp, Step::FindNumber];
const BEFORE_CHECK: &[Step] = &[Step::SubscribeApp, Step::FindNumber, Step::RegisterNumber];
const BEFORE_UNSUBSCRIPTION: &[Step] = &[Step::ClearOverride, Step::DeregisterNumber];
const BEFORE_DESTRUCTION: &[Step] =
    &[Step::RevokeCredit, Step::ClearOverride, Step::DeregisterNumber, Step::UnsubscribeApp];

/// The row of a step.
#[must_use]
pub const fn spec(step: Step) -> &'static StepSpec {
    use Runner::{Credit, Steps};
    match step {
        Step::VerifyGrant => const { &row(Step::VerifyGrant, &[], proven, Steps, QUICK) },
        Step::JoinRecord => const { &row(Step::JoinRecord, GRANTED, joining, Steps, QUICK) },
        Step::RetireToken => const { &optional(row(Step::RetireToken, GRANTED, replaced_token, Steps, QUICK)) },
        Step::SubscribeApp => const { &row(Step::SubscribeApp, GRANTED, always, Steps, QUICK) },
        Step::FindNumber => const { &row(Step::FindNumber, GRANTED, always, Steps, QUICK) },
        Step::OverrideCallback => {
            const { &optional(row(Step::OverrideCallback, BEFORE_OVERRIDE, overridden, Steps, QUICK)) }
        }
        Step::ShareCredit => const { &row(Step::ShareCredit, GRANTED, we_pay, Credit, CREDIT) },
        Step::RegisterNumber => const { &row(Step::RegisterNumber, FOUND, cloud_number, Steps, REGISTRATION) },
        Step::SyncContacts => const { &optional(row(Step::SyncContacts, FOUND, coexistence, Steps, SYNC)) },
        Step::SyncHistory => const { &optional(row(Step::SyncHistory, FOUND, coexistence, Steps, SYNC)) },
        Step::ReadTemplates => const { &row(Step::ReadTemplates, GRANTED, always, Steps, QUICK) },
        Step::CheckReception => const { &row(Step::CheckReception, BEFORE_CHECK, always, Steps, QUICK) },
        Step::AwaitReview => const { &row(Step::AwaitReview, GRANTED, always, Steps, QUICK) },
        Step::AwaitVerification => const { &row(Step::AwaitVerification, GRANTED, certification_needed, Steps, QUICK) },
        Step::AwaitPaymentMethod => const { &row(Step::AwaitPaymentMethod, GRANTED, customer_pays, Steps, QUICK) },
        Step::RevokeCredit => const { &exit(row(Step::RevokeCredit, &[], shared_credit, Credit, CREDIT)) },
        Step::ClearOverride => const { &exit(row(Step::ClearOverride, &[], override_was_set, Steps, QUICK)) },
        Step::DeregisterNumber => {
            const { &exit(row(Step::DeregisterNumber, &[], registered_number, Steps, REGISTRATION)) }
        }
        Step::UnsubscribeApp => {
            const { &exit(row(Step::UnsubscribeApp, BEFORE_UNSUBSCRIPTION, subscribed, Steps, QUICK)) }
        }
        Step::DestroyToken => const { &exit(row(Step::DestroyToken, BEFORE_DESTRUCTION, leaving, Steps, QUICK)) },
    }
}

const fn row(
    step: Step,
    after: &'static [Step],
    applies: fn(&Onboarding) -> bool,
    runner: Runner,
    retry: RetryPolicy,
) -> StepSpec {
    StepSpec { step, after, applies, runner, retry, optional: false, exit: false }
}

const fn optional(row: StepSpec) -> StepSpec {
    StepSpec { optional: true, ..row }
}

const fn exit(row: StepSpec) -> StepSpec {
    StepSpec { exit: true, ..row }
}

impl Step {
    /// Whether it belongs to an exit.
    #[must_use]
    pub const fn is_of_exit(self) -> bool {
        spec(self).exit
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
