//! How a connection ends: requesting an exit and completing it.

use super::TimelineEntry;
use super::transition::{enter, entry};
use crate::domain::ids::AttemptId;
use crate::domain::onboarding::{Extent, Onboarding, Phase};
use crate::domain::time::Timestamp;

/// The platform ends the connection. Without a token there is nothing to undo.
pub(super) fn exit_requested(
    after: &mut Onboarding,
    deregister: bool,
    now: Timestamp,
    timeline: &mut Vec<TimelineEntry>,
) {
    let reason = "exit_requested";
    match after.phase.clone() {
        Phase::Reauthorise { attempt, .. } if after.awaits_access() => {
            leave(after, attempt, Extent::Everything, reason, now);
        }
        Phase::Connected { attempt, .. } | Phase::Held { attempt, .. } => {
            leave(after, attempt, Extent::Everything, reason, now);
        }
        Phase::Reauthorise { attempt, .. } => leave(after, attempt, Extent::WithoutToken, reason, now),
        Phase::Relaunch { .. } => enter(after, Phase::Left { reason: reason.to_owned() }, now),
        Phase::Exchanging { .. } | Phase::Fetching { .. } | Phase::Leaving { .. } | Phase::Left { .. } => return,
    }
    after.deregisters = deregister;
    timeline.push(entry(now, reason, None));
}

/// Starts an exit. Steps of an earlier exit are reset, so that its results and late reports do not count for this one.
pub(super) fn leave(after: &mut Onboarding, attempt: AttemptId, extent: Extent, reason: &str, now: Timestamp) {
    after.steps.retain(|step, _| !step.is_of_exit());
    enter(after, Phase::Leaving { attempt, extent, reason: reason.to_owned() }, now);
}

pub(super) fn without_token(extent: &mut Extent) {
    if *extent == Extent::Everything {
        *extent = Extent::WithoutToken;
    }
}

/// Completes the exit when all of its steps are done.
pub(super) fn end_exit(after: &mut Onboarding, now: Timestamp, timeline: &mut Vec<TimelineEntry>) {
    let Phase::Leaving { reason, .. } = &after.phase else { return };
    if after.plan().all(|spec| after.is_done(spec.step)) {
        let reason = reason.clone();
        timeline.push(entry(now, "left", Some(&reason)));
        enter(after, Phase::Left { reason }, now);
    }
}
