//! Requests and responses as plain data.

use axum::body::Body;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use bytes::Bytes;
use serde_json::{Map, Value};

/// Query parameters whose values are never recorded.
const SECRET: [&str; 5] = ["client_secret", "code", "input_token", "access_token", "appsecret_proof"];

/// A Graph request.
#[derive(Debug)]
pub(crate) struct GraphRequest {
    pub(crate) method: String,
    /// Without version, for example `/123/register`.
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    /// JSON or form fields.
    pub(crate) body: Option<Value>,
    pub(crate) token: Option<String>,
    /// The file of an upload; empty for every other request.
    pub(crate) file: Bytes,
    /// Whether the token was sent with the word `OAuth`.
    pub(crate) is_oauth: bool,
    /// The header `file_offset`.
    pub(crate) file_offset: Option<String>,
}

impl GraphRequest {
    /// Parses a request; `None` if the path has no version or the body is not an object.
    pub(crate) fn read(parts: &Parts, body: &Bytes) -> Option<Self> {
        let (version, path) = parts.uri.path().strip_prefix("/v")?.split_once('/')?;
        version.split_once('.').filter(|(major, minor)| major.parse::<u8>().is_ok() && minor.parse::<u8>().is_ok())?;
        let query: Vec<(String, String)> =
            url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
        let text = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
        let header = text(AUTHORIZATION.as_str());
        let oauth = header.and_then(|value| value.strip_prefix("OAuth "));
        let token = oauth.or_else(|| header?.strip_prefix("Bearer ")).map(str::to_owned);
        let token = token.or_else(|| find(&query, "access_token").map(str::to_owned));
        let is_upload = path.starts_with("upload:");
        let file = if is_upload { body.clone() } else { Bytes::new() };
        let body = if body.is_empty() || is_upload { None } else { Some(fields(&parts.headers, body)?) };
        let (method, path) = (parts.method.to_string(), format!("/{path}"));
        let (is_oauth, file_offset) = (oauth.is_some(), text("file_offset").map(str::to_owned));
        Some(Self { method, path, query, body, token, file, is_oauth, file_offset })
    }

    /// A parameter from the query or the body.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        find(&self.query, name).or_else(|| self.body.as_ref()?.get(name)?.as_str())
    }

    pub(crate) fn segments(&self) -> Vec<&str> {
        self.path.split('/').filter(|segment| !segment.is_empty()).collect()
    }

    /// The query as recorded in the journal.
    pub(crate) fn shown(&self) -> Vec<(String, String)> {
        let shown = |(name, value): &(String, String)| {
            let value = if SECRET.contains(&name.as_str()) { "…" } else { value };
            (name.clone(), value.to_owned())
        };
        self.query.iter().map(shown).collect()
    }

    /// The body as recorded in the journal.
    pub(crate) fn shown_body(&self) -> Option<Value> {
        let mut body = self.body.clone()?;
        if let Some(token) = body.get_mut("verify_token") {
            *token = Value::from("…");
        }
        Some(body)
    }
}

fn find<'a>(query: &'a [(String, String)], name: &str) -> Option<&'a str> {
    query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

fn fields(headers: &HeaderMap, body: &Bytes) -> Option<Value> {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if kind.starts_with("application/x-www-form-urlencoded") {
        let pairs =
            url::form_urlencoded::parse(body).map(|(name, value)| (name.into_owned(), Value::from(value.into_owned())));
        return Some(Value::Object(pairs.collect::<Map<_, _>>()));
    }
    serde_json::from_slice(body).ok().filter(Value::is_object)
}

/// A JSON response.
pub(crate) fn answer(status: u16, body: &Value, headers: &[(&str, String)]) -> Response<Body> {
    let text = body.as_str().map_or_else(|| body.to_string(), str::to_owned);
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=UTF-8"));
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(*name), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}
