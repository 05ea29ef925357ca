//! `cargo run -p local -- doctor`: prints what is missing at Meta.

use crate::client::{Client, ClientError};
use crate::stack::Stack;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Timeout of the checks that need the system token.
const GRACE: Duration = Duration::from_secs(30);
/// Poll interval.
const PAUSE: Duration = Duration::from_millis(200);

/// Why the doctor failed.
#[derive(Debug, thiserror::Error)]
pub enum DoctorError {
    /// No response.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The checks did not finish.
    #[error("the checks did not finish within 30 s")]
    Unfinished,
    /// A prerequisite is missing.
    #[error("{0} prerequisites are missing at Meta")]
    Missing(usize),
}

/// Runs the doctor of the stack and prints each prerequisite: `ok`, `MISSING` or, if Meta's API does not show it,
/// `check`.
///
/// # Errors
/// [`DoctorError::Missing`] if a prerequisite is missing; the other variants if the checks could not run.
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
    while started.elapsed() < GRACE {
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
        None => "check  ",
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
