//! `cargo run --release -p benchmark`: cost of a start, a handshake, a webhook, a million webhooks, and binary sizes,
//! as ratios within one run.

mod binaries;
mod calls;
mod command_line;
mod cores;
mod cpu;
mod flood;
mod handshake;
mod process;
mod report;
mod size;
mod start;
mod stub;
mod throughput;
mod webhook;

use lexopt::Parser;
use std::process::ExitCode;

#[tokio::main]
#[expect(clippy::print_stderr, reason = "the program's output")]
async fn main() -> ExitCode {
    match command_line::run(Parser::from_env()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("benchmark: {error}");
            ExitCode::FAILURE
        }
    }
}
