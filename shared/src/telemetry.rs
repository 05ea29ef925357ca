//! Logs: one line of JSON per event on standard output.

use std::error::Error;
use tracing::Level;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Starts logging at `LOG_LEVEL` (`error` to `debug`; default `info`). Other crates always log at `warn` at most: at
/// finer levels, the Lambda runtime and the SDK log payloads and headers.
pub fn init() {
    let level =
        crate::config::environment("LOG_LEVEL").and_then(|text| text.parse::<Level>().ok()).unwrap_or(Level::INFO);
    let level = LevelFilter::from_level(level.min(Level::DEBUG));
    let ours = env!("CARGO_PKG_NAME");
    let targets = Targets::new().with_default(LevelFilter::WARN.min(level)).with_target(ours, level);
    let targets = OURS.iter().fold(targets, |targets, name| targets.with_target(*name, level));
    let json = tracing_subscriber::fmt::layer().json().flatten_event(true).with_target(false).with_current_span(false);
    // A second call (a test that starts two functions in one process) keeps the first subscriber.
    drop(tracing_subscriber::registry().with(json).with(targets).try_init());
}

/// Crates that log at the configured level.
const OURS: [&str; 11] = [
    "code_exchange",
    "credit_sharing",
    "graph_client",
    "message_retry",
    "onboarding_steps",
    "platform_api",
    "signup_page",
    "sweeper",
    "template_poll",
    "webhook",
    "webhook_events",
];

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
