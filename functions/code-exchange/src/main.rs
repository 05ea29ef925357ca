//! Lambda entry point. Connects the environment to the handler; makes no decisions.

use code_exchange::App;
use lambda_runtime::Error;
use shared::{config, gateway, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init(env!("CARGO_CRATE_NAME"));
    let app = App::from_lookup(&config::environment)?;
    gateway::serve(&app).await
}
