//! A function that does what its event tells it: echo, sleep, fail, die. Tests of the local stack deploy it.

mod told;

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    lambda_runtime::run(service_fn(async |event: LambdaEvent<Value>| {
        match event.payload.get("Records").and_then(Value::as_array) {
            Some(records) => told::batch(records),
            None => told::request(&event.payload).await,
        }
    }))
    .await
}
