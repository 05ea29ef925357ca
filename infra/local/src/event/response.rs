//! A function's result as an HTTP response (payload format 2.0).

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Response, StatusCode};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// Translates a result: an object with `statusCode`, or, as AWS infers, any other JSON as the body of a 200. `None` if
/// it is not a valid response.
pub(crate) fn translate(result: &[u8]) -> Option<Response<Body>> {
    let value: Value = serde_json::from_slice(result).ok()?;
    let Some(status) = value.get("statusCode") else {
        let body = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        return Response::builder().header("content-type", "application/json").body(Body::from(body)).ok();
    };
    let status = status.as_u64().or_else(|| status.as_str()?.parse().ok())?;
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::from_u16(u16::try_from(status).ok()?).ok()?;
    for (name, value) in value.get("headers").and_then(Value::as_object).into_iter().flatten() {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        response.headers_mut().insert(HeaderName::try_from(name.as_str()).ok()?, HeaderValue::try_from(text).ok()?);
    }
    for cookie in value.get("cookies").and_then(Value::as_array).into_iter().flatten() {
        response.headers_mut().append("set-cookie", HeaderValue::from_str(cookie.as_str()?).ok()?);
    }
    let body = value.get("body").and_then(Value::as_str).unwrap_or_default();
    let encoded = value.get("isBase64Encoded").and_then(Value::as_bool).unwrap_or(false);
    *response.body_mut() = if encoded { Body::from(STANDARD.decode(body).ok()?) } else { Body::from(body.to_owned()) };
    if !response.headers().contains_key("content-type") && !body.is_empty() {
        response.headers_mut().insert("content-type", HeaderValue::from_static("text/plain;charset=UTF-8"));
    }
    Some(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn structured_and_plain_results_become_responses() {
        let reply = translate(
            br#"{"statusCode":201,"headers":{"X-A":"b"},"cookies":["k=v","l=w"],"body":"aGk=","isBase64Encoded":true}"#,
        )
        .unwrap();
        assert_eq!((reply.status(), reply.headers()["x-a"].to_str().unwrap()), (StatusCode::CREATED, "b"));
        assert_eq!(reply.headers().get_all("set-cookie").iter().count(), 2);
        assert_eq!(translate(br#"{"message":"hi"}"#).unwrap().status(), StatusCode::OK);
        for bad in [&b"not json"[..], br#"{"statusCode":9999}"#, br#"{"statusCode":200,"headers":{"a b":"c"}}"#] {
            assert!(translate(bad).is_none());
        }
    }
}
