//! The platform's identity provider: an OpenID issuer with one key, whose tokens `/v1/*` accepts.

use axum::extract::{Form, Query, State};
use axum::http::header::ACCESS_CONTROL_ALLOW_ORIGIN;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use rsa::pkcs1::EncodeRsaPrivateKey;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The smallest key RS256 allows (RFC 7518, section 3.3).
const KEY_BITS: usize = 2048;
/// Name of the key.
const KEY_ID: &str = "local";

/// Why there is no issuer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum IssuerError {
    #[error("make a key: {0}")]
    Key(#[from] rsa::Error),
    #[error("encode a key: {0}")]
    Encode(#[from] rsa::pkcs1::Error),
    #[error("sign a token: {0}")]
    Token(#[from] jsonwebtoken::errors::Error),
}

/// Life of an operator's token.
const LOGIN_LIFE: Duration = Duration::from_secs(3600);

/// An issuer at an address.
#[derive(Clone)]
pub(crate) struct Issuer {
    url: String,
    key: EncodingKey,
    keys: JwkSet,
}

/// Operators who log in: what each code was given for.
struct Logins {
    issuer: Issuer,
    audience: String,
    codes: Mutex<BTreeMap<String, Login>>,
}

/// A login that was asked for (RFC 6749 and RFC 7636).
#[derive(Clone, Deserialize)]
struct Login {
    client_id: String,
    redirect_uri: String,
    response_type: String,
    state: String,
    code_challenge: String,
    code_challenge_method: String,
}

/// A code that comes back for a token.
#[derive(Deserialize)]
struct Exchange {
    grant_type: String,
    code: String,
    client_id: String,
    redirect_uri: String,
    code_verifier: String,
}

impl Issuer {
    pub(crate) fn new(url: &str) -> Result<Self, IssuerError> {
        let key = rsa::RsaPrivateKey::new(&mut rsa::rand_core::OsRng, KEY_BITS)?;
        let key = EncodingKey::from_rsa_der(key.to_pkcs1_der()?.as_bytes());
        let mut public = Jwk::from_encoding_key(&key, Algorithm::RS256)?;
        public.common.key_id = Some(KEY_ID.to_owned());
        Ok(Self { url: url.to_owned(), key, keys: JwkSet { keys: vec![public] } })
    }

    /// What API Gateway fetches, and where operators log in.
    pub(crate) fn router(self, audience: &str) -> Router {
        let configuration: Value = json!({
            "issuer": self.url,
            "jwks_uri": format!("{}/jwks", self.url),
            "authorization_endpoint": format!("{}/authorize", self.url),
            "token_endpoint": format!("{}/token", self.url),
            "code_challenge_methods_supported": ["S256"],
        });
        let keys = self.keys.clone();
        let logins = Logins { issuer: self, audience: audience.to_owned(), codes: Mutex::default() };
        Router::new()
            .route("/.well-known/openid-configuration", get(async move || Json(configuration)))
            .route("/jwks", get(async move || Json(keys)))
            .route("/authorize", get(authorize))
            .route("/token", post(token))
            .with_state(Arc::new(logins))
    }

    /// A token of the platform's back end.
    pub(crate) fn token(&self, audience: &str, life: Duration) -> Result<String, IssuerError> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let claims = json!({
            "iss": self.url,
            "aud": audience,
            "sub": "platform",
            "iat": now.as_secs(),
            "exp": (now + life).as_secs(),
        });
        let mut header = Header::new(Algorithm::RS256);
        header.kid = Some(KEY_ID.to_owned());
        Ok(jsonwebtoken::encode(&header, &claims, &self.key)?)
    }
}

impl Login {
    /// Codes go to this machine only.
    fn is_plausible(&self) -> bool {
        let local = url::Url::parse(&self.redirect_uri).is_ok_and(|uri| {
            let here = matches!(uri.host_str(), Some("localhost" | "127.0.0.1"));
            here && uri.scheme() == "http" && uri.username().is_empty() && uri.password().is_none()
        });
        local && self.response_type == "code" && self.code_challenge_method == "S256" && !self.client_id.is_empty()
    }
}

/// Everybody on this machine is an operator: one click instead of a password.
async fn authorize(State(logins): State<Arc<Logins>>, Query(login): Query<Login>) -> Response {
    if !login.is_plausible() {
        return (StatusCode::BAD_REQUEST, "not a login of this stack's console").into_response();
    }
    let code = URL_SAFE_NO_PAD.encode(rand::random::<[u8; 16]>());
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("code", &code)
        .append_pair("state", &login.state)
        .finish();
    let target = format!("{}?{query}", login.redirect_uri);
    logins.codes.lock().unwrap_or_else(PoisonError::into_inner).insert(code, login);
    let target = target.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;");
    Html(LOGIN.replace("{{target}}", &target)).into_response()
}

const LOGIN: &str = include_str!("issuer/login.html");

async fn token(State(logins): State<Arc<Logins>>, Form(exchange): Form<Exchange>) -> Response {
    let login = logins.codes.lock().unwrap_or_else(PoisonError::into_inner).remove(&exchange.code);
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&exchange.code_verifier));
    let fits = login.is_some_and(|login| {
        login.code_challenge == challenge
            && login.client_id == exchange.client_id
            && login.redirect_uri == exchange.redirect_uri
            && exchange.grant_type == "authorization_code"
    });
    let granted = logins.issuer.token(&logins.audience, LOGIN_LIFE).ok().filter(|_| fits);
    let (status, body) = match granted {
        Some(token) => (
            StatusCode::OK,
            json!({ "access_token": token, "token_type": "Bearer", "expires_in": LOGIN_LIFE.as_secs() }),
        ),
        None => (StatusCode::BAD_REQUEST, json!({ "error": "invalid_grant" })),
    };
    (status, [(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"))], Json(body)).into_response()
}
