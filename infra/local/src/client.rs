//! The stack's HTTP client: sends what a browser, a platform or API Gateway would send.

use axum::http::HeaderMap;
use bytes::Bytes;
use serde_json::Value;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// Request timeout. Lambda's and API Gateway's limits are shorter.
const GRACE: Duration = Duration::from_secs(40);

/// The client could not be built, or no response arrived.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// TLS cannot be configured.
    #[error("failed to configure TLS: {0}")]
    Tls(#[from] rustls::Error),
    /// No response arrived.
    #[error("failed to send a request: {0}")]
    Http(#[from] reqwest::Error),
}

/// A complete response.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Status code.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: Bytes,
}

impl Answer {
    /// The body as JSON; `null` if it is not JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// A header as text; empty if absent.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// A client without proxy, cookies or redirects.
#[derive(Debug, Clone)]
pub struct Client(reqwest::Client);

impl Client {
    /// Builds it.
    ///
    /// # Errors
    /// [`ClientError::Tls`], [`ClientError::Http`].
    pub fn new() -> Result<Self, ClientError> {
        Self::build(None)
    }

    /// The same, bound to a local address.
    ///
    /// # Errors
    /// [`ClientError::Tls`], [`ClientError::Http`].
    pub fn from_address(address: IpAddr) -> Result<Self, ClientError> {
        Self::build(Some(address))
    }

    fn build(address: Option<IpAddr>) -> Result<Self, ClientError> {
        let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        let tls = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let client =
            reqwest::Client::builder().tls_backend_preconfigured(tls).no_proxy().timeout(GRACE).local_address(address);
        Ok(Self(client.redirect(reqwest::redirect::Policy::none()).build()?))
    }

    /// Sends a GET.
    ///
    /// # Errors
    /// [`ClientError::Http`].
    pub async fn get(&self, url: &str, headers: &[(&str, &str)]) -> Result<Answer, ClientError> {
        self.send("GET", url, headers, Bytes::new()).await
    }

    /// Sends JSON with POST.
    ///
    /// # Errors
    /// [`ClientError::Http`].
    pub async fn post(&self, url: &str, headers: &[(&str, &str)], body: &Value) -> Result<Answer, ClientError> {
        let headers: Vec<_> = headers.iter().copied().chain([("content-type", "application/json")]).collect();
        self.send("POST", url, &headers, Bytes::from(body.to_string())).await
    }

    /// Sends a request with any method, headers and body.
    ///
    /// # Errors
    /// [`ClientError::Http`], also for an invalid method or header.
    pub async fn send(
        &self,
        method: &str,
        url: &str,
        headers: &[(&str, &str)],
        body: Bytes,
    ) -> Result<Answer, ClientError> {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap_or_default();
        let request =
            headers.iter().fold(self.0.request(method, url), |request, (name, value)| request.header(*name, *value));
        let response = request.body(body).send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Ok(Answer { status, headers, body: response.bytes().await? })
    }
}
