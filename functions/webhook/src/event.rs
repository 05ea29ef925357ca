//! An event of the Function URL or of an HTTP API (both use payload format 2.0), decoded by hand: on a public endpoint,
//! no adapter may panic on arbitrary input. The body stays encoded until the signature header and the length are
//! acceptable.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::{self, Formatter};

/// `X-Hub-Signature-256`; Lambda passes header names in lower case, but does not document that it always does.
const SIGNATURE: &str = "x-hub-signature-256";

/// The header that states the length of the body.
const LENGTH: &str = "content-length";

/// Largest body that is decoded and hashed: Meta sends 3 MB at most, whichever way it counts them.
pub const LARGEST_BODY: usize = 4 * 1024 * 1024;

/// A request in Lambda's format (payload format 2.0), reduced to what is used. No member is required: a malformed event
/// gets an answer instead of failing.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Event {
    raw_path: Option<String>,
    raw_query_string: Option<String>,
    headers: Option<Headers>,
    body: Option<Box<RawValue>>,
    is_base64_encoded: Option<bool>,
    request_context: Option<Context>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Context {
    http: Option<Http>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Http {
    method: Option<String>,
}

/// The relevant headers. All others are skipped, and so are values that are not text.
#[derive(Default)]
struct Headers {
    signature: Option<String>,
    length: Option<usize>,
}

impl<'de> Deserialize<'de> for Headers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Self::default())
    }
}

impl<'de> Visitor<'de> for Headers {
    type Value = Self;

    fn expecting(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str("headers")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut headers: A) -> Result<Self, A::Error> {
        while let Some(name) = headers.next_key::<String>()? {
            if name.eq_ignore_ascii_case(SIGNATURE) {
                if let Value::String(signature) = headers.next_value()? {
                    self.signature = Some(signature);
                }
            } else if name.eq_ignore_ascii_case(LENGTH) {
                if let Value::String(length) = headers.next_value()? {
                    self.length = length.parse().ok();
                }
            } else {
                headers.next_value::<IgnoredAny>()?;
            }
        }
        Ok(self)
    }
}

impl Event {
    /// The path of the request.
    #[must_use]
    pub fn path(&self) -> &str {
        self.raw_path.as_deref().unwrap_or_default()
    }

    /// The raw query string.
    #[must_use]
    pub fn query(&self) -> &str {
        self.raw_query_string.as_deref().unwrap_or_default()
    }

    /// The method as it was sent.
    #[must_use]
    pub fn method(&self) -> &str {
        let http = self.request_context.as_ref().and_then(|context| context.http.as_ref());
        http.and_then(|http| http.method.as_deref()).unwrap_or_default()
    }

    /// The header with Meta's signature. Repeated headers arrive joined by commas.
    #[must_use]
    pub fn signature(&self) -> Option<&str> {
        self.headers.as_ref()?.signature.as_deref()
    }

    /// The raw bytes of the body.
    ///
    /// # Errors
    /// [`BodyError`] when the body is too large, or not encoded as the event states.
    pub fn into_body(self) -> Result<Vec<u8>, BodyError> {
        let stated = self.headers.as_ref().and_then(|headers| headers.length);
        let Some(raw) = self.body else { return Ok(Vec::new()) };
        let base64 = self.is_base64_encoded.unwrap_or(false);
        // Checked before any byte is decoded: the stated length, and the length that the base64 text decodes to.
        let least = if base64 { (raw.get().len() / 4).saturating_sub(1) * 3 } else { 0 };
        if stated.is_some_and(|stated| stated > LARGEST_BODY) || least > LARGEST_BODY {
            return Err(BodyError::TooLarge);
        }
        let text: Cow<'_, str> = decode(raw.get()).ok_or(BodyError::Malformed)?;
        let body = if base64 {
            STANDARD.decode(text.as_bytes()).map_err(|_| BodyError::Malformed)?
        } else {
            text.into_owned().into_bytes()
        };
        if body.len() > LARGEST_BODY { Err(BodyError::TooLarge) } else { Ok(body) }
    }
}

/// The text of a JSON string; borrowed if it contains no escapes.
fn decode(raw: &str) -> Option<Cow<'_, str>> {
    let plain = raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).filter(|inner| !inner.contains('\\'));
    match plain {
        Some(inner) => Some(Cow::Borrowed(inner)),
        None => serde_json::from_str::<String>(raw).ok().map(Cow::Owned),
    }
}

/// Why a body is rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// Larger than [`LARGEST_BODY`].
    #[error("body too large")]
    TooLarge,
    /// Not encoded as the event states.
    #[error("failed to decode the body")]
    Malformed,
}

/// The reply. Errors have an empty body, so that they reveal nothing.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    status_code: u16,
    headers: BTreeMap<&'static str, &'static str>,
    body: String,
}

impl Answer {
    pub(crate) fn empty(status_code: u16) -> Self {
        Self { status_code, headers: BTreeMap::from([("cache-control", "no-store")]), body: String::new() }
    }

    /// 200 with plain text that browsers do not interpret as anything else.
    pub(crate) fn text(body: String) -> Self {
        let answer = Self { body, ..Self::empty(200) };
        answer.with("content-type", "text/plain").with("x-content-type-options", "nosniff")
    }

    pub(crate) fn with(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.insert(name, value);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(json: &str) -> Event {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn odd_events_are_read_without_complaint() {
        for json in [
            "{}",
            r#"{"headers":null,"body":null,"requestContext":{"http":null}}"#,
            r#"{"rawPath":"/\u0000 \ud83d\ude00","headers":{"a":7,"x-hub-signature-256":[{}]}}"#,
        ] {
            let odd = event(json);
            assert_eq!((odd.method(), odd.signature()), ("", None), "{json}");
        }
    }

    #[test]
    fn the_same_bytes_arrive_whether_or_not_lambda_encoded_them() {
        let plain = event(r#"{"body":"{\"a\":\"\\u00e4\"}","isBase64Encoded":false}"#);
        let encoded = event(r#"{"body":"eyJhIjoiXHUwMGU0In0=","isBase64Encoded":true}"#);
        assert_eq!(plain.into_body(), encoded.into_body());
        for bad in [r#"{"body":"!","isBase64Encoded":true}"#, r#"{"body":7}"#, r#"{"body":"\ud800"}"#] {
            assert_eq!(event(bad).into_body(), Err(BodyError::Malformed), "{bad}");
        }
        assert_eq!(event(r#"{"body":null}"#).into_body(), Ok(Vec::new()));
    }

    #[test]
    fn a_body_that_meta_does_not_send_is_refused_by_its_length() {
        let large = |length: usize| "x".repeat(length);
        let plain = |length| event(&format!(r#"{{"body":"{}"}}"#, large(length))).into_body();
        assert_eq!(plain(LARGEST_BODY).map(|body| body.len()), Ok(LARGEST_BODY));
        assert_eq!(plain(LARGEST_BODY + 1), Err(BodyError::TooLarge));
        let stated = format!(r#"{{"headers":{{"Content-Length":"{}"}},"body":"\ud800"}}"#, LARGEST_BODY + 1);
        assert_eq!(event(&stated).into_body(), Err(BodyError::TooLarge), "before it is decoded");
        let encoded = format!(r#"{{"body":"{}!","isBase64Encoded":true}}"#, large(LARGEST_BODY / 3 * 4 + 16));
        assert_eq!(event(&encoded).into_body(), Err(BodyError::TooLarge), "before it is decoded");
    }

    #[test]
    fn the_signature_is_found_among_other_headers_in_any_case() {
        let among = event(r#"{"headers":{"a":"b","X-Hub-Signature-256":"s","x-hub-signature-256":7,"x":{"y":null}}}"#);
        assert_eq!(among.signature(), Some("s"));
    }
}
