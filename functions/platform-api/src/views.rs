//! Onboardings as shown to operators.

use serde::Serialize;
use shared::domain::failure::{Actor, MetaCode, Waiting};
use shared::domain::ids::{CustomerRef, OnboardingId};
use shared::domain::meta_status::{Attribute, MetaStatus, StatusValue};
use shared::domain::onboarding::{Notice, Number, Onboarding, State, StepRecord};
use shared::domain::operation::Operation;
use shared::domain::progress::TimelineEntry;
use shared::domain::refusal;
use shared::domain::session::{Flow, Role};
use shared::domain::steps::Step;
use shared::domain::time::Timestamp;
use shared::domain::wording;
use std::collections::BTreeMap;

#[derive(Serialize)]
pub(crate) struct Summary {
    id: OnboardingId,
    customer_ref: CustomerRef,
    state: State,
    role: Role,
    flow: Flow,
    created_at: String,
    since: String,
    waiting_for: Option<Waiting>,
    who_acts: Option<Actor>,
    code: Option<String>,
    meta: Option<MetaCode>,
    message: Option<&'static str>,
    until: Option<String>,
    waba_id: Option<String>,
    owner_business_id: Option<String>,
    phone_number_ids: Vec<String>,
    credit_allocation_id: Option<String>,
    template_namespace: Option<String>,
    token_expires_at: Option<String>,
    /// The onboarding in which this signup continues.
    joined: Option<OnboardingId>,
}

#[derive(Serialize)]
struct StepView {
    name: &'static str,
    state: &'static str,
    since: Option<String>,
    attempts: u16,
    code: Option<String>,
    meta: Option<MetaCode>,
    /// Who has to act, and what to do, where Meta refused.
    who_acts: Option<Actor>,
    message: Option<&'static str>,
    due: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    options: Vec<String>,
}

#[derive(Serialize)]
pub(crate) struct TimelineView {
    at: String,
    event: String,
    step: Option<&'static str>,
    attempt: Option<u16>,
    code: Option<String>,
    meta: Option<MetaCode>,
    who_acts: Option<Actor>,
    message: Option<&'static str>,
    by: Option<By>,
}

/// A page of a timeline.
#[derive(Serialize)]
pub(crate) struct TimelinePage {
    pub(crate) timeline: Vec<TimelineView>,
    /// Cursor of the preceding page; `null` when there is none.
    pub(crate) cursor: Option<String>,
}

/// Who requested what through the API.
#[derive(Serialize)]
pub(crate) struct By {
    subject: Option<String>,
    client: Option<String>,
    operation: String,
    request_id: String,
    about: BTreeMap<String, String>,
}

impl By {
    pub(crate) fn of(operation: Operation) -> Self {
        let Operation { name, principal, request_id, about } = operation;
        let text = |name: Option<&str>| name.map(str::to_owned);
        let (subject, client) = (text(principal.subject()), text(principal.client()));
        Self { subject, client, operation: name, request_id, about }
    }
}

#[derive(Serialize)]
pub(crate) struct Details {
    onboarding: Summary,
    steps: Vec<StepView>,
    notices: Vec<NoticeView>,
    numbers: Vec<NumberView>,
    account: BTreeMap<Attribute, StatusView>,
    /// The newest timeline entries.
    timeline: Vec<TimelineView>,
    /// Cursor of earlier entries.
    timeline_cursor: Option<String>,
}

#[derive(Serialize)]
struct NoticeView {
    about: Option<Waiting>,
    who_acts: Actor,
    code: String,
    message: &'static str,
    since: String,
    until: Option<String>,
    phone_number_id: Option<String>,
}

#[derive(Serialize)]
struct NumberView {
    phone_number_id: String,
    since: String,
    coexistence: bool,
    registered_at: Option<String>,
    /// Set while Meta shows it as disconnected, or no longer shows it.
    disconnected: Option<DisconnectedView>,
    words: BTreeMap<Attribute, StatusView>,
}

#[derive(Serialize)]
struct DisconnectedView {
    since: String,
    reason: Option<String>,
    initiated_by: Option<String>,
    who_acts: Actor,
    code: &'static str,
    message: &'static str,
}

#[derive(Serialize)]
struct StatusView {
    word: String,
    since: String,
}

#[derive(Serialize)]
pub(crate) struct List {
    pub(crate) onboardings: Vec<Summary>,
    pub(crate) cursor: Option<String>,
}

impl Details {
    pub(crate) fn of(onboarding: &Onboarding, notices: &[Notice], newest: TimelinePage) -> Self {
        Self {
            onboarding: summary(onboarding),
            steps: steps(onboarding),
            notices: notices.iter().map(notice_view).collect(),
            numbers: onboarding.numbers.values().map(number_view).collect(),
            account: words(&onboarding.facts),
            timeline: newest.timeline,
            timeline_cursor: newest.cursor,
        }
    }
}

/// Shown for a signup whose account belongs to another record.
const JOINED: &str = "This signup continues in the onboarding that has its account; see `joined`.";

pub(crate) fn summary(onboarding: &Onboarding) -> Summary {
    let state = onboarding.state();
    let obstacle = onboarding.obstacle();
    let message = obstacle.as_ref().map(wording::sentence).or_else(|| match &onboarding.joins {
        Some(_) => Some(JOINED),
        None => wording::state_sentence(state),
    });
    Summary {
        id: onboarding.id.clone(),
        customer_ref: onboarding.customer_ref.clone(),
        state,
        role: onboarding.role,
        flow: onboarding.flow,
        created_at: onboarding.created_at.to_rfc3339(),
        since: obstacle.as_ref().map_or_else(|| reached(onboarding, state), |obstacle| obstacle.since).to_rfc3339(),
        waiting_for: obstacle.as_ref().and_then(|obstacle| obstacle.waiting_for),
        who_acts: obstacle.as_ref().map(|obstacle| obstacle.actor),
        until: obstacle.as_ref().and_then(|obstacle| obstacle.until).map(Timestamp::to_rfc3339),
        meta: obstacle.as_ref().and_then(|obstacle| obstacle.meta),
        code: obstacle.map(|obstacle| obstacle.code),
        message,
        waba_id: onboarding.waba.as_ref().map(|waba| waba.id().to_string()),
        owner_business_id: onboarding.waba.as_ref().map(|waba| waba.owner().to_string()),
        phone_number_ids: onboarding.numbers.keys().map(ToString::to_string).collect(),
        credit_allocation_id: onboarding.allocation.as_ref().map(ToString::to_string),
        template_namespace: onboarding.template_namespace.clone(),
        token_expires_at: onboarding.token_expires_at.map(Timestamp::to_rfc3339),
        joined: onboarding.joins.clone(),
    }
}

/// When a state without an obstacle was reached: when its phase began or, for `ready`, when the last step was done.
fn reached(onboarding: &Onboarding, state: State) -> Timestamp {
    let finished = onboarding.plan().filter_map(|spec| onboarding.steps.get(&spec.step)).map(|record| record.since);
    let last = finished.max().filter(|_| state == State::Ready);
    last.map_or(onboarding.phase_since, |last| last.max(onboarding.phase_since))
}

fn steps(onboarding: &Onboarding) -> Vec<StepView> {
    let views = onboarding.plan().map(|spec| {
        let record = onboarding.steps.get(&spec.step);
        StepView {
            name: spec.step.as_str(),
            state: onboarding.step_state(spec.step),
            since: record.map(|record| record.since.to_rfc3339()),
            attempts: record.map_or(0, |record| record.attempts),
            code: record.and_then(|record| record.code()).map(str::to_owned),
            meta: record.and_then(StepRecord::meta),
            who_acts: record.and_then(StepRecord::who_acts),
            message: record.and_then(wording::step_sentence),
            due: record.and_then(StepRecord::due).map(Timestamp::to_rfc3339),
            options: record.map(|record| record.options().to_vec()).unwrap_or_default(),
        }
    });
    views.collect()
}

pub(crate) fn timeline_view(entry: TimelineEntry) -> TimelineView {
    TimelineView {
        at: entry.at.to_rfc3339(),
        event: entry.event,
        step: entry.step.map(Step::as_str),
        attempt: entry.attempt,
        meta: entry.meta,
        who_acts: entry.meta.map(|meta| refusal::meaning(meta).actor),
        message: entry.meta.map(|meta| refusal::meaning(meta).sentence),
        code: entry.code,
        by: entry.by.map(By::of),
    }
}

fn notice_view(notice: &Notice) -> NoticeView {
    NoticeView {
        about: notice.about,
        who_acts: notice.actor,
        code: notice.code.clone(),
        message: wording::notice(notice),
        since: notice.since.to_rfc3339(),
        until: notice.until.map(Timestamp::to_rfc3339),
        phone_number_id: notice.phone.as_ref().map(ToString::to_string),
    }
}

fn disconnected_view(number: &Number) -> Option<DisconnectedView> {
    let found = number.confirmed_disconnection()?;
    let (who_acts, code) = number.reconnected_by();
    Some(DisconnectedView {
        since: found.since.to_rfc3339(),
        reason: found.reason.clone(),
        initiated_by: found.initiated_by.clone(),
        who_acts,
        code,
        message: wording::of_code(code),
    })
}

fn number_view(number: &Number) -> NumberView {
    NumberView {
        phone_number_id: number.phone.id().to_string(),
        since: number.since.to_rfc3339(),
        coexistence: number.coexists,
        registered_at: number.registered_at.map(Timestamp::to_rfc3339),
        disconnected: disconnected_view(number),
        words: words(&number.facts),
    }
}

fn words(facts: &MetaStatus) -> BTreeMap<Attribute, StatusView> {
    let view = |(attribute, fact): (Attribute, &StatusValue)| {
        (attribute, StatusView { word: fact.value.clone(), since: fact.since.to_rfc3339() })
    };
    facts.iter().map(view).collect()
}
