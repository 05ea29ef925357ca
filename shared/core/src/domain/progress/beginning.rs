//! How a record begins: with a code sent by a browser, or with Meta's announcement of an account; and another code
//! for a record whose customer was asked to click again.

use super::transition::{enter, entry};
use super::{EXCHANGE_LEASE, TimelineEntry};
use crate::domain::claim::Claim;
use crate::domain::entitlement::Entitlement;
use crate::domain::ids::{AttemptId, BusinessId, CustomerRef, OnboardingId, WabaId};
use crate::domain::onboarding::{Onboarding, Phase};
use crate::domain::session::{Flow, Role, Session};
use crate::domain::time::Timestamp;

/// A code sent by a browser: what the record stores of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedCode {
    /// The attempt that exchanges it.
    pub attempt: AttemptId,
    /// What the browser claimed with it.
    pub claim: Claim,
    /// When the person confirmed what is being connected, if that was required.
    pub confirmed_at: Option<Timestamp>,
}

impl ReceivedCode {
    fn phase(&self, now: Timestamp) -> Phase {
        Phase::Exchanging { attempt: self.attempt.clone(), lease_until: now.after(EXCHANGE_LEASE) }
    }

    fn entries(&self, now: Timestamp) -> impl Iterator<Item = TimelineEntry> + use<> {
        let confirmed = self.confirmed_at.map(|at| entry(at, "confirmed", None));
        confirmed.into_iter().chain([entry(now, "code_received", None)])
    }
}

/// The record of a session's first code, and the beginning of its timeline.
#[must_use]
pub fn begin_with_code(
    id: OnboardingId,
    role: Role,
    session: &Session,
    code: &ReceivedCode,
    now: Timestamp,
) -> (Onboarding, Vec<TimelineEntry>) {
    let (customer, claim) = (session.customer_ref.clone(), code.claim.clone());
    let begun = Onboarding::begin(id, customer, role, session.flow, code.phase(now), claim, now);
    let callback_override = session.callback_override.clone();
    with_timeline(Onboarding { callback_override, ..begun }, code.entries(now).collect())
}

/// The record of an account announced by Meta for which no browser sent a code, and the beginning of its timeline. Its
/// customer is named after the portfolio until a session's signup is proven to include the account.
#[must_use]
pub fn begin_announced(
    (id, attempt): (OnboardingId, AttemptId),
    role: Role,
    waba: &WabaId,
    business: &BusinessId,
    now: Timestamp,
) -> (Onboarding, Vec<TimelineEntry>) {
    let phase = Phase::Fetching { attempt, business: business.clone(), due: now, tries: 0 };
    let claim = Claim { waba: Some(waba.clone()), business: Some(business.clone()), ..Claim::default() };
    let customer = CustomerRef::of_portfolio(business);
    let begun = Onboarding::begin(id, customer, role, Flow::Default, phase, claim, now);
    let entitlement = Some(Entitlement::Announced { waba: waba.clone() });
    with_timeline(Onboarding { entitlement, ..begun }, vec![entry(now, "announced", None)])
}

fn with_timeline(begun: Onboarding, timeline: Vec<TimelineEntry>) -> (Onboarding, Vec<TimelineEntry>) {
    let timeline_length = u32::try_from(timeline.len()).unwrap_or_default();
    (Onboarding { timeline_length, ..begun }, timeline)
}

/// Another code yields another token, so the proof of an earlier one is discarded.
pub(super) fn code_received(
    after: &mut Onboarding,
    code: &ReceivedCode,
    now: Timestamp,
    timeline: &mut Vec<TimelineEntry>,
) {
    if matches!(after.phase, Phase::Relaunch { .. }) {
        enter(after, code.phase(now), now);
        after.claim = code.claim.clone();
        after.entitlement = None;
        timeline.extend(code.entries(now));
    }
}
