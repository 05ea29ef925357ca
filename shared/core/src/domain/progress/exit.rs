//! How a connection ends: what the platform asked for, and how an exit goes on to its end.

use super::TimelineEntry;
use super::facts::{enter, entry};
use crate::domain::ids::AttemptId;
use crate::domain::onboarding::{Extent, Onboarding, Phase};
use crate::domain::time::Timestamp;

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
pub(super) fn leave(after: &mut Onboarding, attempt: AttemptId, extent: Extent, reason: &str, now: Timestamp) {
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
