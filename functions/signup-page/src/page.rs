//! The page itself: one HTML document with its script and style inline; its content security policy blocks everything
//! else.

use super::App;
use super::launch::{Launch, Returned};
use super::standing::{Closed, Standing};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderName, HeaderValue, StatusCode, header};
use shared::domain::ids::SessionId;
use shared::domain::language::{ENGLISH, Language};
use shared::domain::session::{BrowserValue, Session};
use shared::http::problem::Problem;
use shared::http::{Reply, Request, cookie, reply};
use std::time::Duration;

const PAGE: &str = include_str!("../assets/page.html");
const PAGE_SCRIPT: &str = include_str!("../assets/page.js");
const STYLE: &str = concat!(include_str!("../assets/page.css"), include_str!("../assets/connect.css"));

/// The script that renders a signup, for our page and for the platform's pages: one file per purpose, in one scope.
pub(crate) const CONNECT: &str = concat!(
    include_str!("../assets/connect/errors.js"),
    include_str!("../assets/connect/server.js"),
    include_str!("../assets/connect/view.js"),
    include_str!("../assets/connect/window.js"),
    include_str!("../assets/connect/signup.js"),
);

/// How long a browser is recognised: as long as the longest-lived link.
const BROWSER_LIFE: Duration = Duration::from_secs(24 * 3600);

/// The language shown to a customer: the session's, else the URL's, else the browser's.
pub(crate) fn language(session: Option<&Session>, request: &Request) -> &'static Language {
    let ordered = session.and_then(|session| session.locale.as_deref()).and_then(Language::of_tag);
    let asked = || request.parameter("locale").and_then(|tag| Language::of_tag(&tag));
    let liked = || request.header("accept-language").and_then(Language::accepted);
    ordered.or_else(asked).or_else(liked).unwrap_or(&ENGLISH)
}

impl App {
    pub(crate) async fn page(&self, request: &Request) -> Result<Reply, Problem> {
        let Some(text) = request.parameter("session") else {
            return Ok(self.notice(request, StatusCode::BAD_REQUEST, "page.link_incomplete"));
        };
        let Some((id, held)) = self.session(&text).await? else {
            return Ok(self.notice(request, StatusCode::NOT_FOUND, "page.link_unknown"));
        };
        let language = language(Some(&held.record), request);
        self.shown(request, (&id, &held.record), language, Returned::default()).await
    }

    /// The page of a session, with the parameters of a full-page redirect.
    pub(crate) async fn shown(
        &self,
        request: &Request,
        (id, session): (&SessionId, &Session),
        language: &'static Language,
        returned: Returned,
    ) -> Result<Reply, Problem> {
        let standing = self.standing(session).await?;
        // A code that was returned takes precedence over reasons not to begin.
        if returned.state.is_none()
            && let Standing::Closed(closed) = &standing
        {
            let notice = markup(closed, language) + &help(session, language);
            return Ok(self.document(language, closed.status(), &notice, None));
        }
        let can_start = standing.refusal(session).is_none();
        let launch = self.launch(request, (id, session), can_start, language, returned).await?;
        let mut page = self.document(language, StatusCode::OK, "", Some(&launch));
        let known = cookie::read(request, cookie::BROWSER).and_then(BrowserValue::parse);
        let browser = known.unwrap_or_else(|| BrowserValue::from_random(rand::random()));
        cookie::set(&mut page, cookie::BROWSER, browser.as_str(), BROWSER_LIFE);
        Ok(page)
    }

    /// A full-page redirect that was used before, or that is older than the latest launch, in the browser that uses the
    /// link.
    pub(crate) fn stale(&self, language: &'static Language, again: &str) -> Reply {
        let text = |key| escaped(language.text(key).unwrap_or_default());
        let link = format!("<a class=\"here\" href=\"../{}\">{}</a>", escaped(again), text("page.open_again"));
        let notice = format!("{} {link}", text("page.return_used"));
        self.document(language, StatusCode::CONFLICT, &notice, None)
    }

    pub(crate) fn notice(&self, request: &Request, status: StatusCode, key: &str) -> Reply {
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
        // `<` could close the script element that contains the JSON.
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
            .replace("{{script}}", &format!("(() => {{\n{CONNECT}\n{PAGE_SCRIPT}\n}})();"))
            // Replaced last and one at a time, so that text of the platform's is not searched for placeholders.
            .replace("{{notice}}", notice)
            .replace("{{config}}", &config);
        let mut page = reply(status, "text/html; charset=utf-8", html);
        if let Ok(policy) = HeaderValue::from_str(&self.policy(&nonce, language)) {
            page.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        page.headers_mut().insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(language.tag));
        let name = HeaderName::from_static;
        // Meta's popup needs its opener; other windows get none.
        page.headers_mut()
            .insert(name("cross-origin-opener-policy"), HeaderValue::from_static("same-origin-allow-popups"));
        page.headers_mut().insert(name("permissions-policy"), HeaderValue::from_static(PERMISSIONS));
        page.headers_mut().insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
        page
    }

    /// Scripts: ours by its nonce, and Meta's by its one URL. `strict-dynamic` would let Meta's script load others from
    /// anywhere; with a list of one URL it can only load itself again, which it does.
    fn policy(&self, nonce: &str, language: &Language) -> String {
        let (sdk, popups) = (self.sdk_url(language), self.popup_origins.join(" "));
        format!(
            "default-src 'none'; script-src 'nonce-{nonce}' {sdk}; style-src 'nonce-{nonce}'; connect-src 'self' {popups}; \
             img-src data:; frame-src {popups}; object-src 'none'; form-action 'none'; base-uri 'none'; \
             frame-ancestors 'none'"
        )
    }
}

/// Device features that this page does not need are disabled for Meta's script too.
const PERMISSIONS: &str = "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), \
                           magnetometer=(), microphone=(), midi=(), payment=(), usb=()";

/// Why nobody can begin, with times that the page formats in its language.
fn markup(closed: &Closed, language: &'static Language) -> String {
    let sentence = escaped(&closed.sentence(language));
    let Closed::HeldBack(until) = closed else { return sentence };
    let until = until.to_rfc3339();
    let day = until.split('T').next().unwrap_or_default();
    sentence.replace(day, &format!("<time datetime=\"{until}\">{day}</time>"))
}

/// The help link that the platform set.
fn help(session: &Session, language: &'static Language) -> String {
    let text = escaped(language.text("page.help").unwrap_or_default());
    let link = |url: &String| format!(" <a class=\"here\" rel=\"noreferrer\" href=\"{}\">{text}</a>", escaped(url));
    session.help_url.as_ref().map(link).unwrap_or_default()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}
