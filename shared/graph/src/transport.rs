//! The HTTPS client for calls to Meta. The only file that uses reqwest.

use crate::tls::{Tls, TlsUnusable};
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use onboarding_core::secret::Secret;
use std::time::{Duration, Instant};

/// Time to open a connection.
const CONNECT: Duration = Duration::from_secs(2);
/// Longest time for a whole Graph request. Meta documents no limit; the slowest documented call (template migration)
/// is cut off by Meta at 30 s and not used here.
const GRAPH_TOTAL: Duration = Duration::from_secs(8);
/// Least time left for starting a request: with less, its response would probably not arrive in time and its outcome
/// would be unknown.
const SHORTEST: Duration = Duration::from_millis(500);
/// Largest reply that is read: 1 MiB, several times a page of a hundred templates.
const LARGEST_REPLY: usize = 1024 * 1024;
/// Our name at Meta's file servers.
const USER_AGENT: &str = "whatsapp-onboarding/1";
/// Idle connections are closed before AWS and Meta close them: a frozen environment would resume with a dead socket.
pub const IDLE: Duration = Duration::from_secs(50);

/// A request failed in transport. Never contains a URL, because URLs of Graph calls hold secrets and codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// The request was not sent: repeating it is safe.
    #[error("failed to reach the server")]
    NotSent,
    /// The request was not started: the caller's time is used up.
    #[error("not enough time left for a request")]
    OutOfTime,
    /// The request may have been carried out.
    #[error("no response in time")]
    NoAnswer,
    /// The response is larger than any expected one.
    #[error("response too large")]
    TooLarge,
}

/// The client; cheap to clone.
#[derive(Debug, Clone)]
pub struct Transport {
    client: reqwest::Client,
}

/// The body of a request.
pub(crate) enum Content {
    /// None.
    None,
    /// JSON.
    Json(String),
    /// A file from its first byte.
    File(Bytes),
}

/// A Graph request as plain data.
pub(crate) struct Outgoing<'a> {
    pub(crate) method: Method,
    pub(crate) url: url::Url,
    pub(crate) token: Option<&'a Secret>,
    pub(crate) body: Content,
    /// When its response must have arrived.
    pub(crate) until: Option<Instant>,
}

/// A Graph response before it is decoded.
pub(crate) struct Incoming {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Transport {
    /// Builds the client: HTTP/1.1, no redirects, no proxy.
    ///
    /// # Errors
    /// [`TlsUnusable`] when the client rejects the configuration.
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

    /// The status of the response to an empty, unsigned POST to an address.
    ///
    /// # Errors
    /// [`TransportError`] when no response arrived before `until`.
    pub async fn probe(&self, address: &url::Url, until: Instant) -> Result<StatusCode, TransportError> {
        let (method, url) = (Method::POST, address.clone());
        self.send(Outgoing { method, url, token: None, body: Content::None, until: Some(until) })
            .await
            .map(|incoming| incoming.status)
    }

    pub(crate) async fn send(&self, outgoing: Outgoing<'_>) -> Result<Incoming, TransportError> {
        let timeout = time_for_a_request(outgoing.until, Instant::now())?;
        let mut request = self.client.request(outgoing.method, outgoing.url).timeout(timeout);
        // Meta: the upload itself is authorised by the word OAuth, everything else by Bearer.
        let scheme = if matches!(outgoing.body, Content::File(_)) { "OAuth" } else { "Bearer" };
        if let Some(token) = outgoing.token {
            let mut value =
                HeaderValue::try_from(format!("{scheme} {}", token.expose())).map_err(|_| TransportError::NotSent)?;
            value.set_sensitive(true);
            request = request.header(http::header::AUTHORIZATION, value);
        }
        request = match outgoing.body {
            Content::None => request,
            Content::Json(json) => request.header(http::header::CONTENT_TYPE, "application/json").body(json),
            Content::File(file) => request.header("file_offset", "0").body(file),
        };
        self.receive(request, LARGEST_REPLY).await
    }

    /// Reads a public file: without a token, without following redirects, and no more than `largest` bytes of it.
    pub(crate) async fn download(
        &self,
        address: url::Url,
        largest: usize,
        until: Option<Instant>,
    ) -> Result<Incoming, TransportError> {
        let timeout = time_for_a_request(until, Instant::now())?;
        // Some of Meta's file servers answer clients without a name with an error page.
        let request = self.client.get(address).header(http::header::USER_AGENT, USER_AGENT).timeout(timeout);
        self.receive(request, largest).await
    }

    async fn receive(&self, request: reqwest::RequestBuilder, largest: usize) -> Result<Incoming, TransportError> {
        let mut response = request.send().await.map_err(|error| kind_of(&error))?;
        let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
        let body = read_capped(response, largest).await?;
        Ok(Incoming { status, headers, body })
    }
}

/// The timeout of a request started `now`, so that its response arrives before `until`.
///
/// # Errors
/// [`TransportError::OutOfTime`] when too little time is left to start one.
pub(crate) fn time_for_a_request(until: Option<Instant>, now: Instant) -> Result<Duration, TransportError> {
    let left = until.map_or(GRAPH_TOTAL, |until| until.saturating_duration_since(now));
    if left < SHORTEST { Err(TransportError::OutOfTime) } else { Ok(left.min(GRAPH_TOTAL)) }
}

fn kind_of(error: &reqwest::Error) -> TransportError {
    if error.is_connect() || error.is_builder() { TransportError::NotSent } else { TransportError::NoAnswer }
}

async fn read_capped(mut response: reqwest::Response, largest: usize) -> Result<Bytes, TransportError> {
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(|_| TransportError::NoAnswer)? {
        if body.len() + chunk.len() > largest {
            return Err(TransportError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_takes_what_is_left_and_no_more_than_eight_seconds() {
        let now = Instant::now();
        let with = |left: u64| time_for_a_request(Some(now + Duration::from_millis(left)), now);
        assert_eq!(time_for_a_request(None, now), Ok(GRAPH_TOTAL));
        assert_eq!(with(60_000), Ok(GRAPH_TOTAL));
        assert_eq!(with(3_000), Ok(Duration::from_secs(3)));
        assert_eq!(with(500), Ok(SHORTEST));
        assert_eq!(with(499), Err(TransportError::OutOfTime));
        assert_eq!(time_for_a_request(Some(now), now + Duration::from_secs(1)), Err(TransportError::OutOfTime));
    }
}
