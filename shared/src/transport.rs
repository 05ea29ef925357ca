//! The one HTTPS client of a process: the SDK clients and the Graph client share its connections, TLS configuration and
//! compiled-in roots. A second stack, or reading the system's certificates, is most of what a cold start would cost.
//! The only file that names reqwest.

use crate::secret::Secret;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Method, StatusCode};
use std::sync::Arc;
use std::time::Duration;

/// Time to open a connection.
const CONNECT: Duration = Duration::from_secs(2);
/// Time for a whole Graph request. Meta states no bound; the slowest documented call (template migration) is cut by Meta
/// itself at 30 s and not used here.
const GRAPH_TOTAL: Duration = Duration::from_secs(8);
/// Largest Graph reply that is read: 1 MiB, several times a page of a hundred templates.
const LARGEST_GRAPH_REPLY: usize = 1024 * 1024;
/// Largest AWS reply that is read: a DynamoDB page is at most 1 MB, its JSON form a few times that.
const LARGEST_AWS_REPLY: usize = 8 * 1024 * 1024;
/// Idle connections are dropped before AWS and Meta close them: a frozen environment wakes up with a dead socket.
const IDLE: Duration = Duration::from_secs(50);

/// The client could not be built: the TLS configuration is unusable.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("configure TLS")]
pub struct TlsUnusable;

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

/// A cheap handle of the shared client.
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
    /// Builds the client: HTTP/1.1, TLS 1.2 or 1.3 by ring, roots compiled in, no redirects, no proxy.
    ///
    /// # Errors
    /// [`TlsUnusable`] when the provider offers none of the protocol versions.
    pub fn new() -> Result<Self, TlsUnusable> {
        let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        let tls = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|_| TlsUnusable)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
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
    pub async fn knock(&self, address: &url::Url) -> Result<StatusCode, TransportError> {
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
        let body = read_capped(response, LARGEST_GRAPH_REPLY).await?;
        Ok(Incoming { status, headers, body })
    }
}

fn kind_of(error: &reqwest::Error) -> TransportError {
    if error.is_connect() || error.is_builder() { TransportError::NotSent } else { TransportError::NoAnswer }
}

async fn read_capped(mut response: reqwest::Response, limit: usize) -> Result<Bytes, TransportError> {
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(|_| TransportError::NoAnswer)? {
        if body.len() + chunk.len() > limit {
            return Err(TransportError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

impl HttpClient for Transport {
    fn http_connector(&self, settings: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(SdkConnector { client: self.client.clone(), timeout: settings.read_timeout() })
    }
}

/// Carries the SDK's requests over the shared client.
#[derive(Debug)]
struct SdkConnector {
    client: reqwest::Client,
    timeout: Option<Duration>,
}

impl HttpConnector for SdkConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (client, timeout) = (self.client.clone(), self.timeout);
        HttpConnectorFuture::new(carry(client, timeout, request))
    }
}

async fn carry(
    client: reqwest::Client,
    timeout: Option<Duration>,
    request: HttpRequest,
) -> Result<HttpResponse, ConnectorError> {
    let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
    let (parts, body) = request.into_parts();
    let bytes = body.bytes().map(Bytes::copy_from_slice);
    let bytes = bytes.ok_or_else(|| ConnectorError::user("a streaming body was given".into()))?;
    let url = url::Url::parse(&parts.uri.to_string()).map_err(|error| ConnectorError::user(error.into()))?;
    let mut request = client.request(parts.method, url).headers(parts.headers).body(bytes);
    if let Some(timeout) = timeout {
        request = request.timeout(timeout);
    }
    let response = request.send().await.map_err(|error| connector_error(&error))?;
    let mut reply = http::Response::builder().status(response.status());
    if let Some(headers) = reply.headers_mut() {
        headers.clone_from(response.headers());
    }
    let body = read_capped(response, LARGEST_AWS_REPLY).await.map_err(|error| ConnectorError::io(error.into()))?;
    let reply = reply.body(SdkBody::from(body)).map_err(|error| ConnectorError::user(error.into()))?;
    HttpResponse::try_from(reply).map_err(|error| ConnectorError::user(error.into()))
}

/// The SDK retries by kind, so time-outs and broken connections have to be told apart.
fn connector_error(error: &reqwest::Error) -> ConnectorError {
    let kind = kind_of(error);
    if error.is_timeout() { ConnectorError::timeout(kind.into()) } else { ConnectorError::io(kind.into()) }
}
