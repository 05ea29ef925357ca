//! HTTP for the functions behind the gateway: a parsed request, a reply, and problems with stable codes.

pub mod caller;
pub mod cookie;
pub mod fields;
pub mod origin;
pub mod problem;
pub mod source;

use crate::deadline::Deadline;
use bytes::Bytes;
use caller::Caller;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};
use serde::Serialize;
use source::SourceAddress;

/// A request that passed the gateway.
pub struct Request {
    /// Method.
    pub method: Method,
    /// Path as the client sent it.
    pub path: String,
    /// Raw query without the question mark; may contain a session id.
    pub query: String,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: Bytes,
    /// The gateway's request id; appears in problems and logs.
    pub request_id: String,
    /// Host name and port as stated by the gateway, not by the client's own headers.
    pub host: String,
    /// The client's address.
    pub source: SourceAddress,
    /// The caller admitted by the gateway's authorizer, on routes that have one.
    pub caller: Option<Caller>,
    /// When the invocation ends.
    pub deadline: Deadline,
}

impl Request {
    /// A header as text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The only value of a query parameter; `None` when it is absent or repeated.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<String> {
        let mut values = url::form_urlencoded::parse(self.query.as_bytes()).filter(|(key, _)| key == name);
        match (values.next(), values.next()) {
            (Some((_, value)), None) => Some(value.into_owned()),
            _ => None,
        }
    }

    /// Names of the query parameters.
    pub fn parameters(&self) -> impl Iterator<Item = String> {
        url::form_urlencoded::parse(self.query.as_bytes()).map(|(name, _)| name.into_owned())
    }

    /// Non-empty path segments.
    #[must_use]
    pub fn segments(&self) -> Vec<&str> {
        self.path.split('/').filter(|segment| !segment.is_empty()).collect()
    }

    /// The base URL that the client used, from the scheme and host stated by the gateway.
    #[must_use]
    pub fn base_url(&self) -> String {
        let scheme = if self.header("x-forwarded-proto") == Some("http") { "http" } else { "https" };
        format!("{scheme}://{}", self.host)
    }
}

/// A reply of a function.
pub type Reply = Response<String>;

/// Headers of every reply: no caching, no content sniffing, no referrer.
const ALWAYS: [(header::HeaderName, HeaderValue); 4] = [
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000")),
];

/// A reply with a body of the given content type.
#[must_use]
pub fn reply(status: StatusCode, content_type: &'static str, body: String) -> Reply {
    let mut reply = Response::new(body);
    *reply.status_mut() = status;
    reply.headers_mut().extend(ALWAYS);
    reply.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    reply
}

/// A JSON reply.
#[must_use]
pub fn json<T: Serialize>(status: StatusCode, body: &T) -> Reply {
    reply(status, "application/json", serde_json::to_string(body).unwrap_or_default())
}

/// A reply without a body.
#[must_use]
pub fn no_content() -> Reply {
    let mut reply = Response::new(String::new());
    *reply.status_mut() = StatusCode::NO_CONTENT;
    reply.headers_mut().extend(ALWAYS);
    reply
}
