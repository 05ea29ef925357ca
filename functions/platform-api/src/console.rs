//! `/console`: the operators' page. The page itself contains no data: operators log in at the platform's issuer, and
//! the data comes from `/v1/*` with their token. The signup page, which runs a script of Meta's, has the same origin:
//! the token is only in the memory of this page, and the headers below prevent the signup page from accessing it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde_json::json;
use shared::config::parse_base;
use shared::domain::language;
use shared::http::problem::Problem;
use shared::http::{Reply, Request, reply};
use shared::wiring::Wiring;

const PAGE: &str = include_str!("../console/index.html");

macro_rules! files {
    ($($name:literal)*) => { &[$(($name, include_str!(concat!("../console/", $name)))),*] };
}

/// The files that the page loads.
const FILES: &[(&str, &str)] = files! {
    "addresses.js" "api.js" "bubble.js" "components.js" "composer-fields.js" "composer-media.js" "composer.js" "composition.js" "config.js" "console.css" "dialog.js" "doctor.js" "dom.js" "fields.js" "forecast.js" "funnel.js" "gauge.js" "icons.js" "labels.js" "main.js" "messages.js" "morph.js" "move-code.js" "move-stages.js" "move.js" "moves.js" "onboarding-actions.js" "onboarding.js" "onboardings.js" "overview.js" "page.js" "pipeline.js" "pkce.js" "queues.js" "reception.js" "rights.js" "router.js" "session.js" "shell.js" "signup-link.js" "sparkline.js" "template-actions.js" "templates.js" "timeline.js" "times.js" "toast.js"
};

/// Browsers revalidate after five minutes, so that everybody soon gets a new version.
const RETENTION: HeaderValue = HeaderValue::from_static("public, max-age=300");

/// Sent with the page and its files. A page of the same origin that opens the console gets no handle of its window
/// (`Opener`), other origins cannot embed it, and it uses no device features.
const ISOLATED: [(HeaderName, HeaderValue); 3] = [
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static("camera=(), microphone=(), geolocation=(), payment=(), usb=(), clipboard-read=()"),
    ),
];

/// Where operators log in (OAuth 2.0 with PKCE).
#[derive(Clone)]
pub(crate) struct Login {
    client_id: String,
    scope: String,
    audience: String,
    authorization_endpoint: String,
    token_endpoint: String,
    /// Origin of the token endpoint, for the page's content security policy.
    token_origin: String,
}

/// Reads `CONSOLE_CLIENT_ID`, `CONSOLE_AUTHORIZATION_ENDPOINT` and `CONSOLE_TOKEN_ENDPOINT`; without the first, the
/// console is disabled.
pub(crate) fn read(wiring: &mut Wiring<'_>) -> Option<Option<Login>> {
    let client_id = wiring.optional("CONSOLE_CLIENT_ID", |id| Some(id.to_owned()));
    let Some(client_id) = client_id else { return Some(None) };
    let authorization = wiring.parsed("CONSOLE_AUTHORIZATION_ENDPOINT", parse_base)?;
    let token = wiring.parsed("CONSOLE_TOKEN_ENDPOINT", parse_base)?;
    Some(Some(Login {
        client_id,
        scope: wiring.required("CONSOLE_SCOPE"),
        audience: wiring.required("JWT_AUDIENCE"),
        authorization_endpoint: authorization.to_string(),
        token_origin: token.origin().ascii_serialization(),
        token_endpoint: token.to_string(),
    }))
}

/// The page, or one of its files.
///
/// # Errors
/// 404 without a login, for unknown files, and for service worker scripts: a service worker of the signup page could
/// observe all requests of the console.
pub(crate) fn serve(login: Option<&Login>, request: &Request, file: &[&str]) -> Result<Reply, Problem> {
    let login = login.filter(|_| request.header("service-worker").is_none()).ok_or(Problem::not_found())?;
    let mut reply = match file {
        [] => page(login),
        [name] => read_file(name)?,
        _ => return Err(Problem::not_found()),
    };
    reply.headers_mut().extend(ISOLATED);
    Ok(reply)
}

fn read_file(name: &str) -> Result<Reply, Problem> {
    let (_, content) = FILES.iter().find(|(known, _)| *known == name).ok_or(Problem::not_found())?;
    let kind = match name.rsplit_once('.') {
        Some((_, "css")) => "text/css; charset=utf-8",
        _ => "text/javascript; charset=utf-8",
    };
    let mut reply = reply(StatusCode::OK, kind, (*content).to_owned());
    reply.headers_mut().insert(header::CACHE_CONTROL, RETENTION);
    Ok(reply)
}

fn page(login: &Login) -> Reply {
    let config = json!({
        "client_id": login.client_id,
        "authorization_endpoint": login.authorization_endpoint,
        "token_endpoint": login.token_endpoint,
        "scope": login.scope,
        "audience": login.audience,
        "signup_languages": language::TAGS,
    });
    let nonce = STANDARD.encode(rand::random::<[u8; 16]>());
    // `<` would end the script element that holds the JSON.
    let html = PAGE.replace("{{nonce}}", &nonce).replace("{{config}}", &config.to_string().replace('<', "\\u003c"));
    let policy = format!(
        "default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self'; img-src 'self' data:; connect-src 'self' {}; \
         worker-src 'none'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; \
         trusted-types 'none'",
        login.token_origin
    );
    let mut page = reply(StatusCode::OK, "text/html; charset=utf-8", html);
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        page.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    page.headers_mut().insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_page_is_served() {
        let directory = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("console");
        let names =
            std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.filter(|name| name != "index.html").collect();
        names.sort_unstable();
        assert_eq!(FILES.iter().map(|(name, _)| *name).collect::<Vec<_>>(), names);
    }
}
