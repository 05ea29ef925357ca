//! A Graph call as plain data.

use onboarding_core::secret::Secret;
use serde::de::DeserializeOwned;

/// One endpoint with its arguments.
pub trait GraphCall {
    /// Name in logs and errors, for example `subscribe_app`.
    const NAME: &'static str;
    /// What Meta answers.
    type Reply: DeserializeOwned;
    /// The request as data.
    fn request(&self) -> GraphRequest;
}

/// Method, path, query and body. Path segments and query values are encoded by the client, never joined as text.
#[derive(Default)]
pub struct GraphRequest {
    /// HTTP method; `GET` unless changed.
    pub method: http::Method,
    /// Segments after the version.
    pub path: Vec<String>,
    /// Query pairs.
    pub query: Vec<(&'static str, String)>,
    /// Query pairs that are secret (only the code exchange and `debug_token` have any: Meta wants them there).
    pub secret_query: Vec<(&'static str, Secret)>,
    /// JSON body.
    pub json: Option<serde_json::Value>,
}

impl GraphRequest {
    /// A `GET` of a path.
    #[must_use]
    pub fn get(path: &[&str]) -> Self {
        Self { path: path.iter().map(|&segment| segment.to_owned()).collect(), ..Self::default() }
    }

    /// A `POST` to a path.
    #[must_use]
    pub fn post(path: &[&str]) -> Self {
        Self { method: http::Method::POST, ..Self::get(path) }
    }

    /// A `DELETE` of a path.
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

/// Who a call is made as. Chosen in view of the reader, at the call.
#[derive(Debug, Clone, Copy)]
pub enum Auth<'a> {
    /// Nobody: the credentials are in the query (the code exchange).
    None,
    /// The app itself: inspection of tokens.
    App,
    /// A customer's business token, or the system token for the credit line; `appsecret_proof` is added.
    Bearer(&'a Secret),
}
