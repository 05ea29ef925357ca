//! The HTTP API's events, through `lambda_http`. Its conversion assumes well-formed events and panics on others (a path or
//! host that is no URI, a body that is not base64), so each event is checked first and a bad one is answered 400.

use crate::http::problem::Problem;
use crate::http::{Reply, Request};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::FutureExt;
use http::StatusCode;
use lambda_http::request::{LambdaRequest, RequestContext};
use lambda_http::{Adapter, RequestExt, Service};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::convert::Infallible;
use std::panic::AssertUnwindSafe;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Shape {
    raw_path: String,
    #[serde(default)]
    raw_query_string: String,
    #[serde(default)]
    headers: serde_json::Map<String, Value>,
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

impl Shape {
    fn is_well_formed(&self) -> bool {
        let host = self.headers.get("host").and_then(Value::as_str).unwrap_or("h");
        let uri = format!("https://{host}{}?{}", self.raw_path, self.raw_query_string);
        let body = self.body.as_deref().filter(|_| self.is_base64_encoded);
        uri.parse::<http::Uri>().is_ok() && body.is_none_or(|body| STANDARD.decode(body).is_ok())
    }
}

/// A function behind the HTTP API.
pub trait Handler: Sync {
    /// Answers one request; a problem is an answer too.
    fn handle(&self, request: Request) -> impl Future<Output = Result<Reply, Problem>> + Send;
}

/// Serves a function behind the HTTP API until Lambda ends the process.
///
/// # Errors
/// When the Runtime API cannot be reached.
pub async fn serve<H: Handler>(handler: &H) -> Result<(), Error> {
    lambda_runtime::run(service_fn(async |event: LambdaEvent<Box<RawValue>>| {
        let Some(request) = parse(event.payload.get()) else {
            let title = "The request is malformed.";
            return Ok(bare(&Problem::bad_request("malformed", title), &event.context.request_id));
        };
        let mut adapter = Adapter::from(service_fn(|request| answer(handler, request)));
        let Ok(response) = adapter.call(LambdaEvent::new(request, event.context)).await;
        Ok::<Value, Error>(serde_json::to_value(response)?)
    }))
    .await
}

fn parse(event: &str) -> Option<LambdaRequest> {
    let shape: Shape = serde_json::from_str(event).ok()?;
    shape.is_well_formed().then(|| serde_json::from_str(event).ok()).flatten()
}

/// A refusal of an event that cannot be converted.
fn bare(problem: &Problem, request_id: &str) -> Value {
    let reply = problem.reply(request_id);
    let header = |name: &str| reply.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    json!({ "statusCode": reply.status().as_u16(), "headers": { "content-type": header("content-type") }, "body": reply.body() })
}

async fn answer<H: Handler>(handler: &H, request: lambda_http::Request) -> Result<Reply, Infallible> {
    let request = convert(request);
    let (request_id, method, path) = (request.request_id.clone(), request.method.clone(), route(&request.path));
    let answered = AssertUnwindSafe(handler.handle(request)).catch_unwind().await;
    let reply = match answered {
        Ok(Ok(reply)) => reply,
        Ok(Err(problem)) => {
            tracing::info!(request.id = request_id, %method, path, error.code = problem.code, "refused");
            problem.reply(&request_id)
        }
        Err(_) => {
            tracing::error!(request.id = request_id, %method, path, error.code = "panic", "a handler panicked");
            Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Something went wrong on our side.")
                .reply(&request_id)
        }
    };
    Ok(reply)
}

/// The first two segments: enough to find the route, without ids.
fn route(path: &str) -> String {
    path.split('/').take(3).collect::<Vec<_>>().join("/")
}

fn convert(request: lambda_http::Request) -> Request {
    let context = request.request_context_ref();
    let (mut request_id, mut host) = (String::new(), String::new());
    if let Some(RequestContext::ApiGatewayV2(context)) = context {
        request_id = context.request_id.clone().unwrap_or_default();
        host = context.domain_name.clone().unwrap_or_default();
    }
    let (path, query) = (request.raw_http_path().to_owned(), request.uri().query().unwrap_or_default().to_owned());
    let (parts, body) = request.into_parts();
    let named = parts.headers.get(http::header::HOST).and_then(|value| value.to_str().ok());
    let host = named.map_or(host, str::to_owned);
    let body = Bytes::copy_from_slice(&body);
    Request { method: parts.method, path, query, headers: parts.headers, body, request_id, host }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(path: &str, query: &str, host: &str, body: &str, base64: bool) -> String {
        json!({
            "version": "2.0", "routeKey": "GET /x", "rawPath": path, "rawQueryString": query,
            "headers": { "host": host }, "body": body, "isBase64Encoded": base64,
            "requestContext": { "http": { "method": "GET", "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1" },
                "stage": "$default", "requestId": "r", "domainName": host, "timeEpoch": 1, "time": "" }
        })
        .to_string()
    }

    #[test]
    fn events_that_would_panic_are_refused_before() {
        assert!(parse(&event("/x", "a=b", "h.example", "", false)).is_some());
        for bad in [
            event("/a b", "", "h.example", "", false),
            event("/\u{0}", "", "h.example", "", false),
            event("/x", "a=\u{7f} b", "h.example", "", false),
            event("/x", "", "bad host/", "", false),
            event("/x", "", "h.example", "not base64!", true),
            "{}".to_owned(),
            "null".to_owned(),
        ] {
            assert!(parse(&bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn accepted_events_convert() {
        let request = convert(parse(&event("/signup/callback", "a=b%20c", "h.example", "aGk=", true)).unwrap().into());
        assert_eq!((request.path.as_str(), request.parameter("a").as_deref()), ("/signup/callback", Some("b c")));
        assert_eq!(
            (&request.body[..], request.host.as_str(), request.request_id.as_str()),
            (&b"hi"[..], "h.example", "r")
        );
    }
}
