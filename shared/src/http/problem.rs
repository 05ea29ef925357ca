//! What a caller did wrong, or why it has to come again: RFC 9457 with a stable code. Never repeats the input.

use super::{Reply, reply};
use crate::clock;
use crate::domain::time::Timestamp;
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;

/// A problem: `code` is the contract, `title` helps a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Problem {
    /// HTTP status.
    pub status: StatusCode,
    /// Stable code.
    pub code: &'static str,
    /// A sentence for a person.
    pub title: &'static str,
    /// The field of the body it is about.
    pub field: Option<&'static str>,
    /// From when on it may be asked for again.
    pub retry_at: Option<Timestamp>,
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
}

/// The media type of problems (RFC 9457).
pub const PROBLEM_JSON: &str = "application/problem+json";

/// Seconds after which a caller may come again when something of ours was unavailable.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("2");

impl Problem {
    /// A problem.
    #[must_use]
    pub const fn new(status: StatusCode, code: &'static str, title: &'static str) -> Self {
        Self { status, code, title, field: None, retry_at: None }
    }

    /// The same, about a field of the body.
    #[must_use]
    pub const fn of(self, field: &'static str) -> Self {
        Self { field: Some(field), ..self }
    }

    /// The same, until a moment.
    #[must_use]
    pub const fn until(self, retry_at: Option<Timestamp>) -> Self {
        Self { retry_at, ..self }
    }

    /// 400.
    #[must_use]
    pub const fn bad_request(code: &'static str, title: &'static str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, title)
    }

    /// 404 for anything that is not there, or not the caller's.
    #[must_use]
    pub const fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "There is nothing at this address.")
    }

    /// 503: something of ours is unavailable for the moment and nothing happened.
    #[must_use]
    pub const fn unavailable() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "The service is busy. Please try again in a moment.")
    }

    /// The reply.
    #[must_use]
    pub fn reply(&self, request_id: &str) -> Reply {
        let Self { status, code, title, field, retry_at } = *self;
        let until = retry_at.map(Timestamp::to_rfc3339);
        let body =
            Body { kind: "about:blank", title, status: status.as_u16(), code, request_id, field, retry_at: until };
        let mut reply = reply(status, PROBLEM_JSON, serde_json::to_string(&body).unwrap_or_default());
        let seconds = retry_at.map(|at| HeaderValue::from(at.since(clock::now()).as_secs().saturating_add(1)));
        if let Some(seconds) = seconds.or((status == StatusCode::SERVICE_UNAVAILABLE).then_some(RETRY_AFTER)) {
            reply.headers_mut().insert(header::RETRY_AFTER, seconds);
        }
        reply
    }
}
