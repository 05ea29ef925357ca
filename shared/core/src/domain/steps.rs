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

/// One step of an onboarding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Proves which account the token gives access to.
    VerifyGrant,
    /// Hands a signup over to the record that already owns the account.
    JoinRecord,
    /// Destroys tokens that a newer signup replaced.
    RetireToken,
    /// Subscribes our app to the account's webhooks.
    SubscribeApp,
    /// Finds the account's number.
    FindNumber,
    /// Sets the callback override requested by the platform.
    OverrideCallback,
    /// Shares and verifies the credit line.
    ShareCredit,
    /// Registers the number with a stored PIN.
    RegisterNumber,
    /// Coexistence: requests the contacts of the WhatsApp Business app.
    SyncContacts,
    /// Coexistence: requests the message history of the WhatsApp Business app.
    SyncHistory,
    /// Reads the message templates and their namespace.
    ReadTemplates,
    /// Checks at Meta that messages can be received.
    CheckReception,
    /// Waits until Meta has reviewed the account.
    AwaitReview,
    /// Waits until the business is verified, where Meta requires that before the first message.
    AwaitVerification,
    /// Waits until the customer has added a payment method.
    AwaitPaymentMethod,
    /// Exit: revokes the credit line.
    RevokeCredit,
    /// Exit: removes the number's callback override.
    ClearOverride,
    /// Exit: deregisters the numbers we registered with the Cloud API.
    DeregisterNumber,
    /// Exit: ends our app's subscription.
    UnsubscribeApp,
    /// Exit: destroys the customer's token.
    DestroyToken,
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
        Step::RevokeCredit => const { &row(Step::RevokeCredit, &[], shared_credit, Credit, CREDIT) },
        Step::ClearOverride => const { &row(Step::ClearOverride, &[], override_was_set, Steps, QUICK) },
        Step::DeregisterNumber => const { &row(Step::DeregisterNumber, &[], registered_number, Steps, REGISTRATION) },
        Step::UnsubscribeApp => const { &row(Step::UnsubscribeApp, BEFORE_UNSUBSCRIPTION, subscribed, Steps, QUICK) },
        Step::DestroyToken => const { &row(Step::DestroyToken, BEFORE_DESTRUCTION, leaving, Steps, QUICK) },
    }
}

const fn row(
    step: Step,
    after: &'static [Step],
    applies: fn(&Onboarding) -> bool,
    runner: Runner,
    retry: RetryPolicy,
) -> StepSpec {
    StepSpec { step, after, applies, runner, retry, optional: false }
}

const fn optional(row: StepSpec) -> StepSpec {
    StepSpec { optional: true, ..row }
}

impl Step {
    /// Whether it belongs to an exit.
    #[must_use]
    pub const fn is_of_exit(self) -> bool {
        matches!(
            self,
            Self::RevokeCredit
                | Self::ClearOverride
                | Self::DeregisterNumber
                | Self::UnsubscribeApp
                | Self::DestroyToken
        )
    }

    /// Every step, in display order. Steps whose predecessors are done run independently of each other.
    pub const ALL: [Self; 20] = [
        Self::VerifyGrant,
        Self::JoinRecord,
        Self::RetireToken,
        Self::SubscribeApp,
        Self::FindNumber,
        Self::OverrideCallback,
        Self::ShareCredit,
        Self::RegisterNumber,
        Self::SyncContacts,
        Self::SyncHistory,
        Self::ReadTemplates,
        Self::CheckReception,
        Self::AwaitReview,
        Self::AwaitVerification,
        Self::AwaitPaymentMethod,
        Self::RevokeCredit,
        Self::ClearOverride,
        Self::DeregisterNumber,
        Self::UnsubscribeApp,
        Self::DestroyToken,
    ];

    /// The name used in the API, in events and in logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::VerifyGrant => "verify_grant",
            Self::JoinRecord => "join_record",
            Self::RetireToken => "retire_token",
            Self::SubscribeApp => "subscribe_app",
            Self::FindNumber => "find_number",
            Self::OverrideCallback => "override_callback",
            Self::ShareCredit => "share_credit",
            Self::RegisterNumber => "register_number",
            Self::SyncContacts => "sync_contacts",
            Self::SyncHistory => "sync_history",
            Self::ReadTemplates => "read_templates",
            Self::CheckReception => "check_reception",
            Self::AwaitReview => "await_review",
            Self::AwaitVerification => "await_verification",
            Self::AwaitPaymentMethod => "await_payment_method",
            Self::RevokeCredit => "revoke_credit",
            Self::ClearOverride => "clear_override",
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
