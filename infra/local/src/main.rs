//! `cargo run -p local`: the whole stack on this machine.

use std::process::ExitCode;

#[tokio::main]
#[expect(clippy::print_stderr, reason = "the program's output")]
async fn main() -> ExitCode {
    match local::command_line::run(lexopt::Parser::from_env()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("local: {error}");
            ExitCode::FAILURE
        }
    }
}
