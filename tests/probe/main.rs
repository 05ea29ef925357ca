//! A scriptable function: its event says whether to echo, sleep, fail or crash. Tests of the local stack deploy it.

mod actions;

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    lambda_runtime::run(service_fn(async |event: LambdaEvent<Value>| {
        match event.payload.get("Records").and_then(Value::as_array) {
            Some(records) => actions::batch(records),
            None => actions::request(&event.payload).await,
        }
    }))
    .await
}
