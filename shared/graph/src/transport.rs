//! The HTTPS client that Meta is called with. The only file that names reqwest.

use crate::tls::{Tls, TlsUnusable};
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Method, StatusCode};
use onboarding_core::secret::Secret;
use std::time::{Duration, Instant};

/// Time to open a connection.
const CONNECT: Duration = Duration::from_secs(2);
/// Longest time for a whole Graph request. Meta states no bound; the slowest documented call (template migration) is cut by
/// Meta itself at 30 s and not used here.
const GRAPH_TOTAL: Duration = Duration::from_secs(8);
/// Shortest time with which a request is begun: with less, its answer would hardly be read, and what it did stay unknown.
const SHORTEST: Duration = Duration::from_millis(500);
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
    /// The request was not begun: the time of whoever asked is used up.
    #[error("begin a request in the time that is left")]
    OutOfTime,
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
    /// When its answer must be there.
    pub(crate) until: Option<Instant>,
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

    /// The status with which an address answers an empty, unsigned POST before `until`.
    ///
    /// # Errors
    /// [`TransportError`] when no answer came.
    pub async fn probe(&self, address: &url::Url, until: Instant) -> Result<StatusCode, TransportError> {
        let (method, url) = (Method::POST, address.clone());
        self.send(Outgoing { method, url, bearer: None, json: None, until: Some(until) })
            .await
            .map(|incoming| incoming.status)
    }

    pub(crate) async fn send(&self, outgoing: Outgoing<'_>) -> Result<Incoming, TransportError> {
        let timeout = time_for_a_request(outgoing.until, Instant::now())?;
        let mut request = self.client.request(outgoing.method, outgoing.url).timeout(timeout);
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

/// What a request that is begun `now` may take, so that its answer is there before `until`.
///
/// # Errors
/// [`TransportError::OutOfTime`] when too little is left to begin one.
pub(crate) fn time_for_a_request(until: Option<Instant>, now: Instant) -> Result<Duration, TransportError> {
    let left = until.map_or(GRAPH_TOTAL, |until| until.saturating_duration_since(now));
    if left < SHORTEST { Err(TransportError::OutOfTime) } else { Ok(left.min(GRAPH_TOTAL)) }
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
