//! Platform events against the schema that is published of them.

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

/// Reads an event. What Meta wrote and Rust cannot read, such as half a surrogate pair, is passed on all the same; then
/// everything but the data is read.
pub(crate) fn read(text: &str) -> Value {
    if let Ok(event) = serde_json::from_str(text) {
        return fits(event);
    }
    let members: BTreeMap<String, &RawValue> = serde_json::from_str(text).expect("an event is JSON");
    let readable = members.into_iter().filter_map(|(name, raw)| Some((name, serde_json::from_str(raw.get()).ok()?)));
    Value::Object(readable.collect())
}

/// Gives an event back that fits the schema.
pub(crate) fn fits(event: Value) -> Value {
    let errors: Vec<String> = SCHEMA.iter_errors(&event).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "an event is not as published: {event}: {errors:?}");
    event
}
