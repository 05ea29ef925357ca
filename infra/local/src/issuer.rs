//! The platform's identity provider: an OpenID issuer with one key, whose tokens `/v1/*` accepts.

mod login;
mod policy;

pub(crate) use policy::TokenPolicy;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use login::Logins;
use rsa::pkcs1::EncodeRsaPrivateKey;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Smallest key size for RS256 (RFC 7518, section 3.3).
const KEY_BITS: usize = 2048;
/// Key id.
const KEY_ID: &str = "local";
/// Lifetime of a token issued on request.
const ORDERED_LIFE: Duration = Duration::from_secs(3600);

/// Why the issuer failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum IssuerError {
    #[error("failed to generate a key: {0}")]
    Key(#[from] rsa::Error),
    #[error("failed to encode a key: {0}")]
    Encode(#[from] rsa::pkcs1::Error),
    #[error("failed to sign a token: {0}")]
    Token(#[from] jsonwebtoken::errors::Error),
}

/// An issuer at an address.
#[derive(Clone)]
pub(crate) struct Issuer {
    url: String,
    key: EncodingKey,
    keys: JwkSet,
}

impl Issuer {
    pub(crate) fn new(url: &str) -> Result<Self, IssuerError> {
        let key = rsa::RsaPrivateKey::new(&mut rsa::rand_core::OsRng, KEY_BITS)?;
        let key = EncodingKey::from_rsa_der(key.to_pkcs1_der()?.as_bytes());
        let mut public = Jwk::from_encoding_key(&key, Algorithm::RS256)?;
        public.common.key_id = Some(KEY_ID.to_owned());
        Ok(Self { url: url.to_owned(), key, keys: JwkSet { keys: vec![public] } })
    }

    /// The endpoints API Gateway fetches, the login of operators, and `POST /_local/token`: a token whose body's claims
    /// override the platform's.
    pub(crate) fn router(self, policy: TokenPolicy) -> Router {
        let configuration: Value = json!({
            "issuer": self.url,
            "jwks_uri": format!("{}/jwks", self.url),
            "authorization_endpoint": format!("{}/authorize", self.url),
            "token_endpoint": format!("{}/token", self.url),
            "code_challenge_methods_supported": ["S256"],
        });
        let keys = self.keys.clone();
        Router::new()
            .route("/.well-known/openid-configuration", get(async move || Json(configuration)))
            .route("/jwks", get(async move || Json(keys)))
            .route("/authorize", get(login::authorize))
            .route("/authorize/as/{role}", get(login::authorize_as))
            .route("/token", post(login::token))
            .route("/_local/token", post(ordered))
            .with_state(Arc::new(Logins::new(self, policy)))
    }

    /// A token with these claims merged over `iss`, `iat` and `exp`; a `null` claim is left out.
    pub(crate) fn sign(&self, claims: &Value, life: Duration) -> Result<String, IssuerError> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let whole = json!({ "iss": self.url, "iat": now.as_secs(), "exp": (now + life).as_secs() });
        let mut header = Header::new(Algorithm::RS256);
        header.kid = Some(KEY_ID.to_owned());
        Ok(jsonwebtoken::encode(&header, &over(whole, claims), &self.key)?)
    }
}

fn over(mut below: Value, above: &Value) -> Value {
    if let (Some(below), Some(above)) = (below.as_object_mut(), above.as_object()) {
        below.extend(above.clone());
        below.retain(|_, value| !value.is_null());
    }
    below
}

async fn ordered(State(logins): State<Arc<Logins>>, Json(claims): Json<Value>) -> Response {
    let claims = over(logins.policy.of_platform(), &claims);
    match logins.issuer.sign(&claims, ORDERED_LIFE) {
        Ok(token) => Json(json!({ "access_token": token })).into_response(),
        Err(_) => StatusCode::BAD_REQUEST.into_response(),
    }
}
