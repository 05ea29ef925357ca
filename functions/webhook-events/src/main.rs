//! Lambda entry point. Connects the environment to the handler; makes no decisions.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use shared::batch::SqsEvent;
use shared::{config, telemetry};
use webhook_events::App;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init(env!("CARGO_CRATE_NAME"));
    let app = App::from_lookup(&config::environment)?;
    run(service_fn(async |event: LambdaEvent<SqsEvent>| app.handle(&event).await)).await
}
