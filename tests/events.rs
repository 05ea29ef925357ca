//! Platform events against the schema that is published of them.

use jsonschema::Validator;
use serde_json::Value;
use std::sync::LazyLock;

static SCHEMA: LazyLock<Validator> = LazyLock::new(|| {
    let schema: Value =
        serde_json::from_str(include_str!("../functions/platform-api/events/schema.json")).expect("JSON");
    jsonschema::validator_for(&schema).expect("a schema")
});

/// Gives an event back that fits the schema.
pub(crate) fn fits(event: Value) -> Value {
    let errors: Vec<String> = SCHEMA.iter_errors(&event).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "an event is not as published: {event}: {errors:?}");
    event
}
