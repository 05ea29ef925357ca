//! The steps of an onboarding as a table, in display order.

mod applies;

use super::delay::{CREDIT, QUICK, REGISTRATION, RetryPolicy, SYNC};
use super::onboarding::Onboarding;
use applies::{
    always, certification_needed, cloud_number, coexistence, customer_pays, joining, leaving, overridden,
    override_was_set, proven, registered_number, replaced_token, shared_credit, subscribed, we_pay,
};
use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! steps {
    ($($(#[$doc:meta])* $step:ident $name:literal)*) => {
        /// One step of an onboarding.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Step {
            $($(#[$doc])* #[serde(rename = $name)] $step,)*
        }

        impl Step {
            /// Every step, in the order people read. Steps whose predecessors are done run independently of each other.
            pub const ALL: [Self; [$($name),*].len()] = [$(Self::$step),*];

            /// The name used in the API, in events, in the table and in logs.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$step => $name,)*
                }
            }
        }
    };
}

steps! {
    /// Proves which account the token gives access to.
    VerifyGrant "verify_grant"
    /// Hands a signup over to the record that already owns the account.
    JoinRecord "join_record"
    /// Destroys tokens that a newer signup replaced.
    RetireToken "retire_token"
    /// Subscribes our app to the account's webhooks.
    SubscribeApp "subscribe_app"
    /// Finds the account's number.
    FindNumber "find_number"
    /// Sets the callback override requested by the platform.
    OverrideCallback "override_callback"
    /// Shares and verifies the credit line.
    ShareCredit "share_credit"
    /// Registers the number with a stored PIN.
    RegisterNumber "register_number"
    /// Coexistence: requests the contacts of the WhatsApp Business app.
    SyncContacts "sync_contacts"
    /// Coexistence: requests the message history of the WhatsApp Business app.
    SyncHistory "sync_history"
    /// Reads the message templates and their namespace.
    ReadTemplates "read_templates"
    /// Checks at Meta that messages can be received.
    CheckReception "check_reception"
    /// Waits until Meta has reviewed the account.
    AwaitReview "await_review"
    /// Waits until the business is verified, where Meta requires that before the first message.
    AwaitVerification "await_verification"
    /// Waits until the customer has added a payment method.
    AwaitPaymentMethod "await_payment_method"
    /// Exit: revokes the credit line.
    RevokeCredit "revoke_credit"
    /// Exit: removes the number's callback override.
    ClearOverride "clear_override"
    /// Exit: deregisters the numbers we registered with the Cloud API.
    DeregisterNumber "deregister_number"
    /// Exit: ends our app's subscription.
    UnsubscribeApp "unsubscribe_app"
    /// Exit: destroys the customer's token.
    DestroyToken "destroy_token"
}

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
