//! How facts about steps change a record.

use super::access::{PENDING, refused_access};
use super::exit::{end_exit, without_token};
use super::failed_step::status_after;
use super::transition::{JOINED, enter, entry};
use super::watch::ready_at;
use super::{Finding, STEP_LEASE, TimelineEntry};
use crate::domain::claim::Claim;
use crate::domain::failure::{Class, Failure};
use crate::domain::grant::VerifiedPhone;
use crate::domain::ids::{PhoneNumberId, WabaId};
use crate::domain::onboarding::{Number, Onboarding, Phase, StepRecord, StepStatus};
use crate::domain::session::Flow;
use crate::domain::steps::Step;
use crate::domain::time::{Moment, Timestamp};

/// Why a step of an exit had nothing left to do.
const ACCESS_LOST: &str = "access.lost";

pub(super) fn step_started(after: &mut Onboarding, step: Step, now: Timestamp) {
    let first = StepRecord { status: StepStatus::Begun, attempts: 0, since: now, lease_until: None, meta: None };
    let record = after.steps.entry(step).or_insert(first);
    if record.is_over() {
        return;
    }
    record.attempts = record.attempts.saturating_add(1);
    record.lease_until = Some(now.after(STEP_LEASE));
    if step == Step::RegisterNumber {
        let waiting = after.numbers.values_mut().filter(|number| number.awaits_registration(now));
        waiting.for_each(|number| number.count_registration(now));
    }
}

/// Ends a step's attempt with `status`. `None` when the step is done already (a late failure never overwrites a
/// success) or still waits for the same thing: a regular retry of a wait is not worth a timeline entry.
fn settle(after: &mut Onboarding, step: Step, status: StepStatus, now: Timestamp) -> Option<u16> {
    let record = after.steps.get_mut(&step).filter(|record| !record.is_over())?;
    let same_wait = match (&record.status, &status) {
        (StepStatus::Waiting { code: was, .. }, StepStatus::Waiting { code: is, .. }) => was == is,
        _ => false,
    };
    record.status = status;
    record.meta = None;
    record.lease_until = None;
    if same_wait {
        return None;
    }
    record.since = now;
    Some(record.attempts)
}

pub(super) fn step_succeeded(
    after: &mut Onboarding,
    step: Step,
    finding: &Finding,
    now: Timestamp,
    timeline: &mut Vec<TimelineEntry>,
) {
    let (status, line) = match finding {
        Finding::AccessLost => {
            let code = ACCESS_LOST.to_owned();
            (StepStatus::Skipped { code }, entry(now, "step_skipped", Some(ACCESS_LOST)))
        }
        Finding::LeftAlone(code) => {
            (StepStatus::Skipped { code: (*code).to_owned() }, entry(now, "step_skipped", Some(code)))
        }
        _ => (StepStatus::Done, entry(now, "step_done", None)),
    };
    let Some(attempt) = settle(after, step, status, now) else {
        return;
    };
    found(after, finding, now);
    timeline.push(TimelineEntry { step: Some(step), attempt: Some(attempt), ..line });
    match step {
        Step::JoinRecord if *finding == Finding::Alone => {
            after.joins = None;
            after.steps.clear();
        }
        Step::JoinRecord => enter(after, Phase::Left { reason: JOINED.to_owned() }, now),
        Step::RetireToken => after.retired.clear(),
        Step::RevokeCredit => after.allocation = None,
        _ => {}
    }
    end_exit(after, now, timeline);
    ready_at(after, now);
}

fn found(after: &mut Onboarding, finding: &Finding, now: Timestamp) {
    // Meta's webhooks have a resolution of one second: those of this second count as newer than the read.
    let read_at = now.before_this_second();
    match finding {
        Finding::Account { waba, joins, token_expires_at, scopes, status } => {
            after.scopes.clone_from(scopes);
            after.facts.observe_all(status, after.created_at);
            after.waba = Some(waba.clone());
            after.joins.clone_from(joins);
            after.token_expires_at = *token_expires_at;
        }
        Finding::Number { phone, status, display } => {
            let coexists = after.coexists();
            let fresh = Number::new(phone.clone(), coexists, now);
            let number = after.numbers.entry(phone.id().clone()).or_insert(fresh);
            number.facts.observe_all(status, read_at);
            number.fingerprint = display.as_ref().map(|display| display.fingerprint(phone.id()));
            after.phone = Some(phone.clone());
        }
        Finding::Registered(numbers) => {
            let registered = after.numbers.iter_mut().filter(|(id, _)| numbers.contains(id));
            registered.for_each(|(_, number)| number.registered_at = Some(now));
        }
        Finding::CreditShared(allocation) => after.allocation = Some(allocation.clone()),
        Finding::Templates { namespace } => after.template_namespace.clone_from(namespace),
        Finding::Status(status) => after.facts.observe_all(status, read_at),
        Finding::Alone | Finding::AccessLost | Finding::LeftAlone(_) | Finding::Nothing => {}
    }
}

pub(super) fn step_failed(
    after: &mut Onboarding,
    step: Step,
    failure: &Failure,
    moment: Moment,
    timeline: &mut Vec<TimelineEntry>,
) {
    let now = moment.now;
    // A late failure never overwrites a success.
    if after.steps.get(&step).is_none_or(StepRecord::is_over) {
        return;
    }
    let made = after.steps.get(&step).map_or(1, |record| record.attempts);
    let (status, name) = status_after(step, made, failure, moment);
    let waits_since = after.steps.get(&step).filter(|record| record.code() == Some(PENDING)).map(|record| record.since);
    let settled = settle(after, step, status, now);
    if let Some(record) = after.steps.get_mut(&step) {
        record.meta = failure.meta;
    }
    stop_if_needed(after, failure, now);
    if failure.code == PENDING {
        refused_access(after, waits_since, now, timeline);
    }
    let Some(attempt) = settled else {
        return end_exit(after, now, timeline);
    };
    let line = entry(now, name, Some(&failure.code));
    timeline.push(TimelineEntry { step: Some(step), attempt: Some(attempt), meta: failure.meta, ..line });
    end_exit(after, now, timeline);
    ready_at(after, now);
}

fn stop_if_needed(after: &mut Onboarding, failure: &Failure, now: Timestamp) {
    let Some(attempt) = after.token_attempt().cloned() else { return };
    match (&mut after.phase, failure.class) {
        // The exit continues without the steps that need the token.
        (Phase::Leaving { extent, .. }, Class::TokenDead) => without_token(extent),
        (Phase::Connected { .. }, Class::Hold) => {
            enter(after, Phase::Held { attempt, reason: failure.code.clone() }, now);
        }
        (Phase::Connected { .. }, Class::TokenDead) => {
            enter(after, Phase::Reauthorise { attempt, reason: failure.code.clone() }, now);
        }
        _ => {}
    }
}

/// The steps for a number that is added to a record.
const OF_A_NUMBER: [Step; 4] = [Step::FindNumber, Step::OverrideCallback, Step::RegisterNumber, Step::CheckReception];

/// Adds a number to the record like one of a second signup: found, registered and checked by the same steps. The
/// migration repeats this fact until the number is registered: while these steps are running, or data of the WhatsApp
/// Business app is still being requested, nothing changes.
pub(super) fn number_added(
    after: &mut Onboarding,
    phone: &VerifiedPhone,
    now: Timestamp,
    timeline: &mut Vec<TimelineEntry>,
) {
    let over = |step: Step| after.steps.get(&step).is_some_and(StepRecord::is_over);
    let syncing =
        after.plan().any(|spec| matches!(spec.step, Step::SyncContacts | Step::SyncHistory) && !over(spec.step));
    let leased =
        |step: &Step| after.steps.get(step).is_some_and(|record| record.lease_until.is_some_and(|at| at > now));
    if !matches!(after.phase, Phase::Connected { .. }) || syncing || OF_A_NUMBER.iter().any(leased) {
        return;
    }
    let known = after.numbers.get(phone.id());
    let waits = known.is_some_and(|number| number.awaits_registration(now)) && !over(Step::RegisterNumber);
    if waits || known.is_some_and(|number| !number.awaits_registration(now)) {
        return;
    }
    after.claim = Claim { phone: Some(phone.id().clone()), event: None, ..after.claim.clone() };
    after.flow = Flow::Default;
    after.numbers.entry(phone.id().clone()).or_insert_with(|| Number::new(phone.clone(), false, now));
    for step in OF_A_NUMBER {
        after.steps.remove(&step);
    }
    timeline.push(entry(now, "number_added", None));
}

/// A choice counts only while one is required; it is verified like a browser's claim.
pub(super) fn chosen(
    after: &mut Onboarding,
    waba: Option<&WabaId>,
    phone: Option<&PhoneNumberId>,
    now: Timestamp,
    timeline: &mut Vec<TimelineEntry>,
) {
    let asked = after.steps.values().any(|record| {
        record.options().iter().any(|option| {
            waba.is_some_and(|waba| waba.as_str() == option) || phone.is_some_and(|phone| phone.as_str() == option)
        })
    });
    if asked {
        after.claim.waba = waba.cloned().or(after.claim.waba.take());
        after.claim.phone = phone.cloned().or(after.claim.phone.take());
        timeline.push(entry(now, "chosen", None));
        resumed(after, now, timeline);
    }
}

/// Makes all waiting steps due immediately. The attempt count is preserved: a step whose attempts are used up gets
/// exactly one more.
pub(super) fn resumed(after: &mut Onboarding, now: Timestamp, timeline: &mut Vec<TimelineEntry>) {
    match after.phase.clone() {
        Phase::Held { attempt, .. } => enter(after, Phase::Connected { attempt, since: now }, now),
        Phase::Connected { .. } | Phase::Leaving { .. } => {}
        Phase::Exchanging { .. }
        | Phase::Fetching { .. }
        | Phase::Relaunch { .. }
        | Phase::Reauthorise { .. }
        | Phase::Left { .. } => return,
    }
    let mut any = false;
    for record in after.steps.values_mut() {
        match &mut record.status {
            StepStatus::Retrying { due, .. } => *due = now,
            StepStatus::Waiting { due, .. } => *due = Some(now),
            StepStatus::Begun | StepStatus::Done | StepStatus::Skipped { .. } => continue,
        }
        any = true;
    }
    if any {
        timeline.push(entry(now, "resumed", None));
    }
}
