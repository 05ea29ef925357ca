//! An issuer's signing keys: fetched for an unknown key id, at most once every half minute.

use crate::client::Client;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, JwkSet};
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// Shortest modulus (RFC 7518, section 3.3).
const SHORTEST_KEY_BITS: usize = 2048;
/// Minimum time between two fetches for unknown key ids.
const PAUSE: Duration = Duration::from_secs(30);
/// Minimum time after a failed fetch.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(1);

/// The keys of one issuer.
pub(super) struct Keys {
    issuer: String,
    client: Client,
    known: Mutex<Known>,
}

struct Known {
    keys: JwkSet,
    /// No fetch before this time.
    next: Option<Instant>,
}

impl Keys {
    pub(super) fn of(issuer: &str, client: Client) -> Self {
        let known = Mutex::new(Known { keys: JwkSet { keys: Vec::new() }, next: None });
        Self { issuer: issuer.to_owned(), client, known }
    }

    /// A key by its id. One request fetches; concurrent requests wait for it.
    pub(super) async fn find(&self, id: &str) -> Option<DecodingKey> {
        let mut known = self.known.lock().await;
        if known.keys.find(id).is_none() && known.next.is_none_or(|next| next <= Instant::now()) {
            let fetched = self.fetch().await;
            let pause = if fetched.is_some() { PAUSE } else { PAUSE_AFTER_FAILURE };
            known.next = Some(Instant::now() + pause);
            known.keys = fetched.unwrap_or_else(|| known.keys.clone());
        }
        let key = known.keys.find(id).filter(|key| is_strong(key))?;
        DecodingKey::from_jwk(key).ok()
    }

    async fn fetch(&self) -> Option<JwkSet> {
        let address = format!("{}/.well-known/openid-configuration", self.issuer.trim_end_matches('/'));
        let configuration = self.client.get(&address, &[]).await.ok()?.json();
        let keys = self.client.get(configuration.get("jwks_uri")?.as_str()?, &[]).await.ok()?;
        serde_json::from_slice(&keys.body).ok()
    }
}

fn is_strong(key: &Jwk) -> bool {
    let AlgorithmParameters::RSA(parameters) = &key.algorithm else { return false };
    let modulus = URL_SAFE_NO_PAD.decode(&parameters.n).unwrap_or_default();
    let leading = modulus.iter().take_while(|byte| **byte == 0).count();
    let first = modulus.get(leading).map_or(8, |byte| byte.leading_zeros() as usize);
    (modulus.len() - leading) * 8 >= SHORTEST_KEY_BITS + first
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::get;
    use serde_json::json;

    fn named(id: &str, modulus: &[u8]) -> Jwk {
        let n = URL_SAFE_NO_PAD.encode(modulus);
        serde_json::from_value(json!({ "kty": "RSA", "kid": id, "n": n, "e": "AQAB" })).unwrap()
    }

    fn key(modulus: &[u8]) -> Jwk {
        named("k", modulus)
    }

    #[tokio::test]
    async fn a_short_key_of_the_issuers_is_not_used() {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let configuration = json!({ "jwks_uri": format!("{url}/jwks") });
        let set = JwkSet { keys: vec![named("long", &[0x80; 256]), named("short", &[0x80; 128])] };
        let router = axum::Router::new()
            .route("/.well-known/openid-configuration", get(async move || axum::Json(configuration)))
            .route("/jwks", get(async move || axum::Json(set)));
        tokio::spawn(axum::serve(listener, router).into_future());
        let keys = Keys::of(&url, Client::new().unwrap());
        assert!(keys.find("long").await.is_some() && keys.find("short").await.is_none());
    }

    #[test]
    fn a_short_key_is_refused() {
        assert!(is_strong(&key(&[0x80; 256])));
        let padded: Vec<u8> = [0; 128].into_iter().chain([0x80; 128]).collect();
        for short in [&[0x80; 128][..], &[0x7f; 256], &padded, &[]] {
            assert!(!is_strong(&key(short)), "{}", short.len());
        }
        let curve = json!({ "kty": "EC", "kid": "k", "crv": "P-256", "x": "AA", "y": "AA" });
        assert!(!is_strong(&serde_json::from_value(curve).unwrap()));
    }
}
