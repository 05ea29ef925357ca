//! What the customer may see of its onboarding: states and sentences, no ids and no codes.

use super::{App, unavailable};
use http::StatusCode;
use serde::Serialize;
use shared::clock;
use shared::domain::onboarding::{Onboarding, StepRecord};
use shared::domain::session::Session;
use shared::domain::time::Timestamp;
use shared::domain::wording;
use shared::http::problem::Problem;
use shared::http::{Reply, Request, json, origin};

#[derive(Serialize)]
struct Status<'a> {
    state: &'static str,
    message: Option<&'static str>,
    until: Option<String>,
    return_url: Option<&'a str>,
    steps: Vec<StepStatus>,
}

#[derive(Serialize)]
struct StepStatus {
    name: &'static str,
    state: &'static str,
    since: Option<String>,
    message: Option<&'static str>,
}

impl App {
    pub(crate) async fn status(&self, request: &Request) -> Result<Reply, Problem> {
        origin::check(request, &self.origins)?;
        let text = request
            .parameter("session")
            .ok_or(Problem::bad_request("session_missing", "The signup session is missing."))?;
        let (_, held) = self.session(&text).await?.ok_or(Problem::not_found())?;
        let session = held.record;
        let Some(id) = session.onboarding() else {
            let held_until = self.held_until(&session).await?;
            return Ok(json(StatusCode::OK, &before(&session, held_until)));
        };
        let found = self.store.onboarding(id).await.map_err(|error| unavailable(&error))?;
        let onboarding = found.ok_or(Problem::unavailable())?.record;
        let onboarding = self.store.joined(onboarding).await.map_err(|error| unavailable(&error))?;
        Ok(json(StatusCode::OK, &during(&session, &onboarding)))
    }
}

fn before(session: &Session, held_until: Option<Timestamp>) -> Status<'_> {
    let (state, message) = if clock::now() >= session.expires_at {
        ("expired", Some("This signup link is too old. Please ask for a new one."))
    } else if held_until.is_some() {
        ("held_back", Some("Meta lets no more businesses connect at the moment. Please come back later."))
    } else {
        ("open", None)
    };
    let until = held_until.map(Timestamp::to_rfc3339);
    Status { state, message, until, return_url: session.return_url.as_deref(), steps: Vec::new() }
}

fn during<'a>(session: &'a Session, onboarding: &Onboarding) -> Status<'a> {
    let state = onboarding.state();
    let obstacle = onboarding.obstacle();
    let message = obstacle.as_ref().map(wording::sentence).or_else(|| wording::state_sentence(state));
    let steps = onboarding.plan().map(|spec| {
        let record = onboarding.steps.get(&spec.step);
        StepStatus {
            name: spec.step.as_str(),
            state: onboarding.step_state(spec.step),
            since: record.map(|record| record.since.to_rfc3339()),
            message: record.and_then(StepRecord::obstacle).as_ref().map(wording::sentence),
        }
    });
    let until = obstacle.as_ref().and_then(|obstacle| obstacle.until).map(Timestamp::to_rfc3339);
    Status { state: state.as_str(), message, until, return_url: session.return_url.as_deref(), steps: steps.collect() }
}
