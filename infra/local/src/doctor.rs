//! `cargo run -p local -- doctor`: what Meta's side of the platform lacks, in words.

use crate::client::{Client, ClientError};
use crate::stack::Stack;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// How long the examination of what takes the system token may last.
const PATIENCE: Duration = Duration::from_secs(30);
/// Between two looks at it.
const PAUSE: Duration = Duration::from_millis(200);

/// Why there is no finding.
#[derive(Debug, thiserror::Error)]
pub enum DoctorError {
    /// No answer.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The examination did not end.
    #[error("the examination did not end within 30 s")]
    Unfinished,
    /// A prerequisite is missing.
    #[error("{0} of Meta's prerequisites are missing")]
    Missing(usize),
}

/// Asks the running stack, which asks Meta, and prints each prerequisite: `ok`, `MISSING` or, where Meta cannot be asked,
/// `look`.
///
/// # Errors
/// [`DoctorError::Missing`] when something is missing; otherwise when nobody could be asked.
pub async fn run(stack: &Stack, report: &mut (dyn FnMut(&str) + Send)) -> Result<(), DoctorError> {
    let checks = examined(stack).await?;
    for check in &checks {
        report(&line(check));
    }
    match checks.iter().filter(|check| check.get("ok") == Some(&json!(false))).count() {
        0 => Ok(()),
        missing => Err(DoctorError::Missing(missing)),
    }
}

async fn examined(stack: &Stack) -> Result<Vec<Value>, DoctorError> {
    let client = Client::new()?;
    let url = format!("{}/v1/doctor", stack.endpoints().api);
    let bearer = format!("Bearer {}", stack.endpoints().platform_token);
    let headers = [("authorization", bearer.as_str())];
    client.post(&url, &headers, &json!({})).await?;
    let started = Instant::now();
    while started.elapsed() < PATIENCE {
        let report = client.get(&url, &headers).await?.json();
        let checks = report.get("checks").and_then(Value::as_array).cloned().unwrap_or_default();
        if checks.iter().any(|check| check.get("at").is_some_and(Value::is_string)) {
            return Ok(checks);
        }
        tokio::time::sleep(PAUSE).await;
    }
    Err(DoctorError::Unfinished)
}

fn line(check: &Value) -> String {
    let text = |name: &str| check.get(name).and_then(Value::as_str).unwrap_or_default();
    let verdict = match check.get("ok").and_then(Value::as_bool) {
        Some(true) => "ok     ",
        Some(false) => "MISSING",
        None => "look   ",
    };
    let named: Vec<&str> =
        check.get("missing").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let missing = if named.is_empty() { String::new() } else { format!(" [{}]", named.join(", ")) };
    format!("{verdict} {:<18} {}{missing}", text("name"), text("message"))
}

#[cfg(test)]
mod tests {
    use super::line;
    use serde_json::json;

    #[test]
    fn a_line_says_what_is_missing_and_where_to_go() {
        let check = json!({ "name": "webhook_fields", "ok": false, "message": "Go there.", "missing": ["messages"] });
        assert_eq!(line(&check), "MISSING webhook_fields     Go there. [messages]");
    }
}
