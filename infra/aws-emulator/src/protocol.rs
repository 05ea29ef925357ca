//! The AWS JSON 1.0 and 1.1 protocols: the operation in a header, JSON both ways, errors by name.

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::identifier;

/// Enough for the largest request of either service: 1 MiB of text, at six bytes of JSON per escaped character.
pub(crate) const REQUEST_LIMIT: usize = 8 << 20;

/// A service's dialect of the protocol.
pub(crate) struct Dialect {
    /// Prefix of `X-Amz-Target`, including the dot.
    pub(crate) target_prefix: &'static str,
    /// Content type of responses.
    pub(crate) content_type: &'static str,
    /// Namespace of error names.
    pub(crate) namespace: &'static str,
}

/// An error on the wire.
pub(crate) struct Failure {
    pub(crate) status: u16,
    pub(crate) shape: &'static str,
    /// Error name of the older query protocol, which boto3 shows to its callers.
    pub(crate) query_code: Option<&'static str>,
    pub(crate) message: String,
}

impl Failure {
    /// The target names an unknown operation, or is missing.
    pub(crate) fn unknown_operation() -> Self {
        Self {
            status: 400,
            shape: "UnknownOperationException",
            query_code: None,
            message: "The requested operation is not emulated.".to_owned(),
        }
    }

    fn serialization(reason: &serde_json::Error) -> Self {
        Self { status: 400, shape: "SerializationException", query_code: None, message: reason.to_string() }
    }
}

impl Dialect {
    /// The operation a request asks for.
    pub(crate) fn operation<'h>(&self, headers: &'h HeaderMap) -> Option<&'h str> {
        headers.get("x-amz-target")?.to_str().ok()?.strip_prefix(self.target_prefix)
    }

    /// The response for a result.
    pub(crate) fn respond(&self, outcome: Result<Value, Failure>) -> Response {
        let (status, query_code, body) = match outcome {
            Ok(body) => (StatusCode::OK, None, body),
            Err(failure) => (
                StatusCode::from_u16(failure.status).unwrap_or(StatusCode::BAD_REQUEST),
                failure.query_code,
                json!({"__type": format!("{}#{}", self.namespace, failure.shape), "message": failure.message}),
            ),
        };
        let mut response = (status, body.to_string()).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        if let Ok(id) = HeaderValue::from_str(&identifier::uuid()) {
            headers.insert("x-amzn-requestid", id);
        }
        if let Some(Ok(code)) = query_code.map(|code| HeaderValue::from_str(&format!("{code};Sender"))) {
            headers.insert("x-amzn-query-error", code);
        }
        response
    }
}

/// Parses the input of an operation. An empty body is an input without members.
pub(crate) fn input<T: DeserializeOwned>(body: &Bytes) -> Result<T, Failure> {
    let body: &[u8] = if body.is_empty() { b"{}" } else { body };
    serde_json::from_slice(body).map_err(|reason| Failure::serialization(&reason))
}
