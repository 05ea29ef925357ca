//! Executes the probe's events.

use lambda_runtime::Error;
use serde_json::{Value, json};
use std::time::Duration;

pub(crate) async fn request(event: &Value) -> Result<Value, Error> {
    let query = |name: &str| event.get("queryStringParameters")?.get(name)?.as_str();
    if let Some(millis) = query("sleep") {
        tokio::time::sleep(Duration::from_millis(millis.parse()?)).await;
    }
    if query("die").is_some() {
        std::process::exit(7);
    }
    if query("fail").is_some() {
        return Err("failure requested".into());
    }
    let body = json!({ "event": event, "pid": std::process::id() });
    Ok(json!({ "statusCode": 200, "headers": { "content-type": "application/json" }, "body": body.to_string() }))
}

/// Messages with the body `fail` are reported as failed; each batch is written to the function's log.
#[expect(clippy::print_stdout, reason = "a function's log")]
pub(crate) fn batch(records: &[Value]) -> Result<Value, Error> {
    let bodies: Vec<&str> = records.iter().filter_map(|record| record.get("body")?.as_str()).collect();
    println!("batch {bodies:?}");
    let failed = records.iter().filter(|record| record.get("body").is_some_and(|body| body == "fail"));
    let failures: Vec<Value> = failed.map(|record| json!({ "itemIdentifier": record.get("messageId") })).collect();
    Ok(json!({ "batchItemFailures": failures }))
}
