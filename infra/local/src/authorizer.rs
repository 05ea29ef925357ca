//! The JWT authorizer of an HTTP API (AWS: "Control access to HTTP APIs with JWT authorizers").

mod keys;

use crate::client::Client;
use crate::error::StackError;
use crate::template::{TemplateError, object, unknown};
use axum::http::HeaderMap;
use jsonwebtoken::{Algorithm, Validation};
use keys::Keys;
use serde_json::Value;
use std::time::{SystemTime, UNIX_EPOCH};

/// Signature algorithms API Gateway accepts.
const ALGORITHMS: [Algorithm; 3] = [Algorithm::RS256, Algorithm::RS384, Algorithm::RS512];

/// Claims that list scopes.
const SCOPES: [&str; 2] = ["scope", "scp"];

/// An authorizer and the keys it has fetched.
pub(crate) struct Authorizer {
    issuer: String,
    audience: Vec<String>,
    /// Scopes for routes that declare none.
    scopes: Vec<String>,
    keys: Keys,
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
            if !["IdentitySource", "JwtConfiguration", "AuthorizationScopes"].contains(&key.as_str()) {
                return Err(unknown(place, format!("property {key}")));
            }
        }
        let source = written.get("IdentitySource").and_then(Value::as_str);
        if source != Some("$request.header.Authorization") {
            return Err(unknown(place, "an IdentitySource other than $request.header.Authorization"));
        }
        let configuration = written.get("JwtConfiguration").unwrap_or(&Value::Null);
        let issuer = configuration.get("issuer").and_then(Value::as_str);
        let issuer = issuer.ok_or_else(|| TemplateError::at(place, "has no issuer"))?;
        let texts = |list: Option<&Value>| -> Vec<String> {
            let items = list.and_then(Value::as_array).into_iter().flatten();
            items.filter_map(Value::as_str).map(str::to_owned).collect()
        };
        Ok(Self {
            issuer: issuer.to_owned(),
            audience: texts(configuration.get("audience")),
            scopes: texts(written.get("AuthorizationScopes")),
            keys: Keys::of(issuer, client),
        })
    }

    /// The claims of the request's token, or `None`: every refusal is the same 401.
    pub(crate) async fn claims(&self, headers: &HeaderMap) -> Option<Value> {
        let mut values = headers.get_all("authorization").iter();
        let value = values.next().filter(|_| values.next().is_none())?.to_str().ok()?;
        let (scheme, token) = value.split_once(' ').unwrap_or(("Bearer", value));
        if !scheme.eq_ignore_ascii_case("bearer") {
            return None;
        }
        let header = jsonwebtoken::decode_header(token).ok()?;
        if !ALGORITHMS.contains(&header.alg) {
            return None;
        }
        let key = self.keys.find(header.kid.as_deref()?).await?;
        let mut validation = Validation::new(header.alg);
        validation.leeway = 0;
        validation.validate_nbf = true;
        validation.set_issuer(&[&self.issuer]);
        // `client_id` replaces a missing `aud`, as in Cognito's access tokens; checked below.
        validation.validate_aud = false;
        validation.set_required_spec_claims(&["exp", "iss"]);
        let claims = jsonwebtoken::decode::<Value>(token, &key, &validation).ok()?.claims;
        (self.is_for_us(&claims) && is_issued(&claims)).then_some(claims)
    }

    /// Whether the claims contain one of the route's scopes, or one of the authorizer's if the route declares none.
    /// With no scopes at all, every accepted token is enough.
    pub(crate) fn permits(&self, claims: &Value, of_route: &[String]) -> bool {
        let wanted = self.wanted(of_route);
        let granted = granted(claims);
        wanted.is_empty() || wanted.iter().any(|scope| granted.contains(&scope.as_str()))
    }

    /// The scopes that a route asks for.
    pub(crate) fn wanted<'a>(&'a self, of_route: &'a [String]) -> &'a [String] {
        if of_route.is_empty() { &self.scopes } else { of_route }
    }

    fn is_for_us(&self, claims: &Value) -> bool {
        let ours = |value: &Value| value.as_str().is_some_and(|value| self.audience.iter().any(|own| own == value));
        match claims.get("aud") {
            Some(Value::Array(values)) => values.iter().any(ours),
            Some(value) => ours(value),
            None => claims.get("client_id").is_some_and(ours),
        }
    }
}

/// A space-separated string of names, or a list of them.
fn granted(claims: &Value) -> Vec<&str> {
    let held = SCOPES.into_iter().filter_map(|name| claims.get(name));
    held.flat_map(|held| match held {
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
        Value::String(names) => names.split_whitespace().collect(),
        _ => Vec::new(),
    })
    .collect()
}

/// `iat`, if present, is not in the future.
fn is_issued(claims: &Value) -> bool {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
    claims.get("iat").is_none_or(|at| at.as_f64().is_some_and(|at| at <= now))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issuer::{Issuer, TokenPolicy};
    use axum::http::HeaderValue;
    use axum::routing::get;
    use serde_json::json;
    use std::collections::BTreeMap;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    const LIFE: Duration = Duration::from_secs(60);

    async fn issuer() -> (Issuer, String) {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let issuer = Issuer::new(&url).unwrap();
        tokio::spawn(axum::serve(listener, issuer.clone().router(TokenPolicy::of(&BTreeMap::new()))).into_future());
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
        let good = issuer.sign(&json!({ "aud": "ours", "sub": "platform" }), LIFE).unwrap();
        let claims = authorizer.claims(&bearing(&format!("Bearer {good}"))).await.unwrap();
        assert_eq!(claims["sub"], "platform");
        let stranger = Issuer::new(&url).unwrap().sign(&json!({ "aud": "ours" }), LIFE).unwrap();
        let other_audience = issuer.sign(&json!({ "aud": "theirs" }), LIFE).unwrap();
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
        let mut twice = bearing(&format!("Bearer {good}"));
        twice.append("authorization", HeaderValue::from_static("Bearer x"));
        assert!(authorizer.claims(&twice).await.is_none(), "two headers are refused");
    }

    #[tokio::test]
    async fn a_token_from_the_future_is_refused() {
        let (issuer, url) = issuer().await;
        let authorizer = authorizer(&url);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        for claim in ["iat", "nbf"] {
            let claims = json!({ "aud": "ours", claim: now + 30 });
            let token = issuer.sign(&claims, LIFE).unwrap();
            assert!(authorizer.claims(&bearing(&token)).await.is_none(), "{claim}");
        }
    }

    #[tokio::test]
    async fn one_scope_of_the_routes_is_enough_in_either_claim() {
        let (_, url) = issuer().await;
        let authorizer = authorizer(&url);
        let of_route = ["a".to_owned(), "b".to_owned()];
        for (claims, permitted) in [
            (json!({ "scope": "x b" }), true),
            (json!({ "scp": "a" }), true),
            (json!({ "scp": ["x", "a"] }), true),
            (json!({ "scope": "ab" }), false),
            (json!({ "scope": ["A"] }), false),
            (json!({ "sub": "a", "aud": "b" }), false),
        ] {
            assert_eq!(authorizer.permits(&claims, &of_route), permitted, "{claims}");
        }
        assert!(authorizer.permits(&json!({}), &[]), "without scopes any accepted token is enough");
        let strict = Authorizer { scopes: vec!["admin".to_owned()], ..authorizer };
        assert!(!strict.permits(&json!({ "scope": "a" }), &[]) && strict.permits(&json!({ "scope": "a" }), &of_route));
    }

    #[tokio::test]
    async fn unknown_keys_do_not_make_the_issuer_be_asked_each_time() {
        let asked = Arc::new(AtomicUsize::new(0));
        let counting = Arc::clone(&asked);
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let configuration = json!({ "jwks_uri": format!("{url}/jwks") });
        let keys = async move || {
            counting.fetch_add(1, Ordering::Relaxed);
            axum::Json(json!({ "keys": [] }))
        };
        let router = axum::Router::new()
            .route("/.well-known/openid-configuration", get(async move || axum::Json(configuration)))
            .route("/jwks", get(keys));
        tokio::spawn(axum::serve(listener, router).into_future());
        let (authorizer, stranger) = (authorizer(&url), Issuer::new(&url).unwrap());
        let token = bearing(&stranger.sign(&json!({ "aud": "ours" }), LIFE).unwrap());
        for _ in 0..20 {
            assert!(authorizer.claims(&token).await.is_none());
        }
        assert_eq!(asked.load(Ordering::Relaxed), 1);
    }
}
