//! Regular health checks of completed connections: drift that we can fix is repaired, other drift is reported.

use super::access::{access_regained, tell_of_failures};
use super::announce::announce;
use super::disconnection::numbers_checked;
use super::transition::entry;
use super::{About, Fact, HealthCheck, TimelineEntry};
use crate::domain::display_number::DisplayNumber;
use crate::domain::meta_status::Attribute;
use crate::domain::onboarding::{NAME_NOT_APPROVED, Onboarding, Phase, Renewal, State};
use crate::domain::steps::Step;
use crate::domain::time::{Moment, Timestamp};
use std::time::Duration;

/// Time between two health checks of a connection.
pub(super) const WATCH_PAUSE: Duration = Duration::from_secs(24 * 3600);
/// Time after which a health check without a result is started again.
const WATCH_LEASE: Duration = Duration::from_secs(3600);

/// Schedules the daily health check once a connection is ready.
pub(super) fn ready_at(after: &mut Onboarding, now: Timestamp) {
    if after.watch_at.is_none() && after.state() == State::Ready {
        after.watch_at = Some(now.after(WATCH_PAUSE));
    }
}

/// Counts before the calls are made, so that a crash counts.
pub(super) fn watch_started(after: &mut Onboarding, now: Timestamp, timeline: &mut Vec<TimelineEntry>) {
    after.watch_at = Some(now.after(WATCH_LEASE));
    after.checked_at = Some(now);
    tell_of_failures(after, "check.interrupted", now, timeline);
    after.check_tries = after.check_tries.saturating_add(1);
}

/// Makes the next health check due now. Connections that are not completed have none: their steps that wait for Meta or
/// for the customer are tried again, except for registrations, which Meta counts.
pub(super) fn check_requested(after: &mut Onboarding, now: Timestamp) {
    after.watch_at = after.watch_at.map(|at| at.min(now));
    for (step, record) in &mut after.steps {
        let counted = *step == Step::RegisterNumber || step.is_of_exit();
        if !counted && record.due().is_some() && record.is_waiting() {
            record.check_at(now);
        }
    }
}

/// Time between two health checks that refused messages cause.
const DOUBT_PAUSE: Duration = Duration::from_secs(300);

/// As [`check_requested`]; a burst of refused messages causes one health check.
pub(super) fn access_doubted(after: &mut Onboarding, now: Timestamp) {
    let earliest = after.checked_at.map_or(now, |last| last.after(DOUBT_PAUSE).max(now));
    check_requested(after, earliest);
}

/// How long a popup may be open: what Meta reports during that time is about the signup.
const POPUP: Duration = Duration::from_secs(3600);

/// Applies a status value reported by Meta. One from before this onboarding only requests a health check; a closed
/// record ignores all.
pub(super) fn reported(after: &mut Onboarding, event: &Fact, at: Timestamp, now: Timestamp) {
    if matches!(after.phase, Phase::Left { .. }) {
        return;
    }
    if at.after(POPUP) < after.created_at {
        return check_requested(after, now);
    }
    match event {
        Fact::Observed { about, attribute, value, at } => observed(after, about, *attribute, value, *at, now),
        Fact::Restricted { value, until, at } => restricted(after, value, *until, *at),
        Fact::NameDecided { display, decision, at } => name_decided(after, display, decision, *at, now),
        _ => {}
    }
}

pub(super) fn watched(after: &mut Onboarding, check: &HealthCheck, moment: Moment, timeline: &mut Vec<TimelineEntry>) {
    let now = moment.now;
    if after.stored_attempt() != Some(&check.attempt) {
        after.watch_at = after.watch_at.map(|at| at.min(now));
        return;
    }
    after.watch_at = Some(now.after(moment.jitter.spread(WATCH_PAUSE)));
    after.check_tries = 0;
    access_regained(after, now, timeline);
    if !matches!(after.phase, Phase::Connected { .. }) {
        return;
    }
    for (attribute, value) in &check.account {
        observed(after, &About::Account, *attribute, value, check.at, now);
    }
    for (phone, status) in &check.numbers {
        for (attribute, value) in status {
            observed(after, &About::Number(phone.clone()), *attribute, value, check.at, now);
        }
    }
    numbers_checked(after, check, now, timeline);
    after.scopes.clone_from(&check.scopes);
    for code in &check.repaired {
        timeline.push(entry(now, "repaired", Some(code)));
    }
    if after.drift != check.drift {
        after.drift.clone_from(&check.drift);
        let codes: Vec<&str> = check.drift.iter().map(String::as_str).collect();
        timeline.push(entry(now, "reception_changed", codes.first().copied()));
        announce(after, "whatsapp.reception.changed.v1", &codes.join(","), now);
    }
    expiry(after, check, now, timeline);
}

/// Warns once about a token that expires within a week, and requests a new one.
fn expiry(after: &mut Onboarding, check: &HealthCheck, now: Timestamp, timeline: &mut Vec<TimelineEntry>) {
    after.token_expires_at = check.token_expires_at;
    if after.expires_soon(now) && after.renewal.is_none() {
        after.renewal = Some(Renewal { attempt: check.spare.clone(), due: now, tries: 0 });
        timeline.push(entry(now, "token_expires", None));
        let end = after.token_expires_at.map(Timestamp::to_rfc3339).unwrap_or_default();
        announce(after, "whatsapp.token.expiring.v1", &end, now);
    }
}

/// Applies a status value of the account or a number. An approved display name requires another registration.
fn observed(after: &mut Onboarding, about: &About, attribute: Attribute, value: &str, at: Timestamp, now: Timestamp) {
    let number = match about {
        About::Account => {
            after.facts.observe(attribute, value, at);
            return check_again(after, attribute, now);
        }
        About::Number(id) => after.numbers.get_mut(id),
        About::Display(digits) => after.numbers.values_mut().find(|number| number.is_written(digits)),
    };
    // A number that is not known here may be new in the account.
    let Some(number) = number else { return check_requested(after, now) };
    number.observe(attribute, value, at);
    register_new_name(after, now);
    check_again(after, attribute, now);
}

/// Applies a restriction of the account.
fn restricted(after: &mut Onboarding, value: &str, until: Option<Timestamp>, at: Timestamp) {
    after.facts.observe_until(Attribute::Restriction, value, at, until);
}

fn name_decided(after: &mut Onboarding, display: &DisplayNumber, decision: &str, at: Timestamp, now: Timestamp) {
    let number = after.numbers.values_mut().find(|number| number.is_written(display));
    let Some(number) = number else { return check_requested(after, now) };
    number.name_decided(decision, at);
    register_new_name(after, now);
    check_again(after, Attribute::NameStatus, now);
}

/// A new display name takes effect with another registration.
fn register_new_name(after: &mut Onboarding, now: Timestamp) {
    let wanted = after.numbers.values().any(|number| number.has_new_name(now));
    if wanted && after.is_done(Step::RegisterNumber) {
        after.steps.remove(&Step::RegisterNumber);
    }
}

/// Retries a wait that the status value may end.
fn check_again(after: &mut Onboarding, attribute: Attribute, now: Timestamp) {
    let step = match attribute {
        Attribute::Review => Step::AwaitReview,
        Attribute::Verification | Attribute::Certification => Step::AwaitVerification,
        Attribute::NameStatus | Attribute::Status => Step::RegisterNumber,
        Attribute::Quality
        | Attribute::MessagingLimit
        | Attribute::Restriction
        | Attribute::Violation
        | Attribute::Pin
        | Attribute::Calling
        | Attribute::Username
        | Attribute::History
        | Attribute::Contacts
        | Attribute::MarketingMessages => return,
    };
    // Each registration that Meta refuses counts: with a name that is not approved it is refused again.
    let refused = after.numbers.values().any(|number| number.awaits_registration(now) && number.lacks_name());
    if let Some(record) = after.steps.get_mut(&step)
        && !(refused && record.code() == Some(NAME_NOT_APPROVED))
    {
        record.check_at(now);
    }
}
