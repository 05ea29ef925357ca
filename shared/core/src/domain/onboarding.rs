//! The record of one customer's onboarding: what is known, what is done and what it waits for.

mod calls;
mod departure;
mod notice;
mod number;
mod obstacle;
mod phase;
mod state;
mod step_record;

pub use calls::Calls;
pub use departure::Departure;
pub use notice::{EXPIRY_WARNING, Notice, SYNC_WINDOW};
pub use number::{DISCONNECTED, Disconnection, NAME_NOT_APPROVED, Number, REGISTRATION_WINDOW};
pub use obstacle::Obstacle;
pub use phase::{Extent, Phase};
pub use state::State;
pub use step_record::{StepRecord, StepStatus};

use super::claim::{Claim, FinishEvent};
use super::entitlement::Entitlement;
use super::grant::{VerifiedPhone, VerifiedWaba};
use super::ids::{AllocationId, AttemptId, CustomerRef, OnboardingId, PhoneNumberId};
use super::meta_status::MetaStatus;
use super::outbox::PendingEvent;
use super::session::{CallbackOverride, Flow, Role};
use super::step::Step;
use super::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A token renewal: a newer token is requested from Meta, server to server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Renewal {
    /// The attempt, from which the newer token's secret name is derived.
    pub attempt: AttemptId,
    /// When it is requested next.
    pub due: Timestamp,
    /// How often it was requested.
    pub tries: u16,
}

/// Prefix of the stable codes for access that was lost although the token is valid.
const ACCESS: &str = "access.";

/// One customer's onboarding.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Onboarding {
    /// Its id.
    pub id: OnboardingId,
    /// The platform's reference of the customer.
    pub customer_ref: CustomerRef,
    /// The platform's role at the beginning of the onboarding.
    pub role: Role,
    /// The flow that was launched.
    pub flow: Flow,
    /// When it began.
    pub created_at: Timestamp,
    /// The phase of the connection.
    pub phase: Phase,
    /// When `phase` began.
    pub phase_since: Timestamp,
    /// What the browser claimed.
    pub claim: Claim,
    /// What entitles this record to a token that was obtained without a code; `None` when the token comes from a code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entitlement: Option<Entitlement>,
    /// When the current connection began: with the token of a signup.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connected_since: Option<Timestamp>,
    /// The latest departure that Meta reported during the current connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub departure: Option<Departure>,
    /// The account, once proven.
    pub waba: Option<VerifiedWaba>,
    /// The number of the last signup, once proven.
    pub phone: Option<VerifiedPhone>,
    /// All numbers of the account proven so far.
    #[serde(default)]
    pub numbers: BTreeMap<PhoneNumberId, Number>,
    /// The record of the same customer that already owns the account: this signup continues there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub joins: Option<OnboardingId>,
    /// Attempts whose tokens were replaced by a newer one and have to be destroyed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub retired: Vec<AttemptId>,
    /// When the token expires, as reported by Meta; `None` when it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_expires_at: Option<Timestamp>,
    /// Callback override for the number's webhooks, as requested by the platform.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub callback_override: Option<CallbackOverride>,
    /// The account's status at Meta.
    #[serde(default)]
    pub facts: MetaStatus,
    /// Problems found by the regular health check that no step waits for, as stable codes.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub drift: BTreeSet<String>,
    /// A renewal in progress, because the current token expires.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renewal: Option<Renewal>,
    /// When the next health check of a completed connection is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watch_at: Option<Timestamp>,
    /// Health checks started since the last one that had a result.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub check_tries: u16,
    /// When the last health check was started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checked_at: Option<Timestamp>,
    /// WhatsApp scopes that the token has for the account; empty in records from before they were stored.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub scopes: BTreeSet<String>,
    /// Whether an exit deregisters the numbers, as requested by an operator. Meta takes a deregistered number off the
    /// Cloud API for every partner that uses it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deregisters: bool,
    /// Calls to Meta about the account within the current hour.
    #[serde(default)]
    pub calls: Calls,
    /// Credit allocation, once shared.
    pub allocation: Option<AllocationId>,
    /// Namespace of the account's message templates.
    pub template_namespace: Option<String>,
    /// The latest time at which Meta reported that the customer shares its account with us.
    pub partner_since: Option<Timestamp>,
    /// Steps that were started.
    pub steps: BTreeMap<Step, StepRecord>,
    /// Events that may not have been sent yet.
    pub outbox: Vec<PendingEvent>,
    /// Number of the next timeline entry.
    pub timeline_length: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(count: &u16) -> bool {
    *count == 0
}

/// Failed attempts of a step after which a wait for Meta is shown instead of progress.
const VISIBLE_AFTER: u16 = 3;

impl Onboarding {
    /// A new onboarding.
    #[must_use]
    pub fn begin(
        id: OnboardingId,
        customer_ref: CustomerRef,
        role: Role,
        flow: Flow,
        phase: Phase,
        claim: Claim,
        now: Timestamp,
    ) -> Self {
        Self { claim, flow, ..Self::of_default_flow(id, customer_ref, role, phase, now) }
    }

    /// An onboarding of the default flow, without a claim.
    fn of_default_flow(id: OnboardingId, customer_ref: CustomerRef, role: Role, phase: Phase, now: Timestamp) -> Self {
        Self {
            id,
            customer_ref,
            role,
            flow: Flow::Default,
            created_at: now,
            phase,
            phase_since: now,
            claim: Claim::default(),
            entitlement: None,
            connected_since: None,
            departure: None,
            waba: None,
            phone: None,
            numbers: BTreeMap::new(),
            joins: None,
            retired: Vec::new(),
            token_expires_at: None,
            callback_override: None,
            facts: MetaStatus::default(),
            drift: BTreeSet::new(),
            renewal: None,
            watch_at: None,
            check_tries: 0,
            checked_at: None,
            scopes: BTreeSet::new(),
            deregisters: false,
            calls: Calls::default(),
            allocation: None,
            template_namespace: None,
            partner_since: None,
            steps: BTreeMap::new(),
            outbox: Vec::new(),
            timeline_length: 0,
        }
    }

    /// Whether a step is done.
    #[must_use]
    pub fn is_done(&self, step: Step) -> bool {
        self.steps.get(&step).is_some_and(StepRecord::is_over)
    }

    /// Whether the browser claimed that the number stays in the WhatsApp Business app.
    #[must_use]
    pub fn claims_coexistence(&self) -> bool {
        self.claim.event == Some(FinishEvent::FinishCoexistence)
    }

    /// The attempt whose secret holds the token, while it may be used.
    #[must_use]
    pub fn token_attempt(&self) -> Option<&AttemptId> {
        match &self.phase {
            Phase::Connected { attempt, .. } | Phase::Leaving { attempt, extent: Extent::Everything, .. } => {
                Some(attempt)
            }
            Phase::Exchanging { .. }
            | Phase::Fetching { .. }
            | Phase::Relaunch { .. }
            | Phase::Held { .. }
            | Phase::Reauthorise { .. }
            | Phase::Leaving { .. }
            | Phase::Left { .. } => None,
        }
    }

    /// Whether there is any indication that this signup's number stays in the WhatsApp Business app. Wrongly skipping a
    /// registration leads to a visible wait; wrongly registering a number removes it from the customer's app.
    #[must_use]
    pub fn coexists(&self) -> bool {
        let in_app = self.phone.as_ref().is_some_and(VerifiedPhone::is_on_business_app);
        in_app || self.flow == Flow::Coexistence || self.claims_coexistence()
    }

    /// Whether the token is valid, but Meta no longer gives access to the account: checked again by date.
    #[must_use]
    pub fn awaits_access(&self) -> bool {
        matches!(&self.phase, Phase::Reauthorise { reason, .. } if reason.starts_with(ACCESS))
    }

    /// Whether an exit is in progress.
    #[must_use]
    pub fn is_leaving(&self) -> bool {
        matches!(self.phase, Phase::Leaving { .. })
    }
}

impl Onboarding {
    /// The state of a step, for display: `pending`, `running`, `retrying`, `waiting`, `skipped` or `done`.
    #[must_use]
    pub fn step_state(&self, step: Step) -> &'static str {
        let Some(record) = self.steps.get(&step) else {
            return "pending";
        };
        match &record.status {
            StepStatus::Begun => "running",
            StepStatus::Done => "done",
            StepStatus::Skipped { .. } => "skipped",
            StepStatus::Retrying { .. } => "retrying",
            StepStatus::Waiting { .. } => "waiting",
        }
    }
}
