//! The command line of the `local` binary.

use crate::demo;
use crate::doctor;
use crate::error::StackError;
use crate::options::StackOptions;
use crate::stack::Stack;
use lexopt::{Arg, Parser, ValueExt};
use std::path::PathBuf;
use tokio::signal::unix::{SignalKind, signal};

/// Printed by `--help`.
const HELP: &str = "\
Runs the stack of template.yaml on this machine, against a simulated Meta.

cargo run -p local                       start everything and print the addresses; Ctrl-C stops
cargo run -p local -- demo               run an onboarding, a webhook and a template poll; print the timeline
cargo run -p local -- doctor             list what is missing at Meta and where to fix it
  --endpoints FILE                       write the addresses and a platform token as JSON once ready
  --port N                               first port (default 3000; 0 = any free)
  --graph-url URL                        use another Graph API instead of the simulator
  --meta KEY=VALUE                       app_id, app_secret, verify_token, config_id, system_token, business_id,
                                         credit_line_id, role (solution-partner | tech-provider | tech-partner)
  --parameter NAME=VALUE                 override a template parameter
  --data DIR                             save state between runs (default: in memory)
  --profile debug|release                which binaries to build and run (default debug)";

/// Default first port.
const FIRST_PORT: u16 = 3000;

/// Why the program failed.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The arguments.
    #[error("{0} (see --help)")]
    Arguments(#[from] lexopt::Error),
    /// The stack.
    #[error(transparent)]
    Stack(#[from] StackError),
    /// The demo failed.
    #[error("demo: {0}")]
    Demo(#[from] demo::DemoError),
    /// A prerequisite is missing at Meta.
    #[error("doctor: {0}")]
    Doctor(#[from] doctor::DoctorError),
    /// The endpoints file or the signals.
    #[error("{0}")]
    Io(#[from] std::io::Error),
}

enum Task {
    Run,
    Demo,
    Doctor,
    Help,
}

struct Command {
    task: Task,
    options: StackOptions,
    endpoints: Option<PathBuf>,
}

/// Runs the task that the arguments name.
///
/// # Errors
/// [`CommandError`].
pub async fn run(arguments: Parser) -> Result<(), CommandError> {
    let command = parse(arguments)?;
    if matches!(command.task, Task::Help) {
        print(HELP);
        return Ok(());
    }
    print("building the functions …");
    let stack = Stack::start(command.options).await?;
    let outcome = match command.task {
        Task::Demo => demo::run(&stack, &mut print).await.map_err(CommandError::from),
        Task::Doctor => return run_doctor(stack).await,
        Task::Run | Task::Help => serve(&stack, command.endpoints).await,
    };
    if outcome.is_err() {
        stack.logs().iter().for_each(|line| print(&format!("{}: {}", line.function, line.text)));
    }
    stack.stop().await?;
    outcome
}

/// A missing prerequisite is a result, not a failure of the stack, so its logs are not printed.
async fn run_doctor(stack: Stack) -> Result<(), CommandError> {
    let outcome = doctor::run(&stack, &mut print).await;
    stack.stop().await?;
    Ok(outcome?)
}

async fn serve(stack: &Stack, file: Option<PathBuf>) -> Result<(), CommandError> {
    let endpoints = stack.endpoints();
    if let Some(file) = file {
        endpoints.write(&file)?;
    }
    print(&format!(
        "ready\n  api       {}\n  webhook   {}\n  graph     {}\n  dynamodb  {}\n  sqs       {}\n  secrets   {}\n  control   {}",
        endpoints.api,
        endpoints.webhook,
        endpoints.graph,
        endpoints.aws.dynamodb,
        endpoints.aws.sqs,
        endpoints.aws.secretsmanager,
        endpoints.control
    ));
    print(&format!("\nnew customer: open {}/_local/signup in a browser", endpoints.control));
    print(&format!("operators' console: open {}/console; Ctrl-C stops", endpoints.api));
    let mut terminated = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted?,
        _ = terminated.recv() => {}
    }
    Ok(())
}

fn parse(mut arguments: Parser) -> Result<Command, lexopt::Error> {
    let options = StackOptions { port: FIRST_PORT, ..StackOptions::default() };
    let mut command = Command { task: Task::Run, options, endpoints: None };
    let mut port = None;
    while let Some(argument) = arguments.next()? {
        let options = &mut command.options;
        match argument {
            Arg::Value(word) if word == "demo" => command.task = Task::Demo,
            Arg::Value(word) if word == "doctor" => command.task = Task::Doctor,
            Arg::Short('h') | Arg::Long("help") => command.task = Task::Help,
            Arg::Long("endpoints") => command.endpoints = Some(arguments.value()?.into()),
            Arg::Long("port") => port = Some(arguments.value()?.parse()?),
            Arg::Long("graph-url") => options.graph_url = Some(arguments.value()?.string()?),
            Arg::Long("data") => options.data = Some(arguments.value()?.into()),
            Arg::Long("meta") => {
                let (key, value) = pair(&arguments.value()?.string()?)?;
                options.meta.set(&key, &value).map_err(|key| format!("--meta has no key {key}"))?;
            }
            Arg::Long("parameter") => options.parameters.extend([pair(&arguments.value()?.string()?)?]),
            Arg::Long("profile") => options.profile = arguments.value()?.parse()?,
            other => return Err(other.unexpected()),
        }
    }
    // The demo and the doctor start their own stack, which may run beside another.
    let alone = matches!(command.task, Task::Demo | Task::Doctor);
    command.options.port = port.unwrap_or(if alone { 0 } else { FIRST_PORT });
    command.options.capture_logs = alone;
    Ok(command)
}

fn pair(text: &str) -> Result<(String, String), lexopt::Error> {
    let (key, value) = text.split_once('=').ok_or_else(|| format!("`{text}` is not KEY=VALUE"))?;
    Ok((key.to_owned(), value.to_owned()))
}

#[expect(clippy::print_stdout, reason = "the program's output")]
fn print(text: &str) {
    println!("{text}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::binaries::Profile;

    fn parsed(arguments: &[&str]) -> Result<Command, lexopt::Error> {
        parse(Parser::from_args(arguments))
    }

    #[test]
    fn every_option_is_understood() {
        let command =
            parsed(&["--port", "0", "--meta", "role=tech-provider", "--parameter", "A=b=c", "--profile", "release"])
                .unwrap();
        assert_eq!((command.options.port, command.options.meta.role.as_str()), (0, "tech-provider"));
        assert_eq!(command.options.parameters["A"], "b=c");
        assert_eq!(command.options.profile, Profile::Release);
        assert_eq!(parsed(&[]).unwrap().options.port, 3000);
        assert_eq!(parsed(&["demo"]).unwrap().options.port, 0);
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for bad in
            [&["--meta", "colour=red"][..], &["--parameter", "A"], &["--profile", "fast"], &["--colour"], &["run"]]
        {
            assert!(parsed(bad).is_err(), "{bad:?}");
        }
    }
}
