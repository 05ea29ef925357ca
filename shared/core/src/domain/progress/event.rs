//! What can happen to an onboarding.

use super::{ReceivedCode, Timestamp};
use crate::domain::assignment::Assignment;
use crate::domain::claim::Claim;
use crate::domain::display_number::DisplayNumber;
use crate::domain::entitlement::{Entitlement, Granted};
use crate::domain::failure::{Failure, MetaCode};
use crate::domain::grant::{VerifiedPhone, VerifiedWaba};
use crate::domain::ids::{AllocationId, AttemptId, BusinessId, CustomerRef, OnboardingId, PhoneNumberId, WabaId};
use crate::domain::meta_status::Attribute;
use crate::domain::onboarding::Extent;
use crate::domain::outbox::PendingEvent;
use crate::domain::session::{CallbackOverride, Flow};
use crate::domain::steps::Step;
use std::collections::BTreeSet;

/// Something that happened. A fact is never dropped because of a version conflict: it is applied to the newer record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// A browser sent another code, after the customer was asked to click again.
    CodeReceived(Box<ReceivedCode>),
    /// The token is in the vault.
    TokenStored(AttemptId),
    /// The code of this attempt yielded no token.
    ExchangeFailed(AttemptId, &'static str),
    /// The same, because of a refusal of Meta's with these numbers.
    ExchangeRefused(AttemptId, &'static str, MetaCode),
    /// Meta accepted the code of this attempt, but storing its token failed: the exchange has ended. With what the
    /// token was granted, if Meta reported it in time.
    TokenNotStored(AttemptId, Option<Granted>),
    /// A worker checks the outcome of this attempt.
    RescueStarted(AttemptId),
    /// The token of this attempt is lost; this portfolio's token may be requested without a code.
    TokenFetchPlanned(AttemptId, BusinessId),
    /// An operator assigned an account to a customer.
    Assigned(Box<Assignment>),
    /// A worker requests the token of this attempt from Meta.
    FetchAsked(AttemptId),
    /// Meta did not return the token of this attempt yet.
    FetchPostponed(AttemptId),
    /// A token that expires soon was replaced by a newer one of the same account.
    TokenRenewed(Renewed),
    /// The token of this attempt is no longer valid; noticed outside of a step.
    TokenDied(AttemptId, String),
    /// The same customer completed another signup for the same account; its token is proven.
    Rejoined(Box<RepeatSignup>),
    /// Calls were made to Meta about the account.
    Called {
        /// How many.
        calls: u32,
        /// Cooldown in seconds demanded by Meta; 0 for none.
        rest: u32,
    },
    /// A worker started a step.
    StepStarted(Step),
    /// A step succeeded, with its result.
    StepSucceeded(Step, Finding),
    /// A step failed.
    StepFailed(Step, Failure),
    /// Somebody chose among several granted accounts or numbers: a hint, verified like a browser's claim.
    Chosen {
        /// The account.
        waba: Option<WabaId>,
        /// The number.
        phone: Option<PhoneNumberId>,
    },
    /// A worker started a health check of the connection.
    WatchStarted,
    /// The result of a health check.
    Watched(Box<HealthCheck>),
    /// A health check had no result, for this reason.
    WatchFailed(String),
    /// The token of this attempt is valid, but Meta no longer gives access to the account, for this reason.
    AccessLost(AttemptId, &'static str),
    /// Meta reported a status value of the account, or of one of its numbers.
    Observed {
        /// What it is about.
        about: About,
        /// What the value is about.
        attribute: Attribute,
        /// The value, upper case.
        value: String,
        /// When, by Meta's clock.
        at: Timestamp,
    },
    /// Meta restricted the account, or lifted a restriction.
    Restricted {
        /// Meta's type of the restriction; `LIFTED` when it ended.
        value: String,
        /// When it expires, if Meta reports that.
        until: Option<Timestamp>,
        /// When, by Meta's clock.
        at: Timestamp,
    },
    /// Meta decided about a display name that the customer requested.
    NameDecided {
        /// The number.
        display: DisplayNumber,
        /// The decision.
        decision: String,
        /// When.
        at: Timestamp,
    },
    /// Meta reported a change without details: a health check is due now.
    CheckRequested,
    /// Meta refused a message in a way that may mean lost access: a health check is due, if there was none just now.
    AccessDoubted,
    /// Meta reported that a number was disconnected in the WhatsApp Business app.
    NumberDisconnected(Box<ReportedDisconnection>),
    /// An API operation on the account that does not change the record itself, for example on a template.
    Requested,
    /// The platform requested an exit.
    ExitRequested {
        /// Whether the numbers are to be deregistered, too.
        deregister: bool,
    },
    /// A number was migrated to the account from another provider and verified by its owner.
    NumberAdded(VerifiedPhone),
    /// Somebody requested to retry waiting steps now.
    Resumed,
    /// Meta reported that the customer removed us, uninstalled our app or deleted its account, at that time.
    Departed(&'static str, Timestamp),
    /// A worker checks a departure with Meta.
    DepartureCheckStarted,
    /// The account is no longer visible to the token of this attempt; with what an exit can still undo.
    DepartureConfirmed(AttemptId, Extent),
    /// The token of this attempt still gives access to the account.
    DepartureNotConfirmed(AttemptId),
    /// Meta reported that the customer shared its account with us or installed our app, at that time.
    Joined(Timestamp),
    /// These events were sent.
    EventsSent(Vec<PendingEvent>),
}

/// Meta's report that a number was disconnected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportedDisconnection {
    /// The number, in the shape of the report that names it.
    pub display: Option<DisplayNumber>,
    /// Meta's reason.
    pub reason: Option<String>,
    /// Who caused it.
    pub initiated_by: Option<String>,
    /// When, by Meta's clock.
    pub at: Timestamp,
}

/// The subject of a status value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum About {
    /// The account.
    Account,
    /// A number, by its id at Meta.
    Number(PhoneNumberId),
    /// A number, by its display form.
    Display(DisplayNumber),
}

/// The result of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// The account is proven.
    Account {
        /// The account.
        waba: VerifiedWaba,
        /// The record of the same customer that already owns it.
        joins: Option<OnboardingId>,
        /// When the token expires; `None` when it does not.
        token_expires_at: Option<Timestamp>,
        /// WhatsApp scopes that the token has for the account.
        scopes: BTreeSet<String>,
        /// Status values that Meta announced for the account.
        status: Vec<(Attribute, String)>,
    },
    /// The number is proven.
    Number {
        /// The number.
        phone: VerifiedPhone,
        /// Its display name, quality and limit as Meta reports them.
        status: Vec<(Attribute, String)>,
        /// Its display form.
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
    /// The record to be joined has ended: the account is verified again.
    Alone,
    /// Status values of the account.
    Status(Vec<(Attribute, String)>),
    /// The account is no longer visible to us: there is nothing left to undo.
    AccessLost,
    /// A step of an exit left things as they are, for this reason.
    LeftAlone(&'static str),
    /// Success without data.
    Nothing,
}

/// A signup that continues in an existing record, with its data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepeatSignup {
    /// The attempt whose secret holds the newer token.
    pub attempt: AttemptId,
    /// When that token expires.
    pub token_expires_at: Option<Timestamp>,
    /// The customer of the signup; an unclaimed record becomes this customer's.
    pub customer_ref: CustomerRef,
    /// What the browser claimed.
    pub claim: Claim,
    /// What entitles the record to the token, when it did not come from a code.
    pub entitlement: Option<Entitlement>,
    /// The flow that was launched.
    pub flow: Flow,
    /// Callback override for the number's webhooks.
    pub callback_override: Option<CallbackOverride>,
}

/// A newer token of the same account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renewed {
    /// The attempt whose secret holds it.
    pub attempt: AttemptId,
    /// When it expires.
    pub expires_at: Option<Timestamp>,
}

/// The result of a health check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthCheck {
    /// The attempt whose token was used: what another token sees is not about this connection.
    pub attempt: AttemptId,
    /// When the check began: its values are older than all later notifications.
    pub at: Timestamp,
    /// When the token expires.
    pub token_expires_at: Option<Timestamp>,
    /// Status values of the account.
    pub account: Vec<(Attribute, String)>,
    /// Status values of its numbers.
    pub numbers: Vec<(PhoneNumberId, Vec<(Attribute, String)>)>,
    /// Numbers that Meta no longer shows.
    pub gone: BTreeSet<PhoneNumberId>,
    /// WhatsApp scopes that the token has for the account.
    pub scopes: BTreeSet<String>,
    /// Drift that could not be repaired, as stable codes.
    pub drift: BTreeSet<String>,
    /// Drift that was repaired, as stable codes.
    pub repaired: Vec<&'static str>,
    /// An unused attempt id, in case a newer token is needed.
    pub spare: AttemptId,
}
