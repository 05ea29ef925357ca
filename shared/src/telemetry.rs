//! Logs: one line of JSON per event on standard output.

use lambda_runtime::Diagnostic;
use std::error::Error;
use tracing::Level;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Crates of ours beside the function's own: their events are shown too.
const SHARED: [&str; 2] = [env!("CARGO_PKG_NAME"), "graph_client"];

/// Starts logging at `AWS_LAMBDA_LOG_LEVEL`, which Lambda sets from the template's `ApplicationLogLevel` (default `INFO`, finest
/// `DEBUG`). Other crates log at `WARN` at most: the Lambda runtime and the SDK print payloads and headers at finer levels.
///
/// `function` is the function's own crate: `env!("CARGO_CRATE_NAME")`.
pub fn init(function: &'static str) {
    let level = crate::config::environment("AWS_LAMBDA_LOG_LEVEL").map_or(Level::INFO, |text| level_of(&text));
    let level = LevelFilter::from_level(level.min(Level::DEBUG));
    let ours = SHARED.into_iter().chain([function]).map(|name| (name, level));
    let targets = Targets::new().with_default(LevelFilter::WARN.min(level)).with_targets(ours);
    let json = tracing_subscriber::fmt::layer().json().flatten_event(true).with_target(false).with_current_span(false);
    // A second call (a test that starts two functions in one process) keeps the first subscriber.
    drop(tracing_subscriber::registry().with(json).with(targets).try_init());
}

/// Lambda's levels are those of `tracing`, and `FATAL`.
fn level_of(text: &str) -> Level {
    if text == "FATAL" { Level::ERROR } else { text.parse().unwrap_or(Level::INFO) }
}

/// What Lambda logs and counts of an invocation that failed: a stable type instead of the name of a boxed error, and the
/// message without its causes, which are logged where the error is handled.
#[must_use]
pub fn diagnostic(error_type: &str, error: &dyn Error) -> Diagnostic {
    Diagnostic { error_type: error_type.to_owned(), error_message: error.to_string() }
}

/// An error with its causes, outermost first.
#[must_use]
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_level_of_lambdas_is_understood() {
        let all = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL", "unknown"].map(level_of);
        let expected = [Level::TRACE, Level::DEBUG, Level::INFO, Level::WARN, Level::ERROR, Level::ERROR, Level::INFO];
        assert_eq!(all, expected);
    }
}
