//! A Function URL event, decoded by hand: on a public door no adapter may panic on what a stranger sends.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;

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

/// Only the signature is of interest; values that are no text are skipped.
#[derive(Debug, Default)]
struct Headers(BTreeMap<String, String>);

impl<'de> Deserialize<'de> for Headers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let all = BTreeMap::<String, serde_json::Value>::deserialize(deserializer)?;
        let texts = all.into_iter().filter_map(|(name, value)| match value {
            serde_json::Value::String(text) => Some((name.to_ascii_lowercase(), text)),
            _ => None,
        });
        Ok(Self(texts.collect()))
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

    /// A header by its lower-case name. Repeated ones arrive joined by commas.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.as_ref()?.0.get(name).map(String::as_str)
    }

    /// The bytes that were sent; `None` when the event claims base64 and is not.
    #[must_use]
    pub fn body(&self) -> Option<Vec<u8>> {
        let body = self.body.as_deref().unwrap_or_default();
        if self.is_base64_encoded.unwrap_or(false) {
            STANDARD.decode(body).ok()
        } else {
            Some(body.as_bytes().to_vec())
        }
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
            r#"{"rawPath":"/\u0000 \ud83d\ude00","headers":{"a":7}}"#,
        ] {
            let odd = event(json);
            assert_eq!((odd.method(), odd.header("a")), ("", None), "{json}");
        }
    }

    #[test]
    fn the_same_bytes_arrive_whether_or_not_lambda_encoded_them() {
        let plain = event(r#"{"body":"{\"a\":\"\\u00e4\"}","isBase64Encoded":false}"#);
        let encoded = event(r#"{"body":"eyJhIjoiXHUwMGU0In0=","isBase64Encoded":true}"#);
        assert_eq!(plain.body(), encoded.body());
        assert_eq!(event(r#"{"body":"!","isBase64Encoded":true}"#).body(), None);
    }

    #[test]
    fn header_names_are_found_in_any_case() {
        assert_eq!(event(r#"{"headers":{"X-Hub-Signature-256":"s"}}"#).header("x-hub-signature-256"), Some("s"));
    }
}
