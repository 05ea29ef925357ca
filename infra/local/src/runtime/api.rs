//! The Lambda Runtime API (2018-06-01) of one environment.

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{Response, StatusCode};
use axum::routing::{get, post};
use bytes::Bytes;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{mpsc, oneshot, watch};

/// One invocation to be delivered to the process.
#[derive(Debug)]
pub(super) struct Invocation {
    pub(super) request_id: String,
    pub(super) deadline_ms: u128,
    pub(super) arn: String,
    pub(super) payload: Bytes,
    pub(super) answer: oneshot::Sender<Result<Bytes, Value>>,
}

type Pending = Option<(String, oneshot::Sender<Result<Bytes, Value>>)>;

#[derive(Debug)]
pub(super) struct Api {
    offered: mpsc::Sender<Invocation>,
    next: tokio::sync::Mutex<mpsc::Receiver<Invocation>>,
    pending: Mutex<Pending>,
    /// Whether the process has requested an event, which ends its init.
    ready: watch::Sender<bool>,
}

impl Default for Api {
    fn default() -> Self {
        let (offered, next) = mpsc::channel(1);
        let ready = watch::Sender::new(false);
        Self { offered, next: tokio::sync::Mutex::new(next), pending: Mutex::default(), ready }
    }
}

impl Api {
    pub(super) async fn offer(&self, invocation: Invocation) {
        // The receiver lives as long as `self`; a full channel means the process has not asked yet.
        drop(self.offered.send(invocation).await);
    }

    /// Waits until the process requests its first event.
    pub(super) async fn ready(&self) {
        // The sender lives as long as `self`.
        drop(self.ready.subscribe().wait_for(|ready| *ready).await);
    }

    /// The process has exited; notifies the waiting caller.
    pub(super) fn abandon(&self) {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    fn answer(&self, request_id: &str, answer: Result<Bytes, Value>) -> StatusCode {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        match pending.take() {
            Some((current, sender)) if current == request_id => {
                // After a timeout the caller is gone.
                drop(sender.send(answer));
                StatusCode::ACCEPTED
            }
            other => {
                *pending = other;
                StatusCode::BAD_REQUEST
            }
        }
    }

    pub(super) fn router(self: Arc<Self>) -> Router {
        Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
            .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
            .route("/2018-06-01/runtime/init/error", post(init_error))
            .layer(DefaultBodyLimit::max(super::LARGEST_PAYLOAD * 2))
            .with_state(self)
    }
}

async fn next(State(api): State<Arc<Api>>) -> Response<Body> {
    api.ready.send_replace(true);
    let Some(invocation) = api.next.lock().await.recv().await else {
        return Response::default();
    };
    let trace =
        format!("Root=1-00000000-{};Sampled=0", invocation.request_id.replace('-', "").get(..24).unwrap_or_default());
    let response = Response::builder()
        .header("content-type", "application/json")
        .header("lambda-runtime-aws-request-id", &invocation.request_id)
        .header("lambda-runtime-deadline-ms", invocation.deadline_ms.to_string())
        .header("lambda-runtime-invoked-function-arn", &invocation.arn)
        .header("lambda-runtime-trace-id", trace)
        .body(Body::from(invocation.payload));
    *api.pending.lock().unwrap_or_else(PoisonError::into_inner) = Some((invocation.request_id, invocation.answer));
    response.unwrap_or_default()
}

async fn response(State(api): State<Arc<Api>>, Path(id): Path<String>, body: Bytes) -> StatusCode {
    api.answer(&id, Ok(body))
}

async fn error(State(api): State<Arc<Api>>, Path(id): Path<String>, body: Bytes) -> StatusCode {
    let error = serde_json::from_slice(&body).unwrap_or_else(|_| json!({ "errorType": "Unknown" }));
    api.answer(&id, Err(error))
}

/// The process exits after this, which ends the invocation.
async fn init_error(_: Bytes) -> StatusCode {
    StatusCode::ACCEPTED
}
