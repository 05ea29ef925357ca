//! Console login: authorization code with PKCE (RFC 6749, RFC 7636). Anyone on this machine may choose a role. A cookie
//! remembers the choice, like an issuer's session, so that the next login is silent.

use super::{Issuer, TokenPolicy};
use axum::Json;
use axum::extract::{Form, Path, Query, State};
use axum::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, COOKIE, LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Lifetime of a person's token.
const LOGIN_LIFE: Duration = Duration::from_secs(3600);
/// The issuer's session. Cookies ignore ports, so the path separates it from the API's pages.
const COOKIE_NAME: &str = "local_issuer_role";
const PAGE: &str = include_str!("login.html");

/// Pending logins: what each code was issued for.
pub(super) struct Logins {
    pub(super) issuer: Issuer,
    pub(super) policy: TokenPolicy,
    codes: Mutex<BTreeMap<String, (Login, Value)>>,
}

/// An authorization request.
#[derive(Clone, Deserialize, Serialize)]
pub(super) struct Login {
    client_id: String,
    redirect_uri: String,
    response_type: String,
    state: String,
    code_challenge: String,
    code_challenge_method: String,
    #[serde(default)]
    scope: String,
    /// `login`: prompt the person again (OpenID Connect Core, section 3.1.2.1).
    #[serde(default, skip_serializing)]
    prompt: String,
}

/// A token request.
#[derive(Deserialize)]
pub(super) struct Exchange {
    grant_type: String,
    code: String,
    client_id: String,
    redirect_uri: String,
    code_verifier: String,
}

impl Logins {
    pub(super) fn new(issuer: Issuer, policy: TokenPolicy) -> Self {
        Self { issuer, policy, codes: Mutex::default() }
    }

    /// Redirects the browser back with a code for a token of this role.
    fn admit(&self, login: Login, role: &str) -> Response {
        let claims = self.policy.of_person(role, &login.client_id, &login.scope);
        let Some(claims) = claims.filter(|_| login.is_plausible()) else { return implausible() };
        let code = URL_SAFE_NO_PAD.encode(rand::random::<[u8; 16]>());
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("code", &code)
            .append_pair("state", &login.state)
            .finish();
        let target = format!("{}?{query}", login.redirect_uri);
        self.codes.lock().unwrap_or_else(PoisonError::into_inner).insert(code, (login, claims));
        let session = format!("{COOKIE_NAME}={role}; HttpOnly; SameSite=Lax; Path=/authorize");
        (StatusCode::SEE_OTHER, [(LOCATION, target), (SET_COOKIE, session)]).into_response()
    }
}

impl Login {
    /// Codes are sent to this machine only.
    fn is_plausible(&self) -> bool {
        let local = url::Url::parse(&self.redirect_uri).is_ok_and(|uri| {
            let here = matches!(uri.host_str(), Some("localhost" | "127.0.0.1"));
            here && uri.scheme() == "http" && uri.username().is_empty() && uri.password().is_none()
        });
        local && self.response_type == "code" && self.code_challenge_method == "S256" && !self.client_id.is_empty()
    }
}

fn implausible() -> Response {
    (StatusCode::BAD_REQUEST, "not a login of this stack's console").into_response()
}

/// Redirects at once if a role was chosen before; otherwise shows the choice.
pub(super) async fn authorize(
    State(logins): State<Arc<Logins>>,
    Query(login): Query<Login>,
    headers: HeaderMap,
) -> Response {
    if !login.is_plausible() {
        return implausible();
    }
    if let Some(role) = remembered(&headers).filter(|_| login.prompt != "login") {
        return logins.admit(login, role);
    }
    let query = query(&login).replace('&', "&amp;");
    let links = TokenPolicy::roles().fold(String::new(), |mut links, role| {
        links.push_str(&format!("<p><a href=\"/authorize/as/{role}?{query}\">Log in as {role}</a></p>"));
        links
    });
    Html(PAGE.replace("{{links}}", &links)).into_response()
}

/// The choice of a role.
pub(super) async fn authorize_as(
    State(logins): State<Arc<Logins>>,
    Path(role): Path<String>,
    Query(login): Query<Login>,
) -> Response {
    logins.admit(login, &role)
}

fn remembered(headers: &HeaderMap) -> Option<&'static str> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut cookies = lines.flat_map(|line| line.split(';')).filter_map(|cookie| cookie.trim().split_once('='));
    let role = cookies.find(|(name, _)| *name == COOKIE_NAME).map(|(_, role)| role)?;
    TokenPolicy::roles().find(|known| *known == role)
}

fn query(login: &Login) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in json!(login).as_object().into_iter().flatten() {
        query.append_pair(name, value.as_str().unwrap_or_default());
    }
    query.finish()
}

pub(super) async fn token(State(logins): State<Arc<Logins>>, Form(exchange): Form<Exchange>) -> Response {
    let login = logins.codes.lock().unwrap_or_else(PoisonError::into_inner).remove(&exchange.code);
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&exchange.code_verifier));
    let fits = login.filter(|(login, _)| {
        login.code_challenge == challenge
            && login.client_id == exchange.client_id
            && login.redirect_uri == exchange.redirect_uri
            && exchange.grant_type == "authorization_code"
    });
    let granted = fits.and_then(|(_, claims)| {
        let token = logins.issuer.sign(&claims, LOGIN_LIFE).ok()?;
        let scope = claims.get("scope").cloned();
        Some(json!({ "access_token": token, "token_type": "Bearer", "expires_in": LOGIN_LIFE.as_secs(), "scope": scope }))
    });
    let (status, body) = match granted {
        Some(body) => (StatusCode::OK, body),
        None => (StatusCode::BAD_REQUEST, json!({ "error": "invalid_grant" })),
    };
    (status, [(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"))], Json(body)).into_response()
}
