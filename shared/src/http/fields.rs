//! JSON request bodies: only known fields, each validated, every rejection with its own code.

use super::Request;
use super::problem::Problem;
use http::StatusCode;
use serde_json::{Map, Value};

mod unambiguous;

/// Largest body of these routes: 16 KiB.
pub const LARGEST_BODY: usize = 16 * 1024;

/// Largest body of routes that accept free text: 4,096 characters escaped to ASCII are 24 KiB, and templates have
/// several.
pub const LARGEST_TEXT: usize = 64 * 1024;

/// The fields of a JSON object.
#[derive(Debug)]
pub struct Fields(Map<String, Value>);

impl Fields {
    /// Reads a JSON object that may contain only the `allowed` fields.
    ///
    /// # Errors
    /// 413 `too_large`, 415 `content_type`, 400 `bad_json`, `duplicate_field`, `unknown_field`.
    pub fn read(request: &Request, allowed: &[&str]) -> Result<Self, Problem> {
        Self::read_up_to(LARGEST_BODY, request, allowed)
    }

    /// Like [`Fields::read`], with a limit of `largest` bytes.
    ///
    /// # Errors
    /// As [`Fields::read`].
    pub fn read_up_to(largest: usize, request: &Request, allowed: &[&str]) -> Result<Self, Problem> {
        Self::parse(largest, request, Some(allowed))
    }

    fn parse(largest: usize, request: &Request, allowed: Option<&[&str]>) -> Result<Self, Problem> {
        if request.body.len() > largest {
            let title = "The body is too large for this endpoint.";
            return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", title));
        }
        let content_type = request.header("content-type").unwrap_or_default();
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        if !essence.eq_ignore_ascii_case("application/json") || request.headers.contains_key("content-encoding") {
            let title = "Send application/json without a content encoding.";
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "content_type", title));
        }
        let Ok(unambiguous::Read { value: Value::Object(fields), ambiguous }) = serde_json::from_slice(&request.body)
        else {
            return Err(Problem::bad_request("bad_json", "The body is not a JSON object."));
        };
        if allowed.is_some_and(|allowed| fields.keys().any(|name| !allowed.contains(&name.as_str()))) {
            let title = "The body contains an unknown field.";
            return Err(Problem::bad_request("unknown_field", title));
        }
        if ambiguous {
            return Err(Problem::bad_request("duplicate_field", "The body contains a duplicate field."));
        }
        Ok(Self(fields))
    }

    /// Like [`Fields::read_up_to`], for objects of Meta's whose members the caller checks.
    ///
    /// # Errors
    /// As [`Fields::read`], without `unknown_field`.
    pub fn read_any(largest: usize, request: &Request) -> Result<Self, Problem> {
        Self::parse(largest, request, None)
    }

    /// The value of a field, `null` included.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// All fields, as a JSON object.
    #[must_use]
    pub fn into_map(self) -> Map<String, Value> {
        self.0
    }

    /// An optional text; `null` counts as absent.
    ///
    /// # Errors
    /// 400 `bad_type` when it is not text, `bad_value` when it is longer than `longest` characters or contains control
    /// characters.
    pub fn text(&self, name: &'static str, longest: usize) -> Result<Option<&str>, Problem> {
        match self.value(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.chars().count() > longest || text.chars().any(char::is_control) => {
                Err(Problem::bad_request("bad_value", "A field is too long or contains control characters.").of(name))
            }
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(Problem::bad_request("bad_type", "A field has the wrong type.").of(name)),
        }
    }

    /// A boolean; `null` counts as false.
    ///
    /// # Errors
    /// 400 `bad_type` when it is not a boolean.
    pub fn flag(&self, name: &'static str) -> Result<bool, Problem> {
        match self.value(name) {
            None | Some(Value::Null) => Ok(false),
            Some(Value::Bool(on)) => Ok(*on),
            Some(_) => Err(Problem::bad_request("bad_type", "A field has the wrong type.").of(name)),
        }
    }

    /// An optional identifier.
    ///
    /// # Errors
    /// 400 `bad_type` when it is not text, `id_invalid` when it is not an id of this kind.
    pub fn id<T, E>(&self, name: &'static str, parse: fn(&str) -> Result<T, E>) -> Result<Option<T>, Problem> {
        let invalid = Problem::bad_request("id_invalid", "A field is not a valid id of its kind.").of(name);
        match self.value(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => parse(text).map(Some).map_err(|_| invalid),
            Some(_) => Err(Problem::bad_request("bad_type", "A field has the wrong type.").of(name)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderMap, HeaderValue, Method};

    fn read(content_type: &'static str, body: &str) -> Result<Fields, &'static str> {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static(content_type));
        let request = Request {
            method: Method::POST,
            path: "/".into(),
            query: String::new(),
            headers,
            body: body.to_owned().into(),
            request_id: "r".into(),
            host: "h".into(),
            source: crate::http::source::SourceAddress::default(),
            caller: None,
            deadline: crate::deadline::Deadline::after(std::time::Duration::from_secs(15)),
        };
        Fields::read(&request, &["a", "b"]).map_err(|problem| problem.code)
    }

    #[test]
    fn every_odd_body_has_its_own_code() {
        let check = |content_type, body: &str, code| assert_eq!(read(content_type, body).unwrap_err(), code, "{body}");
        check("text/plain", "{}", "content_type");
        for body in ["", "not json", "[]", "7", "{\"a\":", "{\"a\":1}x", "\u{feff}{}"] {
            check("application/json", body, "bad_json");
        }
        check("application/json", r#"{"a":1,"a":1}"#, "duplicate_field");
        check("application/json", r#"{"__proto__":1}"#, "unknown_field");
        check("application/json", &" ".repeat(20_000), "too_large");
        check("application/json", &"[".repeat(10_000), "bad_json");
    }

    #[test]
    fn texts_and_ids_are_checked_one_by_one() {
        let fields = read("Application/JSON; charset=utf-8", r#"{"a":"x\u0000","b":null}"#).unwrap();
        assert_eq!(fields.text("a", 10).unwrap_err().code, "bad_value");
        assert_eq!(fields.text("b", 10), Ok(None));
        let fields = read("application/json", r#"{"a":"12/../me","b":5}"#).unwrap();
        assert_eq!(fields.id("a", crate::domain::ids::WabaId::parse).unwrap_err().code, "id_invalid");
        assert_eq!(fields.id("b", crate::domain::ids::WabaId::parse).unwrap_err().code, "bad_type");
    }
}
