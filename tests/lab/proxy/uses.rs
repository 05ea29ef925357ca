//! What functions do at AWS, in the terms of IAM policies.

use axum::http::request::Parts;
use local::Endpoints;
use serde_json::Value;
use std::collections::BTreeMap;

/// Something a function did at AWS.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Use {
    /// Its logical id.
    pub function: String,
    /// The action as policies name it, for example `dynamodb:GetItem`.
    pub action: String,
    /// The resource: a logical id, an index, or the path of a customer's secret.
    pub thing: String,
}

/// The actions of a request in policy terms: the parts of a transaction are puts, a batch is many sends.
pub(super) fn uses(endpoints: &Endpoints, service: &str, parts: &Parts, body: &[u8]) -> Vec<Use> {
    let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let caller = header("authorization").split_once("Credential=").map_or("", |(_, rest)| rest);
    let function = caller.split('/').next().unwrap_or_default().to_owned();
    let operation = header("x-amz-target").rsplit('.').next().unwrap_or_default();
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let action = match operation {
        "TransactWriteItems" => "PutItem",
        "SendMessageBatch" => "SendMessage",
        other => other,
    };
    vec![Use { function, action: format!("{service}:{action}"), thing: thing(endpoints, &body) }]
}

fn thing(endpoints: &Endpoints, body: &Value) -> String {
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    let known = |places: &BTreeMap<String, String>, place: &str| {
        places.iter().find(|(_, known)| *known == place).map(|(id, _)| id.clone())
    };
    // A queue's name is the same in its URL and in its ARN.
    let of_arn = |arn: &str| {
        let name = arn.rsplit(':').next().unwrap_or_default().to_owned();
        endpoints.queues.iter().find(|(_, url)| url.ends_with(&format!("/{name}"))).map(|(id, _)| id.clone())
    };
    if let Some(id) = text("SourceArn").and_then(of_arn) {
        return id;
    }
    if let Some(queue) = text("QueueUrl") {
        return known(&endpoints.queues, queue).unwrap_or_default();
    }
    if let Some(secret) = text("SecretId").or(text("Name")) {
        let place = || secret.split('/').nth(1).map(|kind| format!("{kind}/*"));
        return known(&endpoints.secrets, secret).or_else(place).unwrap_or_default();
    }
    match text("IndexName") {
        Some(index) => format!("Table/index/{index}"),
        None => "Table".to_owned(),
    }
}
