//! Decodes HTTP API events through `lambda_http`. Its conversion assumes well-formed events and panics on others (a
//! path or host that is not a URI, a body that is not base64), so each event is validated first and an invalid one is
//! answered with 400. Replies are UTF-8 text and do not need its conversions, whose encoding tables would add 0.2 MB to
//! each function.

use crate::deadline::Deadline;
use crate::http::caller::Caller;
use crate::http::problem::Problem;
use crate::http::source::SourceAddress;
use crate::http::{Reply, Request};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::FutureExt;
use http::{StatusCode, header};
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpResponse;
use lambda_http::request::{LambdaRequest, RequestContext};
use lambda_http::{Body, RequestExt};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
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
    /// Answers one request; a problem is also an answer.
    fn handle(&self, request: Request) -> impl Future<Output = Result<Reply, Problem>> + Send;
}

/// Serves a function behind the HTTP API until Lambda stops the process.
///
/// # Errors
/// When the Runtime API cannot be reached.
pub async fn serve<H: Handler>(handler: &H) -> Result<(), Error> {
    lambda_runtime::run(service_fn(async |event: LambdaEvent<Box<RawValue>>| {
        let reply = match parse(event.payload.get()) {
            // Boxed: the handler's future is nested too deeply for the compiler to lay out inline.
            Some(request) => Box::pin(answer(handler, request.into(), Deadline::of(&event.context))).await,
            None => Problem::bad_request("malformed", "The request is malformed.").reply(&event.context.request_id),
        };
        Ok::<_, Error>(response(reply))
    }))
    .await
}

fn parse(event: &str) -> Option<LambdaRequest> {
    let shape: Shape = serde_json::from_str(event).ok()?;
    shape.is_well_formed().then(|| serde_json::from_str(event).ok()).flatten()
}

/// Repeated headers would be merged, so cookies have their own member (payload format 2.0); no other header is
/// repeated.
fn response(reply: Reply) -> ApiGatewayV2httpResponse {
    let (mut head, body) = reply.into_parts();
    let mut response = ApiGatewayV2httpResponse::default();
    let cookies = head.headers.get_all(header::SET_COOKIE).iter().filter_map(|cookie| cookie.to_str().ok());
    response.cookies = cookies.map(str::to_owned).collect();
    head.headers.remove(header::SET_COOKIE);
    response.status_code = head.status.as_u16().into();
    response.headers = head.headers;
    response.body = Some(Body::Text(body));
    response
}

async fn answer<H: Handler>(handler: &H, request: lambda_http::Request, deadline: Deadline) -> Reply {
    let request = convert(request, deadline);
    let (request_id, method, path) = (request.request_id.clone(), request.method.clone(), route(&request.path));
    let answered = AssertUnwindSafe(handler.handle(request)).catch_unwind().await;
    match answered {
        Ok(Ok(reply)) => reply,
        Ok(Err(problem)) => {
            tracing::info!(request.id = request_id, %method, path, error.code = problem.code, "refused");
            problem.reply(&request_id)
        }
        Err(_) => {
            tracing::error!(request.id = request_id, %method, path, error.code = "panic", "handler panicked");
            Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Something went wrong on our side.")
                .reply(&request_id)
        }
    }
}

/// The first two segments: enough to identify the route, without ids.
fn route(path: &str) -> String {
    path.split('/').take(3).collect::<Vec<_>>().join("/")
}

fn convert(request: lambda_http::Request, deadline: Deadline) -> Request {
    let context = request.request_context_ref();
    let (mut request_id, mut host) = (String::new(), String::new());
    let (mut source, mut caller) = (SourceAddress::default(), None);
    if let Some(RequestContext::ApiGatewayV2(context)) = context {
        request_id = context.request_id.clone().unwrap_or_default();
        // Not the `Host` header, which the client controls: URLs that we return are built from this.
        host = context.domain_name.clone().unwrap_or_default();
        source = SourceAddress::parse(context.http.source_ip.as_deref().unwrap_or_default());
        let jwt = context.authorizer.as_ref().and_then(|authorizer| authorizer.jwt.as_ref());
        caller = jwt.map(|jwt| Caller::of_claims(&jwt.claims));
    }
    let (path, query) = (request.raw_http_path().to_owned(), request.uri().query().unwrap_or_default().to_owned());
    let (parts, body) = request.into_parts();
    let body = Bytes::copy_from_slice(&body);
    let (method, headers) = (parts.method, parts.headers);
    Request { method, path, query, headers, body, request_id, host, source, caller, deadline }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{cookie, json};
    use serde_json::json;
    use std::time::Duration;

    fn soon() -> Deadline {
        Deadline::after(Duration::from_secs(15))
    }

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
    fn a_reply_leaves_as_text_with_its_headers() {
        let sent = serde_json::to_value(response(json(StatusCode::CREATED, &json!({ "a": "ä" })))).unwrap();
        assert_eq!((&sent["statusCode"], &sent["body"]), (&json!(201), &json!(r#"{"a":"ä"}"#)));
        assert_eq!(
            (&sent["isBase64Encoded"], &sent["headers"]["content-type"]),
            (&json!(false), &json!("application/json"))
        );
    }

    #[test]
    fn cookies_come_and_go_in_their_own_members() {
        let text = event("/signup", "", "h.example", "", false);
        let with = text.replacen("{", r#"{"cookies":["__Host-signup-browser=b","k=v"],"#, 1);
        let request = convert(parse(&with).unwrap().into(), soon());
        assert_eq!(cookie::read(&request, cookie::BROWSER), Some("b"));
        let mut reply = crate::http::no_content();
        cookie::set(&mut reply, cookie::BROWSER, "b", Duration::from_secs(60));
        cookie::set(&mut reply, cookie::SESSION, "s", Duration::from_secs(60));
        let sent = serde_json::to_value(response(reply)).unwrap();
        let expected = "__Host-signup-browser=b; Path=/; Max-Age=60; Secure; HttpOnly; SameSite=Lax";
        assert_eq!((&sent["cookies"][0], sent["cookies"].as_array().unwrap().len()), (&json!(expected), 2));
        assert!(sent["headers"].get("set-cookie").is_none());
    }

    #[test]
    fn a_reply_without_a_body_leaves_with_an_empty_one() {
        let sent = serde_json::to_value(response(crate::http::no_content())).unwrap();
        assert_eq!((&sent["statusCode"], &sent["body"]), (&json!(204), &json!("")));
    }

    #[test]
    fn addresses_are_built_from_the_gateways_own_name_and_not_from_the_clients() {
        let text = event("/x", "", "api.example", "", false);
        let forged = text.replace(r#""host":"api.example""#, r#""host":"evil.example""#);
        assert_ne!(forged, text);
        assert_eq!(convert(parse(&forged).unwrap().into(), soon()).base_url(), "https://api.example");
    }

    #[test]
    fn a_client_is_known_by_the_address_that_the_gateway_saw_and_not_by_what_it_says() {
        let text = event("/x", "", "api.example", "", false);
        let forged = text.replace(
            r#""host":"api.example""#,
            r#""host":"api.example","x-forwarded-for":"203.0.113.7","forwarded":"for=203.0.113.7""#,
        );
        assert_ne!(forged, text);
        assert_eq!(convert(parse(&forged).unwrap().into(), soon()).source, SourceAddress::parse("127.0.0.1"));
    }

    #[test]
    fn accepted_events_convert() {
        let request =
            convert(parse(&event("/signup/callback", "a=b%20c", "h.example", "aGk=", true)).unwrap().into(), soon());
        assert_eq!((request.path.as_str(), request.parameter("a").as_deref()), ("/signup/callback", Some("b c")));
        assert_eq!(
            (&request.body[..], request.host.as_str(), request.request_id.as_str()),
            (&b"hi"[..], "h.example", "r")
        );
        assert_eq!(request.source, SourceAddress::parse("127.0.0.1"));
    }
}
