//! Renders records and events as lines.

use serde_json::Value;

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// `verify_grant done, find_number done, …`.
pub(super) fn steps(status: &Value) -> String {
    let steps = status.get("steps").and_then(Value::as_array).into_iter().flatten();
    let steps: Vec<String> = steps.map(|step| format!("{} {}", text(step, "name"), text(step, "state"))).collect();
    format!("{}: {}", text(status, "state"), steps.join(", "))
}

/// The timeline of an onboarding, one line per entry.
pub(super) fn timeline(onboarding: &Value) -> Vec<String> {
    let entries = onboarding.get("timeline").and_then(Value::as_array).into_iter().flatten();
    entries.map(line).collect()
}

fn line(entry: &Value) -> String {
    let members = entry.as_object().into_iter().flatten();
    let rest = members.filter(|(name, value)| *name != "at" && !value.is_null());
    let rest: Vec<String> =
        rest.map(|(_, value)| value.as_str().map_or_else(|| value.to_string(), str::to_owned)).collect();
    format!("  {}  {}", text(entry, "at"), rest.join("  "))
}

pub(super) fn event(event: &Value) -> String {
    let data = event.get("data").unwrap_or(&Value::Null);
    let detail = ["field", "name", "status", "state"].map(|name| text(data, name)).join(" ");
    format!("  {}  {:<32} {}  {}", text(event, "time"), text(event, "type"), text(event, "subject"), detail.trim())
}

/// Events of one type.
pub(super) fn count(events: &[Value], kind: &str) -> usize {
    events.iter().filter(|event| text(event, "type") == kind).count()
}

/// Meta's conditions of a migration: `account_review pass, …`.
pub(super) fn checks(migration: &Value) -> String {
    let checks = migration.get("checks").and_then(Value::as_array).into_iter().flatten();
    let checks: Vec<String> =
        checks.map(|check| format!("{} {}", text(check, "check"), text(check, "result"))).collect();
    checks.join(", ")
}

/// What migrated with a number.
pub(super) fn kept(migration: &Value) -> String {
    let lines = migration.get("comparison").and_then(Value::as_array).into_iter().flatten();
    let kept = lines.filter(|line| line.get("kept") == Some(&Value::Bool(true)));
    let kept: Vec<String> = kept.map(|line| format!("{} {}", text(line, "subject"), text(line, "after"))).collect();
    kept.join(", ")
}
