//! `POST /signup/launch`: binds a link to one browser and returns the values that its code has to be sent with.

use super::{App, unavailable};
use http::StatusCode;
use serde::Serialize;
use shared::client_limit::Attempt;
use shared::clock;
use shared::domain::ids::SessionId;
use shared::domain::language::Language;
use shared::domain::session::{Binding, Browser, BrowserValue, Session};
use shared::http::fields::Fields;
use shared::http::problem::Problem;
use shared::http::{Reply, Request, cookie, json, origin};
use shared::store::StoreError;

const FIELDS: [&str; 5] = ["session", "launch", "confirmed", "take_over", "locale"];

/// How often a save is retried after version conflicts.
const SAVES: usize = 5;

#[derive(Serialize)]
struct Launched<'a> {
    /// Sent with the callback; valid once.
    launch: &'a str,
    /// The same signup as a full-page redirect. Only our own page has one, because only there a cookie identifies the
    /// browser that Meta redirects back.
    login_url: Option<String>,
    expires_at: String,
}

/// The content of the request.
struct Order<'a> {
    /// The launch value that a page of the platform's received before.
    launch: Option<BrowserValue>,
    confirmed: bool,
    take_over: bool,
    language: &'a Language,
}

impl App {
    pub(crate) async fn bind(&self, request: &Request) -> Result<Reply, Problem> {
        origin::check(request, &self.origins)?;
        let fields = Fields::read(request, &FIELDS)?;
        let missing = Problem::bad_request("session_missing", "The signup session is missing.");
        let text = fields.text("session", 128)?.ok_or(missing)?;
        let own = own_page(request)?;
        SessionId::parse(text).map_err(|_| unknown())?;
        // A launch stays counted: it costs a write, whatever its result.
        let _counted = self.clients.count(request, Attempt::Launch).await?;
        for _ in 0..SAVES {
            let (id, mut held) = self.session(text).await?.ok_or(unknown())?;
            let order = order(&fields, &held.record, request)?;
            let browser = own.as_ref().map_or(Browser::PlatformPage(order.launch.as_ref()), Browser::OwnPage);
            if let Some(problem) = self.standing(&held.record).await?.refusal(&held.record) {
                return Err(problem);
            }
            check(&held.record, &order, &browser)?;
            let launch = BrowserValue::from_random(rand::random());
            let state = own.as_ref().map(|_| BrowserValue::from_random(rand::random()));
            let now = clock::now();
            held.record.confirmed_at = held.record.confirm.then_some(now);
            held.record.binding = Some(Binding {
                browser: own.as_ref().map(BrowserValue::digest),
                launch: launch.digest(),
                state: state.as_ref().map(BrowserValue::digest),
                language: order.language.tag.to_owned(),
                since: now,
                used: false,
            });
            match self.store.save_session(&id, &held).await {
                Ok(()) => return self.launched(request, (id.as_str(), &held.record), &launch, state.as_ref()).await,
                Err(StoreError::Conflict) => {}
                Err(error) => return Err(unavailable(&error)),
            }
        }
        Err(Problem::unavailable())
    }

    async fn launched(
        &self,
        request: &Request,
        (id, session): (&str, &Session),
        launch: &BrowserValue,
        state: Option<&BrowserValue>,
    ) -> Result<Reply, Problem> {
        let login_url = match state {
            Some(state) => Some(self.login_url(request, session, state).await?),
            None => None,
        };
        let expires_at = session.expires_at.to_rfc3339();
        let mut reply = json(StatusCode::OK, &Launched { launch: launch.as_str(), login_url, expires_at });
        if state.is_some() {
            cookie::set(&mut reply, cookie::SESSION, id, session.expires_at.since(clock::now()));
        }
        Ok(reply)
    }
}

const fn unknown() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "session_not_found", "This signup link is not known.")
}

/// The browser cookie of our own page; `None` on a page of the platform's. A server has no browser to bind.
fn own_page(request: &Request) -> Result<Option<BrowserValue>, Problem> {
    let unknown = Problem::new(
        StatusCode::FORBIDDEN,
        "browser_unknown",
        "A signup must be launched by a page in a browser that accepts the signup page's cookie.",
    );
    match request.header("origin") {
        None => Err(unknown),
        Some(own) if own == request.base_url() => {
            let cookie = cookie::read(request, cookie::BROWSER).and_then(BrowserValue::parse);
            cookie.map(Some).ok_or(unknown)
        }
        Some(_) => Ok(None),
    }
}

fn order(fields: &Fields, session: &Session, request: &Request) -> Result<Order<'static>, Problem> {
    let spoken = fields.text("locale", 16)?.and_then(Language::of_tag);
    Ok(Order {
        // A value that is not in our format counts as absent.
        launch: fields.text("launch", 128)?.and_then(BrowserValue::parse),
        confirmed: fields.flag("confirmed")?,
        take_over: fields.flag("take_over")?,
        language: spoken.unwrap_or_else(|| super::page::language(Some(session), request)),
    })
}

/// Two decisions need a deliberate click: connecting this business, and ending the signup of another browser.
fn check(session: &Session, order: &Order<'_>, browser: &Browser<'_>) -> Result<(), Problem> {
    if session.is_elsewhere(browser) && !order.take_over {
        let title = "Another browser is using this signup link. Continuing here ends it there.";
        return Err(Problem::new(StatusCode::CONFLICT, "opened_elsewhere", title));
    }
    if session.confirm && !order.confirmed {
        let title = "This signup has to be confirmed by the person who connects.";
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "confirmation_missing", title).of("confirmed"));
    }
    Ok(())
}
