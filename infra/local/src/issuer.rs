//! The platform's identity provider: an OpenID issuer with one key, whose tokens `/v1/*` accepts.

use axum::routing::get;
use axum::{Json, Router};
use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use rsa::pkcs1::EncodeRsaPrivateKey;
use serde_json::{Value, json};
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

/// An issuer at an address.
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

    /// What API Gateway fetches.
    pub(crate) fn router(&self) -> Router {
        let configuration: Value = json!({ "issuer": self.url, "jwks_uri": format!("{}/jwks", self.url) });
        let keys = self.keys.clone();
        Router::new()
            .route("/.well-known/openid-configuration", get(async move || Json(configuration)))
            .route("/jwks", get(async move || Json(keys)))
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
