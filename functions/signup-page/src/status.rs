//! What the customer can see of its onboarding: states and sentences, no ids and no codes.

use super::App;
use super::page::language;
use super::standing::{Closed, Standing};
use http::StatusCode;
use serde::Serialize;
use shared::domain::failure::Actor;
use shared::domain::language::Language;
use shared::domain::onboarding::{Obstacle, Onboarding, State, StepRecord};
use shared::domain::session::{Browser, BrowserValue, Session};
use shared::domain::time::Timestamp;
use shared::domain::wording;
use shared::http::problem::Problem;
use shared::http::{Reply, Request, cookie, json, origin};

#[derive(Serialize)]
struct Status<'a> {
    state: &'static str,
    who_acts: Option<Actor>,
    message: Option<String>,
    until: Option<String>,
    /// Whether the popup may be opened now.
    can_start: bool,
    /// Whether another browser uses the link: this one can continue by a deliberate click.
    elsewhere: bool,
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
        let standing = self.standing(&session).await?;
        let mut status = match &standing {
            Standing::Open => before(&session, None, language),
            Standing::Closed(closed) => before(&session, Some(closed), language),
            Standing::Begun(onboarding) => during(&session, onboarding, language),
        };
        let refusal = standing.refusal(&session);
        status.can_start = refusal.is_none();
        status.elsewhere = status.can_start && is_elsewhere(&session, request);
        // A customer whose link accepts no further click learns that before it is asked to click.
        let over = refusal.and_then(|problem| match (&standing, problem.code) {
            (Standing::Begun(_), "session_expired") => language.text("page.link_expired"),
            (Standing::Begun(_), "too_many_codes") => language.text("problem.too_many_codes"),
            _ => None,
        });
        status.message = over.map(str::to_owned).or(status.message);
        Ok(json(StatusCode::OK, &status))
    }
}

/// A page of the platform's sends nothing that identifies its browser: it learns this when it launches.
fn is_elsewhere(session: &Session, request: &Request) -> bool {
    let cookie = cookie::read(request, cookie::BROWSER).and_then(BrowserValue::parse);
    let embedded = request.header("origin").is_some_and(|origin| origin != request.base_url());
    match (&cookie, &session.binding) {
        (_, None) => false,
        (_, Some(binding)) if embedded => binding.browser.is_some(),
        (Some(cookie), Some(_)) => session.is_elsewhere(&Browser::OwnPage(cookie)),
        (None, Some(_)) => true,
    }
}

fn before<'a>(session: &'a Session, closed: Option<&Closed>, language: &'static Language) -> Status<'a> {
    Status {
        state: closed.map_or("open", Closed::as_str),
        who_acts: None,
        message: closed.map(|closed| closed.sentence(language)),
        until: match closed {
            Some(Closed::HeldBack(until)) => Some(until.to_rfc3339()),
            _ => None,
        },
        can_start: false,
        elsewhere: false,
        return_url: session.return_url.as_deref(),
        steps: Vec::new(),
    }
}

fn during<'a>(session: &'a Session, onboarding: &Onboarding, language: &'static Language) -> Status<'a> {
    let state = onboarding.state();
    let obstacle = onboarding.obstacle();
    // Whatever ended the permission, the customer has to ask for a new link and gets no button.
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
    Status {
        state: state.as_str(),
        who_acts: obstacle.as_ref().map(|obstacle| obstacle.actor),
        message: message.map(str::to_owned),
        until: obstacle.as_ref().and_then(|obstacle| obstacle.until).map(Timestamp::to_rfc3339),
        can_start: false,
        elsewhere: false,
        return_url: session.return_url.as_deref(),
        steps: steps.collect(),
    }
}
