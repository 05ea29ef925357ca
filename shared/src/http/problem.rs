//! Error replies: RFC 9457 problems with a stable code. They never repeat the input.

use super::{Reply, reply};
use crate::clock;
use crate::domain::failure::MetaCode;
use crate::domain::time::Timestamp;
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;

/// A problem: `code` is part of the API contract, `title` is for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Problem {
    /// HTTP status.
    pub status: StatusCode,
    /// Stable code.
    pub code: &'static str,
    /// A sentence for a person.
    pub title: &'static str,
    /// The body field it is about.
    pub field: Option<&'static str>,
    /// When the request may be repeated.
    pub retry_at: Option<Timestamp>,
    /// Meta's numbers, when Meta refused.
    pub meta: Option<MetaCode>,
}

#[derive(Serialize)]
struct Body<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    title: &'static str,
    status: u16,
    code: &'static str,
    request_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    meta: Option<MetaCode>,
}

/// The media type of problems (RFC 9457).
pub const PROBLEM_JSON: &str = "application/problem+json";

/// Seconds after which a caller may retry when a dependency was unavailable.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("2");

impl Problem {
    /// A problem without field or retry time.
    #[must_use]
    pub const fn new(status: StatusCode, code: &'static str, title: &'static str) -> Self {
        Self { status, code, title, field: None, retry_at: None, meta: None }
    }

    /// Sets the body field it is about.
    #[must_use]
    pub const fn of(self, field: &'static str) -> Self {
        Self { field: Some(field), ..self }
    }

    /// Sets when the request may be repeated.
    #[must_use]
    pub const fn until(self, retry_at: Option<Timestamp>) -> Self {
        Self { retry_at, ..self }
    }

    /// Sets Meta's numbers.
    #[must_use]
    pub const fn refused_by_meta(self, meta: Option<MetaCode>) -> Self {
        Self { meta, ..self }
    }

    /// 400.
    #[must_use]
    pub const fn bad_request(code: &'static str, title: &'static str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, title)
    }

    /// 400 for a query parameter that cannot be read.
    #[must_use]
    pub const fn bad_parameter() -> Self {
        Self::bad_request("bad_parameter", "A query parameter has an invalid value.")
    }

    /// 404 for anything that does not exist, or does not belong to the caller.
    #[must_use]
    pub const fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "Not found.")
    }

    /// 503: a dependency is temporarily unavailable and nothing was done.
    #[must_use]
    pub const fn unavailable() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "The service is busy. Please try again in a moment.")
    }

    /// The reply.
    #[must_use]
    pub fn reply(&self, request_id: &str) -> Reply {
        let Self { status, code, title, field, retry_at, meta } = *self;
        let until = retry_at.map(Timestamp::to_rfc3339);
        let status_number = status.as_u16();
        let body =
            Body { kind: "about:blank", title, status: status_number, code, request_id, field, retry_at: until, meta };
        let mut reply = reply(status, PROBLEM_JSON, serde_json::to_string(&body).unwrap_or_default());
        let seconds = retry_at.map(|at| HeaderValue::from(at.since(clock::now()).as_secs().saturating_add(1)));
        if let Some(seconds) = seconds.or((status == StatusCode::SERVICE_UNAVAILABLE).then_some(RETRY_AFTER)) {
            reply.headers_mut().insert(header::RETRY_AFTER, seconds);
        }
        reply
    }
}
