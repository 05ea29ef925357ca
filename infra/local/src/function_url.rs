//! The Function URL: one function, every path and method, no gateway (AWS: "Invoking Lambda function URLs").

use crate::event::{Endpoint, RequestContext, payload, translate};
use crate::gateway::message;
use crate::runtime::{Function, InvokeError, LARGEST_PAYLOAD};
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{Response, StatusCode};
use bytes::Bytes;
use std::sync::Arc;

pub(crate) fn router(function: Arc<Function>) -> Router {
    Router::new().fallback(serve).with_state(function)
}

async fn serve(State(function): State<Arc<Function>>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, LARGEST_PAYLOAD).await else {
        return message(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large");
    };
    let context = RequestContext {
        endpoint: Endpoint::FunctionUrl,
        host: None,
        route_key: "$default".to_owned(),
        path_parameters: Vec::new(),
        claims: None,
    };
    let event = payload(&parts, &body, &context);
    let invoked = tokio::spawn(async move { function.invoke(Bytes::from(event.to_string())).await }).await;
    match invoked {
        Ok(Ok(result)) => translate(&result).unwrap_or_else(failed),
        Ok(Err(InvokeError::TooLarge)) => message(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large"),
        Ok(Err(InvokeError::Throttled)) => message(StatusCode::TOO_MANY_REQUESTS, "Rate Exceeded."),
        Ok(Err(InvokeError::Function(_))) | Err(_) => failed(),
    }
}

fn failed() -> Response<Body> {
    message(StatusCode::BAD_GATEWAY, "Internal Server Error")
}
