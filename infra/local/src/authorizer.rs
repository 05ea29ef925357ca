//! The JWT authorizer of an HTTP API (AWS: "Control access to HTTP APIs with JWT authorizers").

use crate::client::Client;
use crate::stack::StackError;
use crate::template::{TemplateError, object, unknown};
use axum::http::HeaderMap;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::Value;
use tokio::sync::RwLock;

/// The algorithms API Gateway takes.
const ALGORITHMS: [Algorithm; 3] = [Algorithm::RS256, Algorithm::RS384, Algorithm::RS512];

/// One authorizer and the keys it has fetched.
pub(crate) struct Authorizer {
    issuer: String,
    audience: Vec<String>,
    client: Client,
    keys: RwLock<JwkSet>,
}

impl Authorizer {
    /// Reads the default authorizer of an API's `Auth`, evaluated.
    pub(crate) fn default_of(place: &str, auth: &Value) -> Result<Option<Self>, StackError> {
        let known = ["DefaultAuthorizer", "Authorizers"];
        if let Some(key) = object(auth, place)?.keys().find(|key| !known.contains(&key.as_str())) {
            return Err(unknown(place, format!("property {key}")).into());
        }
        let Some(name) = auth.get("DefaultAuthorizer").and_then(Value::as_str) else { return Ok(None) };
        let written = auth.get("Authorizers").and_then(|all| all.get(name));
        let written = written.ok_or_else(|| unknown(place, format!("the authorizer {name}")))?;
        Ok(Some(Self::read(place, written, Client::new()?)?))
    }

    /// Reads `Auth.Authorizers.<name>`, evaluated.
    fn read(place: &str, written: &Value, client: Client) -> Result<Self, TemplateError> {
        for key in object(written, place)?.keys() {
            if !["IdentitySource", "JwtConfiguration"].contains(&key.as_str()) {
                return Err(unknown(place, format!("property {key}")));
            }
        }
        let source = written.get("IdentitySource").and_then(Value::as_str);
        if source != Some("$request.header.Authorization") {
            return Err(unknown(place, "an IdentitySource other than $request.header.Authorization"));
        }
        let configuration = written.get("JwtConfiguration").unwrap_or(&Value::Null);
        let issuer = configuration.get("issuer").and_then(Value::as_str);
        let audience = configuration.get("audience").and_then(Value::as_array).into_iter().flatten();
        Ok(Self {
            issuer: issuer.ok_or_else(|| TemplateError::at(place, "has no issuer"))?.to_owned(),
            audience: audience.filter_map(Value::as_str).map(str::to_owned).collect(),
            client,
            keys: RwLock::new(JwkSet { keys: Vec::new() }),
        })
    }

    /// The claims of the request's token, or nothing: every refusal is the same 401.
    pub(crate) async fn claims(&self, headers: &HeaderMap) -> Option<Value> {
        let value = headers.get("authorization")?.to_str().ok()?;
        let (scheme, token) = value.split_once(' ').unwrap_or(("Bearer", value));
        if !scheme.eq_ignore_ascii_case("bearer") {
            return None;
        }
        let header = jsonwebtoken::decode_header(token).ok()?;
        if !ALGORITHMS.contains(&header.alg) {
            return None;
        }
        let key = self.key(header.kid.as_deref()?).await?;
        let mut validation = Validation::new(header.alg);
        validation.leeway = 0;
        validation.validate_nbf = true;
        validation.set_issuer(&[&self.issuer]);
        // `client_id` stands for a missing `aud`, as Cognito's access tokens have it; checked below.
        validation.validate_aud = false;
        validation.set_required_spec_claims(&["exp", "iss"]);
        let claims = jsonwebtoken::decode::<Value>(token, &key, &validation).ok()?.claims;
        self.is_for_us(&claims).then_some(claims)
    }

    fn is_for_us(&self, claims: &Value) -> bool {
        let ours = |value: &Value| value.as_str().is_some_and(|value| self.audience.iter().any(|own| own == value));
        match claims.get("aud") {
            Some(Value::Array(values)) => values.iter().any(ours),
            Some(value) => ours(value),
            None => claims.get("client_id").is_some_and(ours),
        }
    }

    /// A key by its name; one that is new makes the set be fetched again.
    async fn key(&self, id: &str) -> Option<DecodingKey> {
        let known = self.keys.read().await.find(id).cloned();
        let key = match known {
            Some(key) => key,
            None => {
                let fetched = self.fetch().await?;
                let key = fetched.find(id).cloned();
                *self.keys.write().await = fetched;
                key?
            }
        };
        DecodingKey::from_jwk(&key).ok()
    }

    async fn fetch(&self) -> Option<JwkSet> {
        let address = format!("{}/.well-known/openid-configuration", self.issuer.trim_end_matches('/'));
        let configuration = self.client.get(&address, &[]).await.ok()?.json();
        let keys = self.client.get(configuration.get("jwks_uri")?.as_str()?, &[]).await.ok()?;
        serde_json::from_slice(&keys.body).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issuer::Issuer;
    use axum::http::HeaderValue;
    use serde_json::json;
    use std::time::Duration;

    async fn issuer() -> (Issuer, String) {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let issuer = Issuer::new(&url).unwrap();
        tokio::spawn(axum::serve(listener, issuer.clone().router("ours")).into_future());
        (issuer, url)
    }

    fn authorizer(issuer: &str) -> Authorizer {
        let written = json!({
            "IdentitySource": "$request.header.Authorization",
            "JwtConfiguration": { "issuer": issuer, "audience": ["ours"] },
        });
        Authorizer::read("Auth", &written, Client::new().unwrap()).unwrap()
    }

    fn bearing(value: &str) -> HeaderMap {
        HeaderMap::from_iter([("authorization".parse().unwrap(), HeaderValue::from_str(value).unwrap())])
    }

    #[tokio::test]
    async fn only_a_fresh_token_of_the_issuer_for_this_audience_is_accepted() {
        let (issuer, url) = issuer().await;
        let authorizer = authorizer(&url);
        let good = issuer.token("ours", Duration::from_secs(60)).unwrap();
        let claims = authorizer.claims(&bearing(&format!("Bearer {good}"))).await.unwrap();
        assert_eq!(claims["sub"], "platform");
        let stranger = Issuer::new(&url).unwrap().token("ours", Duration::from_secs(60)).unwrap();
        let other_audience = issuer.token("theirs", Duration::from_secs(60)).unwrap();
        for bad in [
            format!("Basic {good}"),
            format!("Bearer {stranger}"),
            format!("Bearer {other_audience}"),
            format!("Bearer {good}x"),
            "Bearer eyJhbGciOiJub25lIn0.e30.".to_owned(),
            String::new(),
        ] {
            assert!(authorizer.claims(&bearing(&bad)).await.is_none(), "{bad}");
        }
        assert!(authorizer.claims(&HeaderMap::new()).await.is_none());
    }
}
