//! A process of a measured binary, in the environment the template would give it.

use crate::cores;
use std::io;
use std::path::Path;
use std::process::Stdio;
use std::time::Instant;
use tokio::process::{Child, Command};

/// Variables of all functions together; unused ones cost nothing.
const VARIABLES: [(&str, &str); 34] = [
    ("AWS_LAMBDA_FUNCTION_NAME", "measured"),
    ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
    ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
    ("AWS_LAMBDA_LOG_GROUP_NAME", "measured"),
    ("AWS_LAMBDA_LOG_STREAM_NAME", "measured"),
    ("AWS_REGION", "us-east-1"),
    ("AWS_ACCESS_KEY_ID", "key"),
    ("AWS_SECRET_ACCESS_KEY", "secret"),
    ("AWS_LAMBDA_LOG_LEVEL", "ERROR"),
    ("TABLE_NAME", "table"),
    ("EVENT_SOURCE", "benchmark"),
    ("SECRET_PREFIX", "benchmark"),
    ("APP_SECRET_ARN", "app-secret"),
    ("VERIFY_TOKEN_ARN", "verify-token"),
    ("SYSTEM_TOKEN_ARN", "system-token"),
    ("META_APP_ID", "1"),
    ("META_CONFIG_ID", "1"),
    ("META_SDK_BASE", "https://connect.facebook.net"),
    ("META_POPUP_ORIGINS", "https://www.facebook.com"),
    ("GRAPH_API_BASE", "https://graph.facebook.com"),
    ("GRAPH_API_VERSION", "v25.0"),
    ("ALLOWED_ORIGINS", "https://app.example.com"),
    ("ROLE", "solution-partner"),
    ("CREDIT_LINE_ID", "1"),
    ("CREDIT_CURRENCY", "USD"),
    ("SIGNUP_BASE_URL", ""),
    ("SESSION_MINUTES", "60"),
    ("DEAD_LETTER_QUEUES", "WebhookQueue=http://127.0.0.1:9/0/letters"),
    ("MESSAGE_RETRY_DELAY_SECONDS", "570"),
    ("META_BUSINESS_ID", "1"),
    ("ONBOARDING_LIMIT", "10"),
    ("ATTEMPTS_PER_CLIENT", "60"),
    ("BUSINESS_INFO_DAYS", "30"),
    ("WEBHOOK_URL", "https://example.lambda-url.us-east-1.on.aws/"),
];
const QUEUES: [&str; 6] = ["WEBHOOK", "ONBOARDING", "CREDIT", "TEMPLATE", "MESSAGE_RETRY", "PLATFORM_EVENTS"];

/// Starts a binary on its own core. It is killed on drop.
pub(crate) fn start(binary: &Path, runtime_api: &str, more: &[(&str, &str)]) -> io::Result<(Instant, Child)> {
    let mut command = Command::new(binary);
    command.env_clear().envs(VARIABLES).env("AWS_LAMBDA_RUNTIME_API", runtime_api);
    command.envs(QUEUES.map(|queue| (format!("{queue}_QUEUE_URL"), "http://127.0.0.1:9/0/queue")));
    command.envs(more.iter().copied()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.kill_on_drop(true);
    cores::on_the_last(|| Ok((Instant::now(), command.spawn()?)))
}
