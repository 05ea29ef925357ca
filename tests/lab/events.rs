//! Validates platform events against their published schema.

use jsonschema::Validator;
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::sync::LazyLock;

static SCHEMA: LazyLock<Validator> = LazyLock::new(|| {
    let schema: Value =
        serde_json::from_str(include_str!("../../functions/platform-api/events/schema.json")).expect("JSON");
    jsonschema::validator_for(&schema).expect("a schema")
});

/// Parses an event. Text of Meta's that Rust cannot parse, such as half a surrogate pair, is published nonetheless;
/// then everything but the data is parsed.
pub(crate) fn read(text: &str) -> Value {
    if let Ok(event) = serde_json::from_str(text) {
        return fits(event);
    }
    let members: BTreeMap<String, &RawValue> = serde_json::from_str(text).expect("an event is JSON");
    let readable = members.into_iter().filter_map(|(name, raw)| Some((name, serde_json::from_str(raw.get()).ok()?)));
    Value::Object(readable.collect())
}

/// Returns an event that matches the schema.
pub(crate) fn fits(event: Value) -> Value {
    let errors: Vec<String> = SCHEMA.iter_errors(&event).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "an event does not match the published schema: {event}: {errors:?}");
    event
}
