//! Departure notifications: recorded, checked with Meta, and only then acted on.

use super::TimelineEntry;
use super::connection::token_died;
use super::exit::leave;
use super::transition::entry;
use super::watch::check_requested;
use crate::domain::ids::AttemptId;
use crate::domain::onboarding::{Departure, Extent, Onboarding, Phase};
use crate::domain::time::Timestamp;
use std::time::Duration;

/// Delays before Meta is asked again. Access may persist shortly after the notification, and an outage at Meta must not
/// end the check unnoticed.
const PAUSES: [Duration; 2] = [Duration::from_secs(60), Duration::from_secs(900)];
const LATER: Duration = Duration::from_secs(3600);

/// Checks after which a departure that Meta does not confirm is dropped.
const CHECKS: u16 = 3;

/// Stable code of a departure that Meta reported for one number.
const OF_NUMBER: &str = "number_disconnected";
/// Stable code of a token that is no longer valid, for an unknown reason.
const TOKEN_INVALID: &str = "token.invalid";

/// Meta's times are whole seconds, rounded down.
const SECOND: Duration = Duration::from_secs(1);

/// A departure counts when it is newer than the connection and than the known departure. It neither starts nor shortens
/// an exit: during an exit, each step finds out what is left to do.
pub(super) fn departed(
    after: &mut Onboarding,
    reason: &'static str,
    at: Timestamp,
    now: Timestamp,
    timeline: &mut Vec<TimelineEntry>,
) {
    let due = match &after.phase {
        Phase::Connected { .. } | Phase::Held { .. } | Phase::Reauthorise { .. } => Some(now),
        Phase::Leaving { .. } => None,
        Phase::Exchanging { .. } | Phase::Fetching { .. } | Phase::Relaunch { .. } | Phase::Left { .. } => return,
    };
    // A report about one number does not hide an older one about the account.
    let known = after.departure.as_ref().is_some_and(|known| known.at >= at && !known.of_number);
    if known || at.after(SECOND) < after.connection_began() {
        return;
    }
    after.departure = Some(Departure { reason: reason.to_owned(), at, due, tries: 0, of_number: false });
    timeline.push(entry(now, "departure_reported", Some(reason)));
    if due.is_none() {
        let waiting = after.steps.iter_mut().filter(|(step, _)| step.is_of_exit());
        waiting.for_each(|(_, record)| record.check_at(now));
    }
}

/// A number was disconnected: Meta is asked whether the account is still shared, unless that is asked already.
pub(super) fn departed_number(
    after: &mut Onboarding,
    at: Timestamp,
    now: Timestamp,
    timeline: &mut Vec<TimelineEntry>,
) {
    let checked = matches!(after.phase, Phase::Connected { .. } | Phase::Held { .. } | Phase::Reauthorise { .. });
    let known = after.departure.as_ref().is_some_and(|known| known.at >= at || known.due.is_some());
    if checked && !known {
        let reason = OF_NUMBER.to_owned();
        after.departure = Some(Departure { reason, at, due: Some(now), tries: 0, of_number: true });
        timeline.push(entry(now, "departure_reported", Some(OF_NUMBER)));
    }
}

/// Counts before the call is made, so that a crash counts.
pub(super) fn check_started(after: &mut Onboarding, now: Timestamp) {
    if let Some(departure) = after.departure.as_mut().filter(|departure| departure.due.is_some()) {
        let pause = PAUSES.get(usize::from(departure.tries)).copied().unwrap_or(LATER);
        departure.tries = departure.tries.saturating_add(1);
        departure.due = Some(now.after(pause));
    }
}

/// Meta confirmed the departure: the exit starts. `extent` was determined with the token of this attempt.
pub(super) fn confirmed(
    after: &mut Onboarding,
    attempt: &AttemptId,
    extent: Extent,
    now: Timestamp,
    timeline: &mut Vec<TimelineEntry>,
) {
    let Some(departure) = pending(after, attempt) else { return };
    let reason = departure.reason.clone();
    if departure.of_number && extent == Extent::WithoutToken {
        departure.due = None;
        return token_died(after, attempt, TOKEN_INVALID, now, timeline);
    }
    leave(after, attempt.clone(), extent, &reason, now);
    timeline.push(entry(now, "departed", Some(&reason)));
}

/// The account is still shared: requests a check, because something else, such as a number, may have changed.
pub(super) fn not_confirmed(
    after: &mut Onboarding,
    attempt: &AttemptId,
    now: Timestamp,
    timeline: &mut Vec<TimelineEntry>,
) {
    let Some(departure) = pending(after, attempt) else { return };
    let first = departure.tries <= 1;
    if departure.tries >= CHECKS {
        departure.due = None;
    }
    if first {
        let reason = departure.reason.clone();
        timeline.push(entry(now, "departure_not_confirmed", Some(&reason)));
        check_requested(after, now);
    }
}

/// The departure that is being checked with the token of `attempt`.
fn pending<'a>(after: &'a mut Onboarding, attempt: &AttemptId) -> Option<&'a mut Departure> {
    let current = after.departure_due().is_some() && after.stored_attempt() == Some(attempt);
    after.departure.as_mut().filter(|_| current)
}
