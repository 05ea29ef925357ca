//! `cargo run --release -p benchmark`: what a start, a handshake, a webhook and a binary cost, as ratios of one run.

mod binaries;
mod handshake;
mod process;
mod report;
mod size;
mod start;
mod stub;
mod webhook;

use lexopt::{Arg, Parser, ValueExt};
use local::Profile;
use std::process::ExitCode;

/// Printed by `--help`.
const HELP: &str = "\
Measures the functions against a minimal lambda_runtime binary, all in one run.

cargo run --release -p benchmark                     start, first handshake, warm round trip, sizes
cargo run -p benchmark -- --check-sizes              release sizes against infra/size-budgets.txt; 1 when one is over
  --rounds N                                         interleaved rounds of each start (default 30)
  --profile debug|release                            which binaries (default release)";

#[tokio::main]
#[expect(clippy::print_stderr, reason = "the program's output")]
async fn main() -> ExitCode {
    match run(Parser::from_env()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("benchmark: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(mut arguments: Parser) -> Result<(), Box<dyn std::error::Error>> {
    let (mut rounds, mut profile, mut check) = (30, Profile::Release, false);
    while let Some(argument) = arguments.next()? {
        match argument {
            Arg::Long("check-sizes") => check = true,
            Arg::Long("rounds") => rounds = arguments.value()?.parse()?,
            Arg::Long("profile") => profile = arguments.value()?.parse()?,
            Arg::Long("help") | Arg::Short('h') => {
                report::say(HELP);
                return Ok(());
            }
            other => return Err(other.unexpected().into()),
        }
    }
    let built = binaries::build(profile).await?;
    if check {
        return Ok(size::check(&built)?);
    }
    report::say(&start::measure(&built, rounds).await?);
    report::say(&handshake::measure(&built, rounds).await?);
    report::say(&webhook::measure(&built).await?);
    report::say(&size::table(&built)?);
    Ok(())
}
