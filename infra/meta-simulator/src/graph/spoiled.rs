//! Damaged responses.

use crate::http::answer;
use axum::body::Body;
use axum::http::Response;
use serde_json::{Value, json};

/// The first half of a response, with the content length of the whole.
pub(super) async fn half(response: Response<Body>) -> Response<Body> {
    let (mut parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, super::LARGEST).await.unwrap_or_default();
    let sent = bytes.slice(..bytes.len() / 2);
    parts.headers.insert(axum::http::header::CONTENT_LENGTH, bytes.len().into());
    let broken = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
    Response::from_parts(parts, Body::from_stream(futures_util::stream::iter([Ok(sent), Err(broken)])))
}

/// A page of a list whose next cursor is its own.
pub(super) async fn circle(response: Response<Body>, asked_after: &str) -> Response<Body> {
    let (head, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, super::LARGEST).await.unwrap_or_default();
    let mut page: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    let cursors = json!({ "before": asked_after, "after": asked_after });
    if let Some(page) = page.as_object_mut() {
        page.insert("paging".to_owned(), json!({ "cursors": cursors, "next": "https://graph.facebook.com/next" }));
    }
    answer(head.status.as_u16(), &page, &[])
}
