//! The record of one customer's onboarding: what is known, what is done, what it waits for.

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
pub use number::{Number, REGISTRATION_WINDOW};
pub use obstacle::Obstacle;
pub use phase::{Extent, Phase};
pub use state::State;
pub use step_record::{StepRecord, StepStatus};

use super::claim::{Claim, FinishEvent};
use super::entitlement::Entitlement;
use super::grant::{VerifiedPhone, VerifiedWaba};
use super::ids::{AllocationId, AttemptId, CustomerRef, OnboardingId, PhoneNumberId};
use super::meta_status::MetaStatus;
use super::operation::Operation;
use super::session::{CallbackOverride, Flow, Role};
use super::steps::{Step, StepSpec, spec};
use super::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A newer token that is asked for at Meta, server to server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Renewal {
    /// The attempt, from which the newer token's secret name is derived.
    pub attempt: AttemptId,
    /// When it is asked for next.
    pub due: Timestamp,
    /// How often it was asked for.
    pub tries: u16,
}

/// A platform event that is saved with the fact it tells and sent after; rendered and published by `shared::events`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingEvent {
    /// `whatsapp.<noun>.<past tense>.v1`.
    pub kind: String,
    /// Distinguishes events of the same kind of one onboarding; part of the deterministic id.
    pub discriminator: String,
    /// When the fact became true.
    pub at: Timestamp,
    /// Set when the event names who asked for an operation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<Operation>,
}

/// One customer's onboarding.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Onboarding {
    /// Its id.
    pub id: OnboardingId,
    /// The platform's reference of the customer.
    pub customer_ref: CustomerRef,
    /// The platform's role when it began.
    pub role: Role,
    /// The flow that was launched.
    pub flow: Flow,
    /// When it began.
    pub created_at: Timestamp,
    /// The connection.
    pub phase: Phase,
    /// When `phase` began.
    pub phase_since: Timestamp,
    /// What the browser said.
    pub claim: Claim,
    /// What proves that a token that came without a code is this record's; `None` while a code brings it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entitlement: Option<Entitlement>,
    /// When the present connection began: with the token that a signup brought.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connected_since: Option<Timestamp>,
    /// The newest departure that Meta told of during the present connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub departure: Option<Departure>,
    /// The account, once proven.
    pub waba: Option<VerifiedWaba>,
    /// The number the last signup was about, once proven.
    pub phone: Option<VerifiedPhone>,
    /// Every number of the account that was proven so far.
    #[serde(default)]
    pub numbers: BTreeMap<PhoneNumberId, Number>,
    /// The record of the same customer that has the account already: this signup goes on there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub joins: Option<OnboardingId>,
    /// Attempts whose tokens were replaced by a newer one and are to be destroyed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub retired: Vec<AttemptId>,
    /// When the token ends, as Meta says; `None` when it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_expires_at: Option<Timestamp>,
    /// Where the platform wants the number's webhooks instead of here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub callback_override: Option<CallbackOverride>,
    /// What Meta says about the account.
    #[serde(default)]
    pub facts: MetaStatus,
    /// What is known to be wrong although nothing waits: stable codes, found by the regular look.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub drift: BTreeSet<String>,
    /// A newer token that is being asked for, because the present one ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renewal: Option<Renewal>,
    /// When a connection that is set up is looked at next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watch_at: Option<Timestamp>,
    /// Calls to Meta about the account within the running hour.
    #[serde(default)]
    pub calls: Calls,
    /// Credit allocation, once shared.
    pub allocation: Option<AllocationId>,
    /// Namespace of the account's message templates.
    pub template_namespace: Option<String>,
    /// The newest time at which Meta said that the customer shares with us.
    pub partner_since: Option<Timestamp>,
    /// Steps that were begun.
    pub steps: BTreeMap<Step, StepRecord>,
    /// Events not known to be sent yet.
    pub outbox: Vec<PendingEvent>,
    /// Number of the next timeline entry.
    pub timeline_length: u32,
}

/// Failed attempts of a step after which people see a wait for Meta instead of progress.
const VISIBLE_AFTER: u16 = 3;

impl Onboarding {
    /// An onboarding of which nothing but its beginning is known.
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
            calls: Calls::default(),
            allocation: None,
            template_namespace: None,
            partner_since: None,
            steps: BTreeMap::new(),
            outbox: Vec::new(),
            timeline_length: 0,
        }
    }

    /// The steps this onboarding needs.
    pub fn plan(&self) -> impl Iterator<Item = &'static StepSpec> + '_ {
        Step::ALL.into_iter().map(spec).filter(|spec| (spec.applies)(self))
    }

    /// Whether a step is done.
    #[must_use]
    pub fn is_done(&self, step: Step) -> bool {
        self.steps.get(&step).is_some_and(StepRecord::is_over)
    }

    /// Whether all predecessors that apply are done.
    #[must_use]
    pub fn is_unblocked(&self, spec: &StepSpec) -> bool {
        spec.after.iter().all(|before| self.is_done(*before) || !self.plan().any(|row| row.step == *before))
    }

    /// Whether the browser said that the number stays in the WhatsApp Business app.
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

    /// Whether the number this signup is about stays in the WhatsApp Business app, by any sign of it: a number that is
    /// wrongly left alone waits visibly, one that is wrongly registered is taken out of the customer's app.
    #[must_use]
    pub fn coexists(&self) -> bool {
        let in_app = self.phone.as_ref().is_some_and(VerifiedPhone::is_on_business_app);
        in_app || self.flow == Flow::Coexistence || self.claims_coexistence()
    }

    /// Whether the connection is being taken apart.
    #[must_use]
    pub fn is_leaving(&self) -> bool {
        matches!(self.phase, Phase::Leaving { .. })
    }
}

impl Onboarding {
    /// A step in one word for people: `pending`, `running`, `retrying`, `waiting`, `skipped` or `done`.
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
