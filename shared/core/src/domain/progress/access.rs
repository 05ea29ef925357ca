//! Lost access: the token is valid, but Meta no longer shows the account to it. The customer is told at once; Meta is asked
//! again by date, because an outage or a permission given late looks the same.

use super::TimelineEntry;
use super::announce::announce;
use super::transition::{enter, entry};
use crate::domain::ids::AttemptId;
use crate::domain::onboarding::{Onboarding, Phase};
use crate::domain::time::Timestamp;
use std::time::Duration;

/// Stable code of a step that waits for access which Meta may still give: it does so only after the token was issued.
pub(super) const PENDING: &str = "access.pending";
/// Stable code of a connection whose health check has failed repeatedly.
pub(super) const FAILING: &str = "check.failing";

/// Stable code of a token without any WhatsApp scope.
const SCOPE_MISSING: &str = "token.scope_missing";
/// Seconds until Meta is asked again for access that it has not given yet; the last one repeats.
const ACCESS_PAUSES: [u64; 6] = [15, 60, 300, 1800, 2 * 3600, 6 * 3600];
/// How long a step waits for access before the customer has to connect again.
const PATIENCE: Duration = Duration::from_secs(7 * 24 * 3600);

/// Health checks without a result after which people are told.
const FAILURES: u16 = 3;

/// Time until the next health check after that many without a result; the last one repeats.
const PAUSES: [Duration; 3] = [Duration::from_secs(300), Duration::from_secs(1800), Duration::from_secs(3600)];

/// Until when after access was lost Meta is asked again, and how often. Afterwards only a new signup helps.
const RECHECKS: [(Duration, Duration); 3] = [
    (Duration::from_secs(3600), Duration::from_secs(900)),
    (Duration::from_secs(24 * 3600), Duration::from_secs(2 * 3600)),
    (Duration::from_secs(30 * 24 * 3600), Duration::from_secs(24 * 3600)),
];

/// Whether a step waits for access that Meta may still give.
pub(super) fn waits_for_access(code: &str) -> bool {
    code == PENDING || code == SCOPE_MISSING
}

/// Time until such a step is tried again after that many attempts.
pub(super) fn access_pause(made: u16) -> Duration {
    let pause = ACCESS_PAUSES.get(usize::from(made.saturating_sub(1))).or(ACCESS_PAUSES.last());
    Duration::from_secs(pause.copied().unwrap_or_default())
}

/// A step waits for access. A connection that was complete is checked at once; one that never got access is given up after
/// a week.
pub(super) fn refused_access(
    after: &mut Onboarding,
    since: Option<Timestamp>,
    now: Timestamp,
    timeline: &mut Vec<TimelineEntry>,
) {
    // A connection that is checked regularly is judged by its check, not by one step.
    if let Some(at) = after.watch_at {
        after.watch_at = Some(at.min(now));
        return;
    }
    let patient = since.is_none_or(|since| now.since(since) < PATIENCE);
    if let (false, Some(attempt)) = (patient, after.token_attempt().cloned()) {
        access_lost(after, &attempt, "access.lost", now, timeline);
    }
}

/// The account is not shown to the token of this attempt any more.
pub(super) fn access_lost(
    after: &mut Onboarding,
    attempt: &AttemptId,
    code: &str,
    now: Timestamp,
    timeline: &mut Vec<TimelineEntry>,
) {
    if after.stored_attempt() != Some(attempt) {
        return;
    }
    if matches!(after.phase, Phase::Connected { .. }) {
        enter(after, Phase::Reauthorise { attempt: attempt.clone(), reason: code.to_owned() }, now);
        timeline.push(entry(now, "access_lost", Some(code)));
    }
    if after.awaits_access() {
        after.check_tries = 0;
        let lost_for = now.since(after.phase_since);
        after.watch_at = RECHECKS.iter().find(|(until, _)| lost_for < *until).map(|(_, pause)| now.after(*pause));
    }
}

/// The account is shown again: the connection continues.
pub(super) fn access_regained(after: &mut Onboarding, now: Timestamp, timeline: &mut Vec<TimelineEntry>) {
    let Phase::Reauthorise { attempt, .. } = &after.phase else { return };
    if after.awaits_access() {
        let attempt = attempt.clone();
        enter(after, Phase::Connected { attempt, since: now }, now);
        timeline.push(entry(now, "access_regained", None));
    }
}

/// A health check had no result. It was counted when it was started, so that a crash counts.
pub(super) fn check_failed(after: &mut Onboarding, code: &str, now: Timestamp, timeline: &mut Vec<TimelineEntry>) {
    if !matches!(after.phase, Phase::Connected { .. }) && !after.awaits_access() {
        return;
    }
    let made = usize::from(after.check_tries.saturating_sub(1));
    let pause = PAUSES.get(made).or(PAUSES.last()).copied().unwrap_or_default();
    after.watch_at = Some(now.after(pause));
    tell_of_failures(after, code, now, timeline);
}

/// Adds the notice and the event after the third health check without a result.
pub(super) fn tell_of_failures(after: &mut Onboarding, code: &str, now: Timestamp, timeline: &mut Vec<TimelineEntry>) {
    if after.check_tries >= FAILURES && after.drift.insert(FAILING.to_owned()) {
        timeline.push(entry(now, "check_failing", Some(code)));
        announce(after, "whatsapp.reception.changed.v1", FAILING, now);
    }
}
