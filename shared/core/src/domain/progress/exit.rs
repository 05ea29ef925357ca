//! How a connection ends: by the customer, by the platform, by another onboarding.

use super::TimelineEntry;
use super::facts::{enter, entry};
use crate::domain::ids::AttemptId;
use crate::domain::onboarding::{Extent, Onboarding, Phase};
use crate::domain::time::Timestamp;
use std::time::Duration;

/// A departure counts only when it is newer than the connection: a late webhook about an earlier stay changes nothing.
/// Meta has cut the token off, so what takes it is not even tried.
pub(super) fn departed(
    after: &mut Onboarding,
    reason: &'static str,
    at: Timestamp,
    now: Timestamp,
    timeline: &mut Vec<TimelineEntry>,
) {
    if let Phase::Leaving { extent, .. } = &mut after.phase {
        without_token(extent);
        return end_exit(after, now, timeline);
    }
    let (attempt, since) = match &after.phase {
        Phase::Connected { attempt, since } => (attempt.clone(), *since),
        Phase::Held { attempt, .. } | Phase::Reauthorise { attempt, .. } => (attempt.clone(), after.phase_since),
        Phase::Exchanging { .. }
        | Phase::Fetching { .. }
        | Phase::Relaunch { .. }
        | Phase::Leaving { .. }
        | Phase::Left { .. } => return,
    };
    // Meta's event time has whole seconds only.
    if at.after(Duration::from_secs(1)) >= since {
        leave(after, attempt, Extent::WithoutToken, reason, now);
        timeline.push(entry(now, "departed", Some(reason)));
    }
}

/// The platform ends the connection. Without a token there is nothing to take apart.
pub(super) fn exit_requested(after: &mut Onboarding, now: Timestamp, timeline: &mut Vec<TimelineEntry>) {
    let reason = "exit_requested";
    match after.phase.clone() {
        Phase::Connected { attempt, .. } | Phase::Held { attempt, .. } => {
            leave(after, attempt, Extent::Everything, reason, now);
        }
        Phase::Reauthorise { attempt, .. } => leave(after, attempt, Extent::WithoutToken, reason, now),
        Phase::Relaunch { .. } => enter(after, Phase::Left { reason: reason.to_owned() }, now),
        Phase::Exchanging { .. } | Phase::Fetching { .. } | Phase::Leaving { .. } | Phase::Left { .. } => return,
    }
    timeline.push(entry(now, reason, None));
}

/// What an earlier exit did, and a worker of it that reports late, says nothing about this one.
fn leave(after: &mut Onboarding, attempt: AttemptId, extent: Extent, reason: &str, now: Timestamp) {
    after.steps.retain(|step, _| !step.is_of_exit());
    enter(after, Phase::Leaving { attempt, extent, reason: reason.to_owned() }, now);
}

pub(super) fn without_token(extent: &mut Extent) {
    if *extent == Extent::Everything {
        *extent = Extent::WithoutToken;
    }
}

/// The exit is over when everything it takes is done.
pub(super) fn end_exit(after: &mut Onboarding, now: Timestamp, timeline: &mut Vec<TimelineEntry>) {
    let Phase::Leaving { reason, .. } = &after.phase else { return };
    if after.plan().all(|spec| after.is_done(spec.step)) {
        let reason = reason.clone();
        timeline.push(entry(now, "left", Some(&reason)));
        enter(after, Phase::Left { reason }, now);
    }
}
