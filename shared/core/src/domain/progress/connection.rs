//! Tokens: stored, lost, requested, replaced, invalid; and a signup that continues in another record.

use super::transition::{enter, entry};
use super::watch::WATCH_PAUSE;
use super::{RESCUE_LEASE, Renewed, RepeatSignup, TimelineEntry};
use crate::domain::entitlement::{Entitlement, Granted};
use crate::domain::failure::MetaCode;
use crate::domain::ids::{AttemptId, BusinessId};
use crate::domain::onboarding::{Onboarding, Phase, StepStatus};
use crate::domain::steps::Step;
use crate::domain::time::Timestamp;
use std::time::Duration;

/// How long a worker may request a token from Meta before another may.
const FETCH_LEASE: Duration = Duration::from_secs(40);
/// How often the token of a signup is requested from Meta; few, because a person is waiting.
const FETCHES: u16 = 3;
/// Delay between two requests.
const FETCH_PAUSE: Duration = Duration::from_secs(20);
/// Delay between two attempts to renew a token; attempts continue for seven days.
const RENEWAL_PAUSE: Duration = Duration::from_secs(12 * 3600);

fn exchanging_by(onboarding: &Onboarding, attempt: &AttemptId) -> bool {
    match &onboarding.phase {
        Phase::Exchanging { attempt: current, .. } | Phase::Fetching { attempt: current, .. } => current == attempt,
        _ => false,
    }
}

pub(super) fn token_stored(
    after: &mut Onboarding,
    attempt: &AttemptId,
    now: Timestamp,
    timeline: &mut Vec<TimelineEntry>,
) {
    if exchanging_by(after, attempt) {
        connect(after, attempt, now);
        after.steps.clear();
        timeline.push(entry(now, "token_stored", None));
    }
}

/// A connection begins or begins again: departures reported for an earlier one no longer apply.
fn connect(after: &mut Onboarding, attempt: &AttemptId, now: Timestamp) {
    enter(after, Phase::Connected { attempt: attempt.clone(), since: now }, now);
    after.connected_since = Some(now);
    after.departure = None;
    after.watch_at = after.watch_at.map(|_| now.after(WATCH_PAUSE));
    after.check_tries = 0;
    after.scopes.clear();
    after.deregisters = false;
}

/// The exchange has ended, so its outcome is checked immediately. What Meta granted is the proof that allows requesting
/// the token again; without it there is no proof.
pub(super) fn token_not_stored(
    after: &mut Onboarding,
    attempt: &AttemptId,
    granted: Option<&Granted>,
    now: Timestamp,
    timeline: &mut Vec<TimelineEntry>,
) {
    if let Phase::Exchanging { attempt: current, lease_until } = &mut after.phase
        && current == attempt
    {
        *lease_until = now;
        after.entitlement = granted.cloned().map(Entitlement::CodeAccepted);
        timeline.push(entry(now, "token_not_stored", None));
    }
}

pub(super) fn rescue_started(after: &mut Onboarding, attempt: &AttemptId, now: Timestamp) {
    if let Phase::Exchanging { attempt: current, lease_until } = &mut after.phase
        && current == attempt
    {
        *lease_until = now.after(RESCUE_LEASE);
    }
}

pub(super) fn exchange_failed(
    after: &mut Onboarding,
    attempt: &AttemptId,
    (reason, meta): (&'static str, Option<MetaCode>),
    now: Timestamp,
    timeline: &mut Vec<TimelineEntry>,
) {
    if exchanging_by(after, attempt) {
        enter(after, Phase::Relaunch { reason: reason.to_owned() }, now);
        timeline.push(TimelineEntry { meta, ..entry(now, "relaunch_needed", Some(reason)) });
    }
}

pub(super) fn token_died(
    after: &mut Onboarding,
    attempt: &AttemptId,
    code: &str,
    now: Timestamp,
    timeline: &mut Vec<TimelineEntry>,
) {
    let lost = after.awaits_access() && after.stored_attempt() == Some(attempt);
    if lost || after.token_attempt() == Some(attempt) {
        let attempt = attempt.clone();
        enter(after, Phase::Reauthorise { attempt, reason: code.to_owned() }, now);
        timeline.push(entry(now, "token_died", Some(code)));
    }
}

/// The code is lost, but Meta may return the token without it.
pub(super) fn token_fetch_planned(
    after: &mut Onboarding,
    attempt: &AttemptId,
    business: &BusinessId,
    now: Timestamp,
    timeline: &mut Vec<TimelineEntry>,
) {
    // Without a proof no token is requested.
    let proven = after.entitlement.is_some();
    if matches!(&after.phase, Phase::Exchanging { attempt: current, .. } if current == attempt && proven) {
        let (attempt, business) = (attempt.clone(), business.clone());
        enter(after, Phase::Fetching { attempt, business, due: now, tries: 0 }, now);
        timeline.push(entry(now, "token_fetch_planned", None));
    }
}

/// Counts before the call is made, so that a crash counts.
pub(super) fn fetch_asked(after: &mut Onboarding, asked: &AttemptId, now: Timestamp) {
    match (&mut after.phase, &mut after.renewal) {
        (Phase::Fetching { attempt, due, tries, .. }, _) if attempt == asked => {
            *tries = tries.saturating_add(1);
            *due = now.after(FETCH_LEASE);
        }
        (Phase::Connected { .. }, Some(renewal)) if renewal.attempt == *asked => {
            renewal.tries = renewal.tries.saturating_add(1);
            renewal.due = now.after(FETCH_LEASE);
        }
        _ => {}
    }
}

pub(super) fn fetch_postponed(after: &mut Onboarding, asked: &AttemptId, now: Timestamp) {
    match (&mut after.phase, &mut after.renewal) {
        (Phase::Fetching { attempt, tries, .. }, _) if attempt == asked && *tries >= FETCHES => {
            enter(after, Phase::Relaunch { reason: "exchange.lost".to_owned() }, now);
        }
        (Phase::Fetching { attempt, due, .. }, _) if attempt == asked => *due = now.after(FETCH_PAUSE),
        (Phase::Connected { .. }, Some(renewal)) if renewal.attempt == *asked => {
            renewal.due = now.after(RENEWAL_PAUSE);
        }
        _ => {}
    }
}

/// Replaces the token by a newer one that was proven to give access to the same account.
pub(super) fn token_renewed(
    after: &mut Onboarding,
    renewed: &Renewed,
    now: Timestamp,
    timeline: &mut Vec<TimelineEntry>,
) {
    let asked = after.renewal.as_ref().is_some_and(|renewal| renewal.attempt == renewed.attempt);
    if let (true, Phase::Connected { attempt, .. }) = (asked, &mut after.phase) {
        let old = std::mem::replace(attempt, renewed.attempt.clone());
        after.retired.push(old);
        after.steps.remove(&Step::RetireToken);
        after.renewal = None;
        after.token_expires_at = renewed.expires_at;
        timeline.push(entry(now, "token_renewed", None));
    }
}

/// The record continues with the newer token and sets up what the newer signup requires. Steps that cost money are not
/// started again while they may be in progress.
pub(super) fn rejoined(
    after: &mut Onboarding,
    round: &RepeatSignup,
    now: Timestamp,
    timeline: &mut Vec<TimelineEntry>,
) {
    let old = match &after.phase {
        Phase::Connected { attempt, .. } | Phase::Held { attempt, .. } | Phase::Reauthorise { attempt, .. } => {
            attempt.clone()
        }
        _ => return,
    };
    // Meanwhile an operator or another signup may have assigned the record to a customer.
    let anothers = after.customer_ref != round.customer_ref && !after.customer_ref.is_unclaimed();
    if old == round.attempt || anothers {
        return;
    }
    after.retired.push(old);
    after.renewal = None;
    after.token_expires_at = round.token_expires_at;
    after.customer_ref = round.customer_ref.clone();
    after.claim = round.claim.clone();
    after.entitlement.clone_from(&round.entitlement);
    after.flow = round.flow;
    if round.callback_override.is_some() {
        after.callback_override.clone_from(&round.callback_override);
    }
    after.steps.retain(|step, _| *step == Step::ShareCredit);
    for record in after.steps.values_mut().filter(|record| record.lease_until.is_none()) {
        if let StepStatus::Waiting { due, .. } = &mut record.status {
            *due = Some(now);
        }
    }
    connect(after, &round.attempt, now);
    timeline.push(entry(now, "signup_joined", None));
}

/// Meta repeats notifications: only a newer one changes anything.
pub(super) fn joined(after: &mut Onboarding, at: Timestamp, now: Timestamp, timeline: &mut Vec<TimelineEntry>) {
    if after.partner_since.is_none_or(|since| since < at) {
        after.partner_since = Some(at);
        timeline.push(entry(now, "partner_confirmed", None));
    }
}
