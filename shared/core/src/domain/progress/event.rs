//! What can happen to an onboarding.

use super::{ReceivedCode, Timestamp};
use crate::domain::assignment::Assignment;
use crate::domain::claim::Claim;
use crate::domain::display_number::DisplayNumber;
use crate::domain::entitlement::{Entitlement, Granted};
use crate::domain::failure::Failure;
use crate::domain::grant::{VerifiedPhone, VerifiedWaba};
use crate::domain::ids::{AllocationId, AttemptId, BusinessId, CustomerRef, OnboardingId, PhoneNumberId, WabaId};
use crate::domain::meta_status::Attribute;
use crate::domain::onboarding::{Extent, PendingEvent};
use crate::domain::session::{CallbackOverride, Flow};
use crate::domain::steps::Step;
use std::collections::BTreeSet;

/// Something that happened. A fact is never dropped because somebody else saved first: it is applied to the newer record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// A browser brought another code, after the customer was asked to click again.
    CodeReceived(Box<ReceivedCode>),
    /// The token is in the vault.
    TokenStored(AttemptId),
    /// The code of this attempt gave no token.
    ExchangeFailed(AttemptId, &'static str),
    /// Meta accepted the code of this attempt and the vault did not take its token: the exchange is over. What the token was
    /// granted, where Meta said so in time.
    TokenNotKept(AttemptId, Option<Granted>),
    /// Somebody looks for the outcome of this attempt.
    RescueStarted(AttemptId),
    /// The token of this attempt is lost, and this portfolio's may be asked for without a code.
    TokenSought(AttemptId, BusinessId),
    /// An operator gave an account to a customer.
    Assigned(Box<Assignment>),
    /// Somebody asks Meta for the token of this attempt.
    FetchAsked(AttemptId),
    /// Meta did not give the token of this attempt yet.
    FetchPostponed(AttemptId),
    /// A token that ends soon was replaced by a newer one of the same account.
    TokenRenewed(Renewed),
    /// The token of this attempt no longer works; seen outside a step.
    TokenDied(AttemptId, String),
    /// The same customer went through another signup for the same account; its token is proven.
    Rejoined(Box<RepeatSignup>),
    /// Calls were made to Meta about the account.
    Called {
        /// How many.
        calls: u32,
        /// Seconds for which Meta wants to be left alone; 0 while all is well.
        rest: u32,
    },
    /// A worker began a step.
    StepStarted(Step),
    /// A step is done; what it found out.
    StepSucceeded(Step, Finding),
    /// A step did not work out.
    StepFailed(Step, Failure),
    /// Somebody chose where several were granted: hints, proven like those of a browser.
    Chosen {
        /// The account.
        waba: Option<WabaId>,
        /// The number.
        phone: Option<PhoneNumberId>,
    },
    /// A worker looks whether the connection still is as it was set up.
    WatchStarted,
    /// What that look found.
    Watched(Box<HealthCheck>),
    /// Meta reported a status value of the account, or of one of its numbers.
    Observed {
        /// What it is about.
        about: About,
        /// What the value is about.
        attribute: Attribute,
        /// The value, upper case.
        value: String,
        /// When Meta said it.
        at: Timestamp,
    },
    /// Meta restricted the account, or lifted what it had.
    Restricted {
        /// The restriction's type as Meta names it; `LIFTED` when it is over.
        value: String,
        /// Until when, where Meta says so.
        until: Option<Timestamp>,
        /// When Meta said it.
        at: Timestamp,
    },
    /// Meta decided about a display name that the customer asked for.
    NameDecided {
        /// The number.
        display: DisplayNumber,
        /// The decision.
        decision: String,
        /// When.
        at: Timestamp,
    },
    /// Meta said that something changed without saying what: it is looked at now.
    CheckRequested,
    /// Somebody asked for something about the account that changes no record by itself, a template for example.
    Requested,
    /// The platform ends the connection.
    ExitRequested,
    /// A number moved to the account from another provider, and its owner proved to have it.
    NumberAdded(VerifiedPhone),
    /// Waits that ask for nobody's action were looked at early because somebody said to go on.
    Resumed,
    /// Meta says the customer removed us, uninstalled our app or deleted its account, at that time.
    Departed(&'static str, Timestamp),
    /// Somebody asks Meta whether the departure is true.
    DepartureCheckStarted,
    /// Meta no longer lets the token of this attempt see the account; what of an exit is left to try.
    DepartureConfirmed(AttemptId, Extent),
    /// The token of this attempt still opens the account.
    DepartureNotConfirmed(AttemptId),
    /// Meta says the customer shares its account with us, or installed our app, since that time.
    Joined(Timestamp),
    /// These events were sent.
    EventsSent(Vec<PendingEvent>),
}

/// What a status value of Meta's is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum About {
    /// The account.
    Account,
    /// A number, by its node.
    Number(PhoneNumberId),
    /// A number, as people write it.
    Display(DisplayNumber),
}

/// What a step found out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// The account is proven.
    Account {
        /// The account.
        waba: VerifiedWaba,
        /// The record of the same customer that has it already.
        joins: Option<OnboardingId>,
        /// When the token ends; `None` when it does not.
        token_expires_at: Option<Timestamp>,
        /// What Meta announced about the account.
        status: Vec<(Attribute, String)>,
    },
    /// The number is proven.
    Number {
        /// The number.
        phone: VerifiedPhone,
        /// Its display name, quality and limit as Meta reports them.
        status: Vec<(Attribute, String)>,
        /// How people write it.
        display: Option<DisplayNumber>,
    },
    /// These numbers are registered.
    Registered(Vec<PhoneNumberId>),
    /// The credit line is shared and read back.
    CreditShared(AllocationId),
    /// The templates were read.
    Templates {
        /// Their namespace.
        namespace: Option<String>,
    },
    /// The record that was to be joined has ended: the account is looked at again.
    Alone,
    /// What Meta says about the account.
    Status(Vec<(Attribute, String)>),
    /// Meta no longer lets us see the account: there is nothing left to undo here.
    AccessLost,
    /// Nothing but success.
    Nothing,
}

/// A signup that goes on in a record of the same customer: what it brings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepeatSignup {
    /// The attempt whose secret holds the newer token.
    pub attempt: AttemptId,
    /// When that token ends.
    pub token_expires_at: Option<Timestamp>,
    /// Whose signup it was: a record that nobody claimed becomes this customer's.
    pub customer_ref: CustomerRef,
    /// What the browser said.
    pub claim: Claim,
    /// What proves the token, when no code brought it.
    pub entitlement: Option<Entitlement>,
    /// The flow that was launched.
    pub flow: Flow,
    /// Where the platform wants the number's webhooks.
    pub callback_override: Option<CallbackOverride>,
}

/// A newer token of the same account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renewed {
    /// The attempt whose secret holds it.
    pub attempt: AttemptId,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
}

/// What a look at a connection found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthCheck {
    /// When the look began: what it read is older than all news since.
    pub at: Timestamp,
    /// When the token ends.
    pub token_expires_at: Option<Timestamp>,
    /// Status values of the account.
    pub account: Vec<(Attribute, String)>,
    /// Status values of its numbers.
    pub numbers: Vec<(PhoneNumberId, Vec<(Attribute, String)>)>,
    /// What is not as it was set up and could not be repaired: stable codes.
    pub drift: BTreeSet<String>,
    /// What was not as it was set up and is now.
    pub repaired: Vec<&'static str>,
    /// An attempt nobody used yet, for a newer token should one be needed.
    pub spare: AttemptId,
}
