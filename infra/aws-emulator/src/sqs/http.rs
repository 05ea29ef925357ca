//! Wire protocol of SQS: requests by operation name, responses as JSON.

mod messages;
mod queues;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, header};
use axum::response::Response;
use serde_json::Value;

use super::{Sqs, SqsError};
use crate::protocol::{Dialect, Failure, REQUEST_LIMIT, input};

const DIALECT: Dialect =
    Dialect { target_prefix: "AmazonSQS.", content_type: "application/x-amz-json-1.0", namespace: "com.amazonaws.sqs" };

pub(super) fn router(sqs: Sqs) -> Router {
    Router::new().fallback(handle).layer(DefaultBodyLimit::max(REQUEST_LIMIT)).with_state(sqs)
}

async fn handle(State(sqs): State<Sqs>, headers: HeaderMap, body: Bytes) -> Response {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let outcome = match DIALECT.operation(&headers) {
        Some(operation) => dispatch(&sqs, operation, host, &body).await,
        None => Err(Failure::unknown_operation()),
    };
    DIALECT.respond(outcome)
}

async fn dispatch(sqs: &Sqs, operation: &str, host: Option<&str>, body: &Bytes) -> Result<Value, Failure> {
    let answer = match operation {
        "CreateQueue" => queues::create(sqs, host, &input(body)?),
        "GetQueueUrl" => queues::get_url(sqs, host, &input(body)?),
        "GetQueueAttributes" => queues::get_attributes(sqs, &input(body)?),
        "SetQueueAttributes" => queues::set_attributes(sqs, &input(body)?),
        "ListQueues" => queues::list(sqs, host, &input(body)?),
        "DeleteQueue" => queues::delete(sqs, &input(body)?),
        "PurgeQueue" => queues::purge(sqs, &input(body)?),
        "TagQueue" => queues::tag(sqs, input(body)?),
        "UntagQueue" => queues::untag(sqs, &input(body)?),
        "ListQueueTags" => queues::list_tags(sqs, &input(body)?),
        "ListDeadLetterSourceQueues" => queues::list_dead_letter_sources(sqs, host, &input(body)?),
        "StartMessageMoveTask" => queues::start_move(sqs, &input(body)?),
        "ListMessageMoveTasks" => queues::list_moves(sqs, &input(body)?),
        "SendMessage" => messages::send(sqs, input(body)?).await,
        "SendMessageBatch" => messages::send_batch(sqs, input(body)?).await,
        "ReceiveMessage" => messages::receive(sqs, &input(body)?).await,
        "DeleteMessage" => messages::delete(sqs, &input(body)?).await,
        "DeleteMessageBatch" => messages::delete_batch(sqs, input(body)?).await,
        "ChangeMessageVisibility" => messages::change_visibility(sqs, &input(body)?).await,
        "ChangeMessageVisibilityBatch" => messages::change_visibility_batch(sqs, input(body)?).await,
        _ => return Err(Failure::unknown_operation()),
    };
    Ok(answer?)
}

/// A parameter the service requires.
fn required<'a>(value: &'a Option<String>, name: &'static str) -> Result<&'a str, SqsError> {
    value.as_deref().filter(|value| !value.is_empty()).ok_or(SqsError::MissingParameter(name))
}
