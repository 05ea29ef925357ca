//! Onboardings for operators: lists, one with its timeline, and "go on".

use super::{App, unavailable};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use serde::Serialize;
use shared::clock;
use shared::domain::failure::{Actor, Waiting};
use shared::domain::ids::{CustomerRef, OnboardingId};
use shared::domain::onboarding::{Onboarding, State};
use shared::domain::progress::{Event, TimelineEntry};
use shared::domain::session::{Flow, Role};
use shared::domain::wording;
use shared::http::problem::Problem;
use shared::http::{Reply, Request, json};
use shared::queue::Bell;
use shared::store::{Held, Recorded, StoreError};
use std::time::Duration;

/// Onboardings a page holds.
const PAGE: i32 = 50;

/// What a list can be narrowed by.
const PARAMETERS: [&str; 3] = ["state", "customer_ref", "cursor"];

#[derive(Serialize)]
struct Summary {
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
    message: Option<&'static str>,
    until: Option<String>,
    waba_id: Option<String>,
    owner_business_id: Option<String>,
    phone_number_ids: Vec<String>,
    credit_allocation_id: Option<String>,
    template_namespace: Option<String>,
}

#[derive(Serialize)]
struct StepView {
    name: &'static str,
    state: &'static str,
    since: Option<String>,
    attempts: u16,
    code: Option<String>,
    due: Option<String>,
}

#[derive(Serialize)]
struct TimelineView {
    at: String,
    event: String,
    step: Option<&'static str>,
    attempt: Option<u16>,
    code: Option<String>,
}

#[derive(Serialize)]
struct Details {
    onboarding: Summary,
    steps: Vec<StepView>,
    timeline: Vec<TimelineView>,
}

#[derive(Serialize)]
struct List {
    onboardings: Vec<Summary>,
    cursor: Option<String>,
}

impl App {
    pub(crate) async fn list(&self, request: &Request) -> Result<Reply, Problem> {
        let mut names: Vec<String> = request.parameters().collect();
        if names.iter().any(|name| !PARAMETERS.contains(&name.as_str())) {
            return Err(Problem::bad_request("unknown_parameter", "A query parameter is not known."));
        }
        names.sort_unstable();
        if names.windows(2).any(|pair| pair.first() == pair.last()) {
            return Err(bad_parameter());
        }
        let only = request.parameter("state").map(|state| State::parse(&state).ok_or(bad_parameter())).transpose()?;
        if let Some(reference) = request.parameter("customer_ref") {
            let customer = CustomerRef::parse(&reference).map_err(|_| bad_parameter())?;
            let found = self.store.of_customer(&customer).await.map_err(|error| unavailable(&error))?;
            let wanted = found.iter().filter(|onboarding| only.is_none_or(|only| onboarding.state() == only));
            return Ok(json(StatusCode::OK, &List { onboardings: wanted.map(summary).collect(), cursor: None }));
        }
        let states: Vec<State> = only.map_or_else(|| State::ALL.to_vec(), |state| vec![state]);
        let start =
            request.parameter("cursor").map(|cursor| read_cursor(&cursor).ok_or(bad_parameter())).transpose()?;
        if start.as_ref().is_some_and(|(state, _)| only.is_some_and(|only| only != *state)) {
            return Err(bad_parameter());
        }
        let list = self.page(&states, start).await.map_err(|error| unavailable(&error))?;
        Ok(json(StatusCode::OK, &list))
    }

    /// One page over the lists of `states`, beginning after `start`.
    async fn page(&self, states: &[State], start: Option<(State, Option<OnboardingId>)>) -> Result<List, StoreError> {
        let mut list = List { onboardings: Vec::new(), cursor: None };
        let (first, mut after) = start.map_or((None, None), |(state, id)| (Some(state), id));
        let rest = states.iter().copied().skip_while(|state| first.is_some_and(|first| first != *state));
        for state in rest {
            if list.onboardings.len() >= usize::try_from(PAGE).unwrap_or_default() {
                list.cursor = Some(write_cursor(state, None));
                break;
            }
            let page = self.store.in_state(state, after.take().as_ref(), PAGE).await?;
            list.onboardings.extend(page.onboardings.iter().map(summary));
            if let Some(last) = page.last {
                list.cursor = Some(write_cursor(state, Some(&last)));
                break;
            }
        }
        Ok(list)
    }

    pub(crate) async fn get(&self, id: &str) -> Result<Reply, Problem> {
        let held = self.find(id).await?;
        let timeline = self.store.timeline(&held.record.id).await.map_err(|error| unavailable(&error))?;
        let details = Details {
            onboarding: summary(&held.record),
            steps: steps(&held.record),
            timeline: timeline.into_iter().map(timeline_view).collect(),
        };
        Ok(json(StatusCode::OK, &details))
    }

    async fn find(&self, id: &str) -> Result<Held<Onboarding>, Problem> {
        let id = OnboardingId::parse(id).map_err(|_| Problem::not_found())?;
        let found = self.store.onboarding(&id).await.map_err(|error| unavailable(&error))?;
        found.ok_or(Problem::not_found())
    }

    /// Makes everything that waits due at once.
    pub(crate) async fn resume(&self, id: &str) -> Result<Reply, Problem> {
        match self.apply(id, &Event::Resumed).await? {
            Some(after) => Ok(json(StatusCode::ACCEPTED, &summary(&after))),
            None => Err(Problem::new(StatusCode::CONFLICT, "nothing_to_resume", "Nothing of this onboarding waits.")),
        }
    }

    /// Begins the exit; one that has begun or is over is answered the same.
    pub(crate) async fn leave(&self, id: &str) -> Result<Reply, Problem> {
        if let Some(after) = self.apply(id, &Event::ExitRequested).await? {
            return Ok(json(StatusCode::ACCEPTED, &summary(&after)));
        }
        let held = self.find(id).await?;
        match held.record.state() {
            State::Leaving | State::Left => Ok(json(StatusCode::ACCEPTED, &summary(&held.record))),
            _ => {
                Err(Problem::new(StatusCode::CONFLICT, "in_progress", "This signup is being completed at the moment."))
            }
        }
    }

    /// Saves a fact and rings; `None` when it changes nothing.
    async fn apply(&self, id: &str, fact: &Event) -> Result<Option<Box<Onboarding>>, Problem> {
        let id = OnboardingId::parse(id).map_err(|_| Problem::not_found())?;
        match self.store.record(&id, fact, clock::moment()).await.map_err(|error| unavailable(&error))? {
            Recorded::Unknown => Err(Problem::not_found()),
            Recorded::Unchanged => Ok(None),
            Recorded::Changed(after) => {
                if let Err(error) = self.bells.ring(&Bell::Onboarding { id }, Duration::ZERO).await {
                    tracing::warn!(error = %error, "the bell was not rung; the sweeper will");
                }
                Ok(Some(after))
            }
        }
    }
}

fn summary(onboarding: &Onboarding) -> Summary {
    let state = onboarding.state();
    let obstacle = onboarding.obstacle();
    let message = obstacle.as_ref().map(wording::sentence).or_else(|| wording::state_sentence(state));
    Summary {
        id: onboarding.id.clone(),
        customer_ref: onboarding.customer_ref.clone(),
        state,
        role: onboarding.role,
        flow: onboarding.flow,
        created_at: onboarding.created_at.to_rfc3339(),
        since: obstacle.as_ref().map_or(onboarding.phase_since, |obstacle| obstacle.since).to_rfc3339(),
        waiting_for: obstacle.as_ref().and_then(|obstacle| obstacle.waiting_for),
        who_acts: obstacle.as_ref().map(|obstacle| obstacle.actor),
        until: obstacle.as_ref().and_then(|obstacle| obstacle.until).map(shared::domain::time::Timestamp::to_rfc3339),
        code: obstacle.map(|obstacle| obstacle.code),
        message,
        waba_id: onboarding.waba.as_ref().map(|waba| waba.id().to_string()),
        owner_business_id: onboarding.waba.as_ref().map(|waba| waba.owner().to_string()),
        phone_number_ids: onboarding.phone.iter().map(|phone| phone.id().to_string()).collect(),
        credit_allocation_id: onboarding.allocation.as_ref().map(ToString::to_string),
        template_namespace: onboarding.template_namespace.clone(),
    }
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
            due: record
                .and_then(shared::domain::onboarding::StepRecord::due)
                .map(shared::domain::time::Timestamp::to_rfc3339),
        }
    });
    views.collect()
}

fn timeline_view(entry: TimelineEntry) -> TimelineView {
    TimelineView {
        at: entry.at.to_rfc3339(),
        event: entry.event,
        step: entry.step.map(shared::domain::steps::Step::as_str),
        attempt: entry.attempt,
        code: entry.code,
    }
}

fn write_cursor(state: State, last: Option<&OnboardingId>) -> String {
    URL_SAFE_NO_PAD.encode(format!("{} {}", state.as_str(), last.map_or("", OnboardingId::as_str)))
}

fn read_cursor(cursor: &str) -> Option<(State, Option<OnboardingId>)> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
    let (state, last) = text.split_once(' ')?;
    let last = if last.is_empty() { None } else { Some(OnboardingId::parse(last).ok()?) };
    Some((State::parse(state)?, last))
}

const fn bad_parameter() -> Problem {
    Problem::bad_request("bad_parameter", "A query parameter has no valid value.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_come_back_and_forged_ones_do_not() {
        let id = OnboardingId::parse("onb_01jd0000000000000000000000").unwrap();
        assert_eq!(read_cursor(&write_cursor(State::Ready, Some(&id))), Some((State::Ready, Some(id))));
        assert_eq!(read_cursor(&write_cursor(State::Held, None)), Some((State::Held, None)));
        for forged in ["", "!", "cmVhZHk", &URL_SAFE_NO_PAD.encode("ready onb_x"), &URL_SAFE_NO_PAD.encode("nope ")] {
            assert_eq!(read_cursor(forged), None, "{forged}");
        }
    }
}
