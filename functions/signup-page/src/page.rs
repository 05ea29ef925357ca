//! The page itself: one HTML document, its script and style inside, everything else refused by its own policy.

use super::App;
use super::launch::{Launch, Returned};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderName, HeaderValue, StatusCode, header};
use shared::clock;
use shared::domain::language::{ENGLISH, Language};
use shared::domain::session::Session;
use shared::domain::time::Timestamp;
use shared::http::problem::Problem;
use shared::http::{Reply, Request, reply};

const PAGE: &str = include_str!("../assets/page.html");
const SCRIPT: &str = concat!(include_str!("../assets/connect.js"), include_str!("../assets/page.js"));
const STYLE: &str = concat!(include_str!("../assets/page.css"), include_str!("../assets/connect.css"));

/// The language a customer is spoken to in: the session's, the address's, the browser's.
pub(crate) fn language(session: Option<&Session>, request: &Request) -> &'static Language {
    let ordered = session.and_then(|session| session.locale.as_deref()).and_then(Language::of_tag);
    let asked = || request.parameter("locale").and_then(|tag| Language::of_tag(&tag));
    let liked = || request.header("accept-language").and_then(Language::accepted);
    ordered.or_else(asked).or_else(liked).unwrap_or(&ENGLISH)
}

/// Why a session cannot be launched now.
pub(crate) enum Closed {
    /// Too old.
    Expired,
    /// The platform lets nobody new connect.
    Paused,
    /// Meta lets nobody new connect before then.
    HeldBack(Timestamp),
}

impl Closed {
    pub(crate) fn sentence(&self, language: &'static Language) -> String {
        let text = |key| language.text(key).unwrap_or_default();
        match self {
            Self::Expired => text("page.link_expired").to_owned(),
            Self::Paused => text("page.paused").to_owned(),
            Self::HeldBack(until) => {
                let until = until.to_rfc3339();
                text("page.held_back").replace("{date}", until.split('T').next().unwrap_or_default())
            }
        }
    }

    /// The same for the page, which writes times as its language does.
    fn markup(&self, language: &'static Language) -> String {
        let sentence = escaped(&self.sentence(language));
        match self {
            Self::HeldBack(until) => {
                let until = until.to_rfc3339();
                let day = until.split('T').next().unwrap_or_default();
                sentence.replace(day, &format!("<time datetime=\"{until}\">{day}</time>"))
            }
            Self::Expired | Self::Paused => sentence,
        }
    }

    fn status(&self) -> StatusCode {
        if matches!(self, Self::Expired) { StatusCode::GONE } else { StatusCode::OK }
    }
}

impl App {
    pub(crate) async fn page(&self, request: &Request) -> Result<Reply, Problem> {
        let Some(text) = request.parameter("session") else {
            return Ok(self.notice(request, StatusCode::BAD_REQUEST, "page.link_incomplete"));
        };
        self.opened(request, &text, None, Returned::default()).await
    }

    /// A whole page of Meta's came back: session and language travel in `state`.
    pub(crate) async fn returned(&self, request: &Request) -> Result<Reply, Problem> {
        let Some(text) = request.parameter("state") else {
            return Ok(self.notice(request, StatusCode::BAD_REQUEST, "page.link_incomplete"));
        };
        let (text, tag) = text.split_once('.').unwrap_or((&text, ""));
        self.opened(request, text, Language::of_tag(tag), Returned::of(request)).await
    }

    async fn opened(
        &self,
        request: &Request,
        text: &str,
        spoken: Option<&'static Language>,
        returned: Returned,
    ) -> Result<Reply, Problem> {
        let Some((id, held)) = self.session(text).await? else {
            return Ok(self.notice(request, StatusCode::NOT_FOUND, "page.link_unknown"));
        };
        let session = held.record;
        let language = spoken.unwrap_or_else(|| language(Some(&session), request));
        // A code that came back is worth more than the reasons not to begin.
        if returned.code.is_none()
            && let Some(closed) = self.closed(&session).await?
        {
            return Ok(self.document(language, closed.status(), &closed.markup(language), None));
        }
        let launch = self.launch(request, &id, &session, language, returned).await?;
        Ok(self.document(language, StatusCode::OK, "", Some(&launch)))
    }

    /// Why a session that has brought nothing yet cannot be launched, if it cannot.
    pub(crate) async fn closed(&self, session: &Session) -> Result<Option<Closed>, Problem> {
        if session.onboarding().is_some() {
            return Ok(None);
        }
        if clock::now() >= session.expires_at {
            return Ok(Some(Closed::Expired));
        }
        // Who is connected already may connect again.
        if self.paused().await? && self.known_portfolio(session).await?.is_none() {
            return Ok(Some(Closed::Paused));
        }
        Ok(self.held_until(session).await?.map(Closed::HeldBack))
    }

    fn notice(&self, request: &Request, status: StatusCode, key: &str) -> Reply {
        let language = language(None, request);
        self.document(language, status, &escaped(language.text(key).unwrap_or_default()), None)
    }

    fn document(
        &self,
        language: &'static Language,
        status: StatusCode,
        notice: &str,
        launch: Option<&Launch<'_>>,
    ) -> Reply {
        let nonce = STANDARD.encode(rand::random::<[u8; 16]>());
        // `<` would end the script element that holds the JSON.
        let config = serde_json::to_string(&launch).unwrap_or_default().replace('<', "\\u003c");
        let text = |key| escaped(language.text(key).unwrap_or_default());
        let html = PAGE
            .replace("{{nonce}}", &nonce)
            .replace("{{lang}}", language.tag)
            .replace("{{dir}}", language.direction.as_str())
            .replace("{{title}}", &text("page.title"))
            .replace("{{intro}}", &text("page.intro"))
            .replace("{{no_script}}", &text("page.no_script"))
            .replace("{{style}}", STYLE)
            .replace("{{notice}}", notice)
            .replace("{{script}}", SCRIPT)
            // Last: what a platform sent is not looked through for places.
            .replace("{{config}}", &config);
        let mut page = reply(status, "text/html; charset=utf-8", html);
        if let Ok(policy) = HeaderValue::from_str(&self.policy(&nonce)) {
            page.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        page.headers_mut().insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(language.tag));
        // Meta's popup needs its opener; nobody else gets one.
        let opener = HeaderName::from_static("cross-origin-opener-policy");
        page.headers_mut().insert(opener, HeaderValue::from_static("same-origin-allow-popups"));
        page.headers_mut().insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
        page
    }

    fn policy(&self, nonce: &str) -> String {
        let (sdk, popups) = (&self.sdk_origin, self.popup_origins.join(" "));
        format!(
            "default-src 'none'; script-src 'nonce-{nonce}' {sdk}; style-src 'nonce-{nonce}'; connect-src 'self' {sdk} {popups}; \
             img-src 'self' data:; frame-src {sdk} {popups}; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
        )
    }

    pub(crate) async fn paused(&self) -> Result<bool, Problem> {
        let paused = self.store.signups_paused().await.map_err(|error| super::unavailable(&error))?;
        Ok(paused.is_some())
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}
