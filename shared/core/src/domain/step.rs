//! The names of the steps of an onboarding, in display order.

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

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
