//! `GET /signup/return`: the target of Meta's full-page redirect. Only the browser that launched continues, and only
//! once; any other browser gets an explanation, and nothing is posted.

use super::App;
use super::launch::Returned;
use http::StatusCode;
use shared::domain::ids::SessionId;
use shared::domain::language::Language;
use shared::domain::session::{Browser, BrowserValue, Session};
use shared::http::problem::Problem;
use shared::http::{Reply, Request, cookie};

/// What a `state` refers to.
enum Found {
    /// It is not from this browser, or the browser stores no cookies. The link's owner is not revealed: it may be
    /// another person.
    NotHere,
    /// This browser uses the link, but the value is not its latest.
    Stale(SessionId, Box<Session>),
    /// This browser launched with it.
    Here(SessionId, Box<Session>, BrowserValue),
}

impl App {
    pub(crate) async fn returned(&self, request: &Request) -> Result<Reply, Problem> {
        let Some(state) = request.parameter("state") else {
            return Ok(self.notice(request, StatusCode::BAD_REQUEST, "page.link_incomplete"));
        };
        match self.found(request, &state).await? {
            Found::NotHere => Ok(self.notice(request, StatusCode::FORBIDDEN, "page.return_refused")),
            Found::Stale(id, session) => {
                let language = spoken(&session, request);
                let again = format!("signup?session={id}&locale={}", language.tag);
                Ok(self.stale(language, &again))
            }
            Found::Here(id, session, state) => {
                let language = spoken(&session, request);
                let used = session.binding.as_ref().is_some_and(|binding| binding.used);
                let returned = if used { Returned::default() } else { Returned::of(request, &state) };
                self.shown(request, (&id, &session), language, returned).await
            }
        }
    }

    async fn found(&self, request: &Request, state: &str) -> Result<Found, Problem> {
        let known = |name| cookie::read(request, name);
        let (Some(browser), Some(named)) =
            (known(cookie::BROWSER).and_then(BrowserValue::parse), known(cookie::SESSION))
        else {
            return Ok(Found::NotHere);
        };
        let Some((id, held)) = self.session(named).await? else { return Ok(Found::NotHere) };
        let session = Box::new(held.record);
        let binding = session.binding.as_ref().filter(|binding| binding.is_of(&Browser::OwnPage(&browser)));
        let Some(binding) = binding else { return Ok(Found::NotHere) };
        let state = BrowserValue::parse(state).filter(|state| binding.state == Some(state.digest()));
        Ok(match state {
            Some(state) => Found::Here(id, session, state),
            None => Found::Stale(id, session),
        })
    }
}

/// The language in which the page was left.
fn spoken(session: &Session, request: &Request) -> &'static Language {
    let left = session.binding.as_ref().and_then(|binding| Language::of_tag(&binding.language));
    left.unwrap_or_else(|| super::page::language(Some(session), request))
}
