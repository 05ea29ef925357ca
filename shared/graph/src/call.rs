//! A Graph API call as plain data.

use onboarding_core::secret::Secret;
use serde::de::DeserializeOwned;

/// One endpoint with its arguments.
pub trait GraphCall {
    /// Name in logs and errors, for example `subscribe_app`.
    const NAME: &'static str;
    /// The decoded response.
    type Reply: DeserializeOwned;
    /// The request as data.
    fn request(&self) -> GraphRequest;
}

/// Method, path, query and body. The client encodes path segments and query values; they are never concatenated as
/// text.
#[derive(Default)]
pub struct GraphRequest {
    /// HTTP method; `GET` unless changed.
    pub method: http::Method,
    /// Segments after the version.
    pub path: Vec<String>,
    /// Query pairs.
    pub query: Vec<(&'static str, String)>,
    /// Secret query pairs (only for the code exchange and `debug_token`, where Meta requires them in the query).
    pub secret_query: Vec<(&'static str, Secret)>,
    /// JSON body.
    pub json: Option<serde_json::Value>,
}

impl GraphRequest {
    /// A `GET` request.
    #[must_use]
    pub fn get(path: &[&str]) -> Self {
        Self { path: path.iter().map(|&segment| segment.to_owned()).collect(), ..Self::default() }
    }

    /// A `POST` request.
    #[must_use]
    pub fn post(path: &[&str]) -> Self {
        Self { method: http::Method::POST, ..Self::get(path) }
    }

    /// A `DELETE` request.
    #[must_use]
    pub fn delete(path: &[&str]) -> Self {
        Self { method: http::Method::DELETE, ..Self::get(path) }
    }

    /// Adds a query pair.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.query.push((name, value.to_owned()));
        self
    }

    /// Adds a secret query pair.
    #[must_use]
    pub fn with_secret(mut self, name: &'static str, value: &Secret) -> Self {
        self.secret_query.push((name, value.clone()));
        self
    }

    /// Sets the JSON body.
    #[must_use]
    pub fn body(mut self, json: serde_json::Value) -> Self {
        self.json = Some(json);
        self
    }
}

/// The credentials of a call, stated explicitly at each call site.
#[derive(Debug, Clone, Copy)]
pub enum Auth<'a> {
    /// None: the credentials are in the query (the code exchange).
    None,
    /// The app's own credentials, for inspecting tokens.
    App,
    /// A customer's business token, or the system token for the credit line; `appsecret_proof` is added.
    Bearer(&'a Secret),
}
