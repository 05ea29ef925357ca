//! A function that does what its event tells it: echo, sleep, fail, die. Tests of the local stack deploy it.

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::{Value, json};
use std::time::Duration;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    lambda_runtime::run(service_fn(async |event: LambdaEvent<Value>| {
        match event.payload.get("Records").and_then(Value::as_array) {
            Some(records) => batch(records),
            None => request(&event.payload).await,
        }
    }))
    .await
}

async fn request(event: &Value) -> Result<Value, Error> {
    let query = |name: &str| event.get("queryStringParameters")?.get(name)?.as_str();
    if let Some(millis) = query("sleep") {
        tokio::time::sleep(Duration::from_millis(millis.parse()?)).await;
    }
    if query("die").is_some() {
        std::process::exit(7);
    }
    if query("fail").is_some() {
        return Err("told to fail".into());
    }
    let body = json!({ "event": event, "pid": std::process::id() });
    Ok(json!({ "statusCode": 200, "headers": { "content-type": "application/json" }, "body": body.to_string() }))
}

/// Messages that say `fail` are reported; a batch is told of in the function's log.
#[expect(clippy::print_stdout, reason = "a function's log")]
fn batch(records: &[Value]) -> Result<Value, Error> {
    let bodies: Vec<&str> = records.iter().filter_map(|record| record.get("body")?.as_str()).collect();
    println!("batch {bodies:?}");
    let failed = records.iter().filter(|record| record.get("body").is_some_and(|body| body == "fail"));
    let failures: Vec<Value> = failed.map(|record| json!({ "itemIdentifier": record.get("messageId") })).collect();
    Ok(json!({ "batchItemFailures": failures }))
}
