//! The command line.

use crate::{binaries, calls, cores, cpu, flood, handshake, report, size, start, throughput, webhook};
use lexopt::{Arg, Parser, ValueExt};
use local::Profile;

/// Printed by `--help`.
const HELP: &str = "\
Measures the functions against a minimal lambda_runtime binary, all in one run.

cargo run --release -p benchmark                     start, first answer, first handshake, round trip, CPU, cost, throughput, sizes
cargo run --release -p benchmark -- flood            only a flood of unsigned requests beside genuine webhooks, and the CPU of a refusal
cargo run -p benchmark -- --check-sizes              compare release sizes with infra/size-budgets.txt; exit code 1 if one is over
  --rounds N                                         interleaved rounds of each start (default 30)
  --profile debug|release                            which binaries (default release)";

pub(crate) async fn run(mut arguments: Parser) -> Result<(), Box<dyn std::error::Error>> {
    let (mut rounds, mut profile, mut check, mut only_flood) = (30, Profile::Release, false, false);
    while let Some(argument) = arguments.next()? {
        match argument {
            Arg::Long("check-sizes") => check = true,
            Arg::Value(name) if name == "flood" => only_flood = true,
            Arg::Long("rounds") => rounds = arguments.value()?.parse()?,
            Arg::Long("profile") => profile = arguments.value()?.parse()?,
            Arg::Long("help") | Arg::Short('h') => {
                report::print(HELP);
                return Ok(());
            }
            other => return Err(other.unexpected().into()),
        }
    }
    let built = binaries::build(profile).await?;
    if check {
        return Ok(size::check(&built)?);
    }
    if only_flood {
        return under_flood(&built).await;
    }
    cores::measure_from_the_first()?;
    report::print(&start::measure(&built, rounds).await?);
    report::print(&webhook::measure_first(&built, rounds).await?);
    report::print(&handshake::measure(&built, rounds).await?);
    report::print(&webhook::measure(&built).await?);
    report::print(&cpu::measure(&built).await?);
    report::print(&calls::measure(&built).await?);
    under_flood(&built).await?;
    report::print(&throughput::measure(&built).await?);
    report::print(&size::table(&built)?);
    Ok(())
}

/// The cost of unsigned requests, and whether genuine webhooks get through.
async fn under_flood(built: &binaries::Built) -> Result<(), Box<dyn std::error::Error>> {
    cores::measure_from_the_first()?;
    report::print(&cpu::measure_refusal(built).await?);
    cores::use_all()?;
    report::print(&flood::measure(built).await?);
    Ok(())
}
