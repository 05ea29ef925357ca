//! HTTP requests as payload format 2.0 (HTTP API and Function URL; AWS: "Working with AWS Lambda proxy integrations for
//! HTTP APIs").

use axum::extract::ConnectInfo;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Map, Value, json};
use std::net::SocketAddr;
use std::time::{SystemTime, UNIX_EPOCH};

/// Which service calls the function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Endpoint {
    /// API Gateway.
    HttpApi,
    /// Lambda itself.
    FunctionUrl,
}

/// What the service adds to a request.
#[derive(Debug)]
pub(crate) struct RequestContext {
    pub(crate) endpoint: Endpoint,
    /// The host name of the service; the client's `Host` if the service has none.
    pub(crate) host: Option<String>,
    pub(crate) route_key: String,
    pub(crate) path_parameters: Vec<(String, String)>,
    /// Claims of an accepted token, and the scopes the route requires.
    pub(crate) claims: Option<(Value, Vec<String>)>,
}

/// The event.
pub(crate) fn payload(parts: &Parts, body: &Bytes, context: &RequestContext) -> Value {
    let host = parts.headers.get("host").and_then(|host| host.to_str().ok()).unwrap_or("localhost").to_owned();
    let (text, is_base64) = encode(body, &parts.headers);
    let mut event = json!({
        "version": "2.0",
        "routeKey": context.route_key,
        "rawPath": parts.uri.path(),
        "rawQueryString": parts.uri.query().unwrap_or_default(),
        "headers": headers(parts, &host),
        "requestContext": request_context(parts, context, &host),
        "isBase64Encoded": is_base64,
    });
    if let Some(fields) = event.as_object_mut() {
        let mut set = |name: &str, value: Value| fields.insert(name.to_owned(), value);
        let cookies = cookies(&parts.headers);
        if !cookies.is_empty() {
            set("cookies", json!(cookies));
        }
        if let Some(query) = query(parts.uri.query().unwrap_or_default()) {
            set("queryStringParameters", query);
        }
        if !context.path_parameters.is_empty() {
            let parameters: Map<String, Value> =
                context.path_parameters.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
            set("pathParameters", Value::Object(parameters));
        }
        if !body.is_empty() {
            set("body", Value::from(text));
        }
    }
    event
}

fn request_context(parts: &Parts, context: &RequestContext, host: &str) -> Value {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let agent = parts.headers.get("user-agent").and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    let host = context.host.as_deref().unwrap_or(host);
    let mut value = json!({
        "accountId": if context.endpoint == Endpoint::HttpApi { crate::physical::ACCOUNT } else { "anonymous" },
        "apiId": "local",
        "domainName": host,
        "domainPrefix": host.split(['.', ':']).next(),
        "http": {
            "method": parts.method.as_str(),
            "path": parts.uri.path(),
            "protocol": "HTTP/1.1",
            "sourceIp": source(parts),
            "userAgent": agent,
        },
        "requestId": uuid::Uuid::new_v4().to_string(),
        "routeKey": context.route_key,
        "stage": "$default",
        "time": clf_time(now.as_secs()),
        "timeEpoch": u64::try_from(now.as_millis()).unwrap_or_default(),
    });
    if let (Some((claims, scopes)), Some(fields)) = (&context.claims, value.as_object_mut()) {
        let scopes = Some(scopes).filter(|scopes| !scopes.is_empty());
        fields.insert("authorizer".to_owned(), json!({ "jwt": { "claims": in_text(claims), "scopes": scopes } }));
    }
    value
}

/// The address of the client.
fn source(parts: &Parts) -> String {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    peer.map_or_else(|| "127.0.0.1".to_owned(), |ConnectInfo(peer)| peer.ip().to_string())
}

/// API Gateway passes every claim as text, and a list as `[a b]`.
fn in_text(claims: &Value) -> Value {
    let plain = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let text = |value: &Value| match value {
        Value::Array(items) => format!("[{}]", items.iter().map(plain).collect::<Vec<_>>().join(" ")),
        single => plain(single),
    };
    claims.as_object().into_iter().flatten().map(|(name, value)| (name.clone(), Value::from(text(value)))).collect()
}

/// `12/Mar/2020:19:03:58 +0000`.
fn clf_time(seconds: u64) -> String {
    let at = jiff::Timestamp::from_second(i64::try_from(seconds).unwrap_or_default()).unwrap_or_default();
    at.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string()
}

/// Lower-case names, repeated headers joined by commas, and the headers the service adds.
fn headers(parts: &Parts, host: &str) -> Map<String, Value> {
    let mut map = Map::new();
    for name in parts.headers.keys().filter(|name| *name != "cookie") {
        let values: Vec<_> =
            parts.headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
        map.insert(name.as_str().to_owned(), json!(values.join(",")));
    }
    let port = host.rsplit_once(':').map_or("80", |(_, port)| port);
    let source = source(parts);
    for (name, value) in
        [("x-forwarded-for", source.as_str()), ("x-forwarded-port", port), ("x-forwarded-proto", "http")]
    {
        map.insert(name.to_owned(), json!(value));
    }
    map
}

fn cookies(headers: &HeaderMap) -> Vec<String> {
    let lines = headers.get_all("cookie").iter().filter_map(|line| line.to_str().ok());
    lines
        .flat_map(|line| line.split(';'))
        .map(|cookie| cookie.trim().to_owned())
        .filter(|cookie| !cookie.is_empty())
        .collect()
}

/// Decoded parameters, repeated ones joined by commas.
fn query(raw: &str) -> Option<Value> {
    let mut map: Map<String, Value> = Map::new();
    for (name, value) in url::form_urlencoded::parse(raw.as_bytes()) {
        let joined = match map.get(&*name).and_then(Value::as_str) {
            Some(earlier) => format!("{earlier},{value}"),
            None => value.into_owned(),
        };
        map.insert(name.into_owned(), Value::from(joined));
    }
    (!map.is_empty()).then_some(Value::Object(map))
}

/// Text is passed as it is; everything else, including invalid UTF-8, as base64.
fn encode(body: &Bytes, headers: &HeaderMap) -> (String, bool) {
    let kind = headers.get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or("application/json");
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let textual = kind.starts_with("text/")
        || ["application/json", "application/xml", "application/javascript"].contains(&kind.as_str());
    match std::str::from_utf8(body) {
        Ok(text) if textual && !headers.contains_key("content-encoding") => (text.to_owned(), false),
        _ => (STANDARD.encode(body), true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;

    fn event(request: axum::http::request::Builder, body: &'static [u8]) -> Value {
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let context = RequestContext {
            endpoint: Endpoint::HttpApi,
            host: Some("localhost:3000".into()),
            route_key: "POST /a/{id}".into(),
            path_parameters: vec![("id".into(), "7".into())],
            claims: Some((json!({ "sub": "x", "exp": 7, "aud": ["a", "b"] }), vec!["read".into()])),
        };
        payload(&parts, &Bytes::from_static(body), &context)
    }

    #[test]
    fn a_request_becomes_the_documented_event() {
        let request = Request::post("/a/7?x=1&x=2%203&y=")
            .header("Host", "127.0.0.1:3000")
            .header("X-Twice", "a")
            .header("X-Twice", "b")
            .header("Cookie", "k=v; l=w")
            .header("Content-Type", "application/json; charset=utf-8");
        let event = event(request, b"{\"a\":1}");
        assert_eq!(event["version"], "2.0");
        assert_eq!((&event["rawPath"], &event["rawQueryString"]), (&json!("/a/7"), &json!("x=1&x=2%203&y=")));
        assert_eq!(event["queryStringParameters"], json!({ "x": "1,2 3", "y": "" }));
        assert_eq!(
            (&event["headers"]["x-twice"], &event["headers"]["x-forwarded-proto"]),
            (&json!("a,b"), &json!("http"))
        );
        assert_eq!((&event["cookies"], &event["headers"]["cookie"]), (&json!(["k=v", "l=w"]), &Value::Null));
        assert_eq!((&event["body"], &event["isBase64Encoded"]), (&json!("{\"a\":1}"), &json!(false)));
        assert_eq!(event["pathParameters"], json!({ "id": "7" }));
        let jwt = &event["requestContext"]["authorizer"]["jwt"];
        assert_eq!(jwt["claims"], json!({ "sub": "x", "exp": "7", "aud": "[a b]" }));
        assert_eq!(jwt["scopes"], json!(["read"]));
        assert_eq!(event["requestContext"]["domainName"], "localhost:3000", "whatever the client calls it");
        assert_eq!(event["requestContext"]["http"]["method"], "POST");
    }

    #[test]
    fn bodies_that_are_not_text_are_base64() {
        let binary = event(Request::post("/").header("content-type", "application/octet-stream"), b"hi");
        assert_eq!((&binary["body"], &binary["isBase64Encoded"]), (&json!("aGk="), &json!(true)));
        let damaged = event(Request::post("/").header("content-type", "application/json"), b"\xff");
        assert_eq!(damaged["isBase64Encoded"], json!(true));
        assert!(event(Request::post("/"), b"").get("body").is_none());
    }

    #[test]
    fn times_have_the_common_log_format() {
        assert_eq!(clf_time(1_583_953_438), "11/Mar/2020:19:03:58 +0000");
    }
}
