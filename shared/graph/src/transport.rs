//! The HTTPS client that Meta is called with. The only file that names reqwest.

use crate::tls::{Tls, TlsUnusable};
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Method, StatusCode};
use onboarding_core::secret::Secret;
use std::time::Duration;

/// Time to open a connection.
const CONNECT: Duration = Duration::from_secs(2);
/// Time for a whole Graph request. Meta states no bound; the slowest documented call (template migration) is cut by Meta
/// itself at 30 s and not used here.
const GRAPH_TOTAL: Duration = Duration::from_secs(8);
/// Largest reply that is read: 1 MiB, several times a page of a hundred templates.
const LARGEST_REPLY: usize = 1024 * 1024;
/// Idle connections are dropped before AWS and Meta close them: a frozen environment wakes up with a dead socket.
pub const IDLE: Duration = Duration::from_secs(50);

/// What went wrong on the way. Never carries a URL: Meta's hold secrets and codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// The request did not leave: repeating it is safe.
    #[error("reach the server")]
    NotSent,
    /// The request may have been carried out.
    #[error("read an answer in time")]
    NoAnswer,
    /// The answer is larger than any that is expected.
    #[error("accept so large an answer")]
    TooLarge,
}

/// A cheap handle of the client.
#[derive(Debug, Clone)]
pub struct Transport {
    client: reqwest::Client,
}

/// A Graph request as plain data, with the one header that matters.
pub(crate) struct Outgoing<'a> {
    pub(crate) method: Method,
    pub(crate) url: url::Url,
    pub(crate) bearer: Option<&'a Secret>,
    pub(crate) json: Option<Vec<u8>>,
}

/// A Graph reply before it is understood.
pub(crate) struct Incoming {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Transport {
    /// Builds the client: HTTP/1.1, no redirects, no proxy.
    ///
    /// # Errors
    /// [`TlsUnusable`] when the client does not take the configuration.
    pub fn new(tls: &Tls) -> Result<Self, TlsUnusable> {
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls.config())
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .no_proxy()
            .connect_timeout(CONNECT)
            .pool_idle_timeout(IDLE)
            .build()
            .map_err(|_| TlsUnusable)?;
        Ok(Self { client })
    }

    /// The status with which an address answers an empty, unsigned POST.
    ///
    /// # Errors
    /// [`TransportError`] when no answer came.
    pub async fn probe(&self, address: &url::Url) -> Result<StatusCode, TransportError> {
        let (method, url) = (Method::POST, address.clone());
        self.send(Outgoing { method, url, bearer: None, json: None }).await.map(|incoming| incoming.status)
    }

    pub(crate) async fn send(&self, outgoing: Outgoing<'_>) -> Result<Incoming, TransportError> {
        let mut request = self.client.request(outgoing.method, outgoing.url).timeout(GRAPH_TOTAL);
        if let Some(token) = outgoing.bearer {
            request = request.bearer_auth(token.expose());
        }
        if let Some(json) = outgoing.json {
            request = request.header(http::header::CONTENT_TYPE, "application/json").body(json);
        }
        let mut response = request.send().await.map_err(|error| kind_of(&error))?;
        let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
        let body = read_capped(response).await?;
        Ok(Incoming { status, headers, body })
    }
}

fn kind_of(error: &reqwest::Error) -> TransportError {
    if error.is_connect() || error.is_builder() { TransportError::NotSent } else { TransportError::NoAnswer }
}

async fn read_capped(mut response: reqwest::Response) -> Result<Bytes, TransportError> {
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(|_| TransportError::NoAnswer)? {
        if body.len() + chunk.len() > LARGEST_REPLY {
            return Err(TransportError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}
