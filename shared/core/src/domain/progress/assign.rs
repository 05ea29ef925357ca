//! An operator's assignment of an account to a customer.

use super::TimelineEntry;
use super::announce::announce;
use super::transition::{enter, entry};
use crate::domain::assignment::{Assignment, fits};
use crate::domain::claim::Claim;
use crate::domain::entitlement::Entitlement;
use crate::domain::onboarding::{Onboarding, Phase};
use crate::domain::time::Timestamp;

/// An unclaimed record becomes the customer's. A record that waits for another launch gets the token of the account
/// named by the operator, regardless of the browser's claim.
pub(super) fn assigned(
    after: &mut Onboarding,
    assignment: &Assignment,
    now: Timestamp,
    timeline: &mut Vec<TimelineEntry>,
) {
    if fits(after, &assignment.customer_ref, &assignment.waba).is_err() {
        return;
    }
    after.entitlement = Some(Entitlement::Assigned { waba: assignment.waba.clone() });
    if after.customer_ref.is_unclaimed() {
        after.customer_ref = assignment.customer_ref.clone();
    }
    if let Phase::Relaunch { .. } = after.phase {
        let (attempt, business) = (assignment.attempt.clone(), assignment.business.clone());
        let (waba, event) = (Some(assignment.waba.clone()), after.claim.event.clone());
        after.claim = Claim { event, waba, phone: None, business: Some(business.clone()) };
        enter(after, Phase::Fetching { attempt, business, due: now, tries: 0 }, now);
    }
    timeline.push(entry(now, "assigned", None));
    announce(after, "whatsapp.onboarding.assigned.v1", assignment.waba.as_str(), now);
}
