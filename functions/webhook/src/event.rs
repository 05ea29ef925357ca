//! A Function URL event, decoded by hand: on a public door no adapter may panic on what a stranger sends.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::{self, Formatter};

/// `X-Hub-Signature-256`; Lambda passes names in lower case, and nothing says that it has to.
const SIGNATURE: &str = "x-hub-signature-256";

/// A request as Lambda hands it over (payload format 2.0), reduced to what is used. Nothing is required: an odd event is
/// answered, not failed.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Event {
    raw_path: Option<String>,
    raw_query_string: Option<String>,
    headers: Option<Headers>,
    body: Option<String>,
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

/// The one header that is of interest. All others are skipped, and so are values that are no text.
#[derive(Default)]
struct Headers {
    signature: Option<String>,
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

    /// The method, as it was sent.
    #[must_use]
    pub fn method(&self) -> &str {
        let http = self.request_context.as_ref().and_then(|context| context.http.as_ref());
        http.and_then(|http| http.method.as_deref()).unwrap_or_default()
    }

    /// The header that Meta signs with. Repeated ones arrive joined by commas.
    #[must_use]
    pub fn signature(&self) -> Option<&str> {
        self.headers.as_ref()?.signature.as_deref()
    }

    /// The bytes that were sent; `None` when the event claims base64 and is not.
    #[must_use]
    pub fn into_body(self) -> Option<Vec<u8>> {
        let body = self.body.unwrap_or_default();
        if self.is_base64_encoded.unwrap_or(false) { STANDARD.decode(body).ok() } else { Some(body.into_bytes()) }
    }
}

/// The reply. Errors have an empty body: a stranger learns nothing.
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

    /// 200 with a plain text that no browser takes for anything else.
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
        assert_eq!(event(r#"{"body":"!","isBase64Encoded":true}"#).into_body(), None);
    }

    #[test]
    fn the_signature_is_found_among_other_headers_in_any_case() {
        let among = event(r#"{"headers":{"a":"b","X-Hub-Signature-256":"s","x-hub-signature-256":7,"x":{"y":null}}}"#);
        assert_eq!(among.signature(), Some("s"));
    }
}
