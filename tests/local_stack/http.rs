//! Requests as the function sees them, and responses of the gateway itself.

use crate::bench::{Bench, echoed};
use bytes::Bytes;
use serde_json::json;

const API: &str = "
  Api:
    Type: AWS::Serverless::HttpApi
    Properties:
      Auth:
        DefaultAuthorizer: Jwt
        Authorizers:
          Jwt:
            IdentitySource: $request.header.Authorization
            JwtConfiguration: { issuer: !Ref JwtIssuer, audience: [!Ref JwtAudience] }
      CorsConfiguration: { AllowOrigins: ['https://a.example'], AllowMethods: [GET], AllowHeaders: [x-a] }
  Probe:
    Type: AWS::Serverless::Function
    Metadata: { BuildMethod: rust-cargolambda, BuildProperties: { Binary: probe } }
    Properties:
      CodeUri: .
      FunctionUrlConfig: { AuthType: NONE }
      Events:
        Open: { Type: HttpApi, Properties: { ApiId: !Ref Api, Method: POST, Path: '/open/{id}', Auth: { Authorizer: NONE } } }
        Exact: { Type: HttpApi, Properties: { ApiId: !Ref Api, Method: POST, Path: /open/exact, Auth: { Authorizer: NONE } } }
        Closed: { Type: HttpApi, Properties: { ApiId: !Ref Api, Method: GET, Path: /closed } }
        Scoped: { Type: HttpApi, Properties: { ApiId: !Ref Api, Method: GET, Path: /scoped, Auth: { AuthorizationScopes: [a, b] } } }
";

#[tokio::test(flavor = "multi_thread")]
async fn an_http_api_event_has_the_documented_form() {
    let bench = Bench::of(API).await;
    let url = format!("{}/open/7?a=1&a=2&b=%20", bench.stack.endpoints().api);
    let headers = [("X-Mixed-Case", "v"), ("cookie", "k=v; l=w"), ("content-type", "application/json")];
    let event = echoed(&bench.client.send("POST", &url, &headers, Bytes::from_static(b"{}")).await.unwrap());
    assert_eq!((&event["version"], &event["routeKey"]), (&json!("2.0"), &json!("POST /open/{id}")));
    assert_eq!((&event["rawPath"], &event["rawQueryString"]), (&json!("/open/7"), &json!("a=1&a=2&b=%20")));
    assert_eq!(event["queryStringParameters"], json!({ "a": "1,2", "b": " " }));
    assert_eq!((&event["headers"]["x-mixed-case"], &event["cookies"]), (&json!("v"), &json!(["k=v", "l=w"])));
    assert_eq!((&event["body"], &event["isBase64Encoded"]), (&json!("{}"), &json!(false)));
    assert_eq!(event["requestContext"]["http"]["method"], "POST");
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_url_event_has_the_documented_form() {
    let bench = Bench::of(API).await;
    let url = format!("{}any/path?x", bench.stack.endpoints().webhook);
    let sent =
        bench.client.send("PUT", &url, &[("content-type", "application/octet-stream")], Bytes::from_static(b"\xff"));
    let event = echoed(&sent.await.unwrap());
    assert_eq!((&event["routeKey"], &event["rawPath"]), (&json!("$default"), &json!("/any/path")));
    assert_eq!((&event["body"], &event["isBase64Encoded"]), (&json!("/w=="), &json!(true)));
    assert_eq!(event["requestContext"]["accountId"], "anonymous");
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_most_specific_route_is_taken_and_no_other() {
    let bench = Bench::of(API).await;
    let post = async |path: &str| {
        let url = format!("{}{path}", bench.stack.endpoints().api);
        bench.client.send("POST", &url, &[], Bytes::new()).await.unwrap()
    };
    assert_eq!(echoed(&post("/open/exact").await)["routeKey"], "POST /open/exact");
    assert_eq!(echoed(&post("/open/other").await)["pathParameters"]["id"], "other");
    for path in ["/open", "/open/", "/open/a/b", "/nowhere"] {
        let answer = post(path).await;
        assert_eq!((answer.status, answer.json()), (404, json!({ "message": "Not Found" })), "{path}");
    }
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_route_wants_a_token_of_the_issuer() {
    let bench = Bench::of(API).await;
    let refused = bench.get("/closed").await;
    assert_eq!((refused.status, refused.header("www-authenticate")), (401, "Bearer"));
    let bearer = format!("Bearer {}", bench.stack.endpoints().platform_token);
    let url = format!("{}/closed", bench.stack.endpoints().api);
    let event = echoed(&bench.client.get(&url, &[("authorization", &bearer)]).await.unwrap());
    let claims = &event["requestContext"]["authorizer"]["jwt"]["claims"];
    assert_eq!((&claims["sub"], &claims["aud"]), (&json!("platform"), &json!("ours")));
    assert!(claims["exp"].is_string(), "API Gateway passes claims as text");
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_route_with_scopes_wants_one_of_them() {
    let bench = Bench::of(API).await;
    let url = format!("{}/scoped", bench.stack.endpoints().api);
    let get = async |claims: serde_json::Value| {
        let bearer = format!("Bearer {}", bench.stack.sign(&claims).unwrap());
        bench.client.get(&url, &[("authorization", &bearer)]).await.unwrap()
    };
    let refused = get(json!({ "aud": "ours", "scope": "c ab" })).await;
    assert_eq!((refused.status, refused.json()), (403, json!({ "message": "Forbidden" })));
    assert_eq!(refused.header("www-authenticate"), "Bearer scope=\"a b\" error=\"insufficient_scope\"");
    let event = echoed(&get(json!({ "aud": "ours", "scope": "c b" })).await);
    assert_eq!(event["requestContext"]["authorizer"]["jwt"]["scopes"], json!(["a", "b"]));
    assert_eq!(get(json!({ "aud": "theirs", "scope": "a" })).await.status, 401);
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_answers_under_its_own_names_only() {
    let bench = Bench::of(API).await;
    let api = bench.stack.endpoints().api.clone();
    let port = api.rsplit(':').next().unwrap().to_owned();
    for host in ["evil.example", "localhost", "localhost:1", &format!("localhost.evil.example:{port}")] {
        let answer =
            bench.client.send("POST", &format!("{api}/open/7"), &[("host", host)], Bytes::new()).await.unwrap();
        assert_eq!((answer.status, answer.json()), (403, json!({ "message": "Forbidden" })), "{host}");
    }
    for host in [format!("localhost:{port}"), format!("127.0.0.1:{port}"), format!("LOCALHOST:{port}")] {
        let (url, headers) = (format!("{api}/open/7"), [("host", host.as_str())]);
        let event = echoed(&bench.client.send("POST", &url, &headers, Bytes::new()).await.unwrap());
        assert_eq!(event["requestContext"]["domainName"], json!(host.to_lowercase()));
    }
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_large_is_refused_at_the_function_url() {
    let bench = Bench::of(API).await;
    let url = format!("{}/open/7", bench.stack.endpoints().api);
    let long = "x".repeat(11_000);
    assert_eq!(bench.client.get(&url, &[("x-long", &long)]).await.unwrap().status, 431);
    let large = Bytes::from(vec![b'x'; 11 * 1024 * 1024]);
    assert_eq!(bench.client.send("POST", &url, &[], large).await.unwrap().status, 413);
    let beyond_lambda = Bytes::from(vec![b'"'; 4 * 1024 * 1024]);
    let sent =
        bench.client.send("POST", &bench.stack.endpoints().webhook, &[("content-type", "text/plain")], beyond_lambda);
    assert_eq!(sent.await.unwrap().status, 413, "escaping doubled it");
    assert_eq!(bench.stack.counts()["Probe"].invocations, 0);
    bench.stop().await;
}
