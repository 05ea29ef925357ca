//! Wire protocol of Secrets Manager: requests by operation name, responses as JSON.

mod listing;
mod secrets;
mod versions;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use super::SecretsManager;
use super::error::SecretsError;
use super::password::RandomPassword;
use crate::identifier;
use crate::protocol::{Dialect, Failure, REQUEST_LIMIT, input};

/// Lengths of a `ClientRequestToken`, in characters.
const TOKEN_LENGTH: std::ops::RangeInclusive<usize> = 32..=64;

const DIALECT: Dialect = Dialect {
    target_prefix: "secretsmanager.",
    content_type: "application/x-amz-json-1.1",
    namespace: "com.amazonaws.secretsmanager",
};

pub(super) fn router(secrets: SecretsManager) -> Router {
    Router::new().fallback(handle).layer(DefaultBodyLimit::max(REQUEST_LIMIT)).with_state(secrets)
}

async fn handle(State(secrets): State<SecretsManager>, headers: HeaderMap, body: Bytes) -> Response {
    let operation = DIALECT.operation(&headers).ok_or_else(Failure::unknown_operation);
    DIALECT.respond(operation.and_then(|operation| dispatch(&secrets, operation, &body)))
}

fn dispatch(secrets: &SecretsManager, operation: &str, body: &Bytes) -> Result<Value, Failure> {
    let answer = match operation {
        "CreateSecret" => secrets::create(secrets, input(body)?),
        "DescribeSecret" => secrets::describe(secrets, &input(body)?),
        "UpdateSecret" => secrets::update(secrets, input(body)?),
        "DeleteSecret" => secrets::delete(secrets, &input(body)?),
        "RestoreSecret" => secrets::restore(secrets, &input(body)?),
        "TagResource" => secrets::tag(secrets, input(body)?),
        "UntagResource" => secrets::untag(secrets, &input(body)?),
        "GetSecretValue" => versions::get(secrets, &input(body)?),
        "BatchGetSecretValue" => versions::get_batch(secrets, &input(body)?),
        "PutSecretValue" => versions::put(secrets, input(body)?),
        "UpdateSecretVersionStage" => versions::move_stage(secrets, &input(body)?),
        "ListSecretVersionIds" => versions::list(secrets, &input(body)?),
        "ListSecrets" => listing::list(secrets, &input(body)?),
        "GetRandomPassword" => {
            input::<RandomPassword>(body)?.generate().map(|password| json!({"RandomPassword": password}))
        }
        _ => return Err(Failure::unknown_operation()),
    };
    Ok(answer?)
}

/// Identifies a secret: by name, ARN or partial ARN.
#[derive(Deserialize)]
pub(super) struct SecretId {
    #[serde(rename = "SecretId")]
    id: String,
}

/// The version id of a request: the client's token, which makes repeats recognisable, or a new one.
fn version_id(token: Option<String>) -> Result<String, SecretsError> {
    let Some(token) = token else {
        return Ok(identifier::uuid());
    };
    if TOKEN_LENGTH.contains(&token.len()) {
        return Ok(token);
    }
    Err(SecretsError::InvalidParameter("ClientRequestToken must be 32-64 characters long.".to_owned()))
}

/// A time in the protocol's format: seconds since the epoch with a fraction.
fn timestamp(millis: u64) -> f64 {
    millis as f64 / 1000.0
}

/// The day of a time. Secrets Manager reports the last access by day only.
fn day(millis: u64) -> f64 {
    timestamp(millis - millis % 86_400_000)
}

/// Adds the members that have a value.
fn extend<const N: usize>(object: &mut Value, optional: [(&str, Option<Value>); N]) {
    if let Value::Object(members) = object {
        members.extend(optional.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
    }
}
