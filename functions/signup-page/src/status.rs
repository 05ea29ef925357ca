//! What the customer may see of its onboarding: states and sentences, no ids and no codes.

use super::page::{Closed, language};
use super::{App, unavailable};
use http::StatusCode;
use serde::Serialize;
use shared::clock;
use shared::domain::failure::Actor;
use shared::domain::language::Language;
use shared::domain::onboarding::{Obstacle, Onboarding, State, StepRecord};
use shared::domain::session::Session;
use shared::domain::time::Timestamp;
use shared::domain::wording;
use shared::http::problem::Problem;
use shared::http::{Reply, Request, json, origin};

#[derive(Serialize)]
struct Status<'a> {
    state: &'static str,
    who_acts: Option<Actor>,
    message: Option<String>,
    until: Option<String>,
    /// Whether Meta's window may be opened now.
    can_start: bool,
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
        let (_, session) = self.named_session(request).await?;
        let language = language(Some(&session), request);
        let Some(id) = session.onboarding() else {
            let closed = self.closed(&session).await?;
            return Ok(json(StatusCode::OK, &before(&session, closed.as_ref(), language)));
        };
        let found = self.store.onboarding(id).await.map_err(|error| unavailable(&error))?;
        let onboarding = found.ok_or(Problem::unavailable())?.record;
        let onboarding = self.store.joined(onboarding).await.map_err(|error| unavailable(&error))?;
        Ok(json(StatusCode::OK, &during(&session, &onboarding, language)))
    }
}

fn before<'a>(session: &'a Session, closed: Option<&Closed>, language: &'static Language) -> Status<'a> {
    let state = match closed {
        None => "open",
        Some(Closed::Expired) => "expired",
        Some(Closed::Paused) => "paused",
        Some(Closed::HeldBack(_)) => "held_back",
    };
    Status {
        state,
        who_acts: None,
        message: closed.map(|closed| closed.sentence(language)),
        until: match closed {
            Some(Closed::HeldBack(until)) => Some(until.to_rfc3339()),
            _ => None,
        },
        can_start: closed.is_none(),
        return_url: session.return_url.as_deref(),
        steps: Vec::new(),
    }
}

fn during<'a>(session: &'a Session, onboarding: &Onboarding, language: &'static Language) -> Status<'a> {
    let state = onboarding.state();
    let obstacle = onboarding.obstacle();
    // Whatever ended the permission: there is a new link to ask for, and no button to click.
    let sentence = |obstacle: &Obstacle| match state {
        State::Reauthorise if language.text(&obstacle.code).is_none() => {
            language.text("token.invalid").unwrap_or_default()
        }
        _ => wording::sentence_in(language, obstacle),
    };
    let message = obstacle.as_ref().map(sentence).or_else(|| wording::state_sentence_in(language, state));
    let steps = onboarding.plan().map(|spec| {
        let record = onboarding.steps.get(&spec.step);
        StepStatus {
            name: spec.step.as_str(),
            state: onboarding.step_state(spec.step),
            since: record.map(|record| record.since.to_rfc3339()),
            message: record.and_then(StepRecord::obstacle).as_ref().map(sentence),
        }
    });
    // Whose link is too old asks for a new one before it clicks again.
    let again = state == State::Relaunch;
    let in_time = clock::now() < session.expires_at;
    let message = if again && !in_time { language.text("page.link_expired") } else { message };
    Status {
        state: state.as_str(),
        who_acts: obstacle.as_ref().map(|obstacle| obstacle.actor),
        message: message.map(str::to_owned),
        until: obstacle.as_ref().and_then(|obstacle| obstacle.until).map(Timestamp::to_rfc3339),
        can_start: again && in_time,
        return_url: session.return_url.as_deref(),
        steps: steps.collect(),
    }
}
