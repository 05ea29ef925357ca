//! Lambda entry point. Connects the environment to the handler; makes no decisions.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use shared::batch::SqsEvent;
use shared::{config, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init(env!("CARGO_CRATE_NAME"));
    let worker = credit_sharing::worker(&config::environment)?;
    run(service_fn(async |event: LambdaEvent<SqsEvent>| Ok::<_, Error>(credit_sharing::handle(&worker, &event).await)))
        .await
}
