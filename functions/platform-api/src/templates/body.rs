//! Template bodies of requests.

use serde_json::{Map, Value};
use shared::domain::composition::Composition;
use shared::domain::template::normal_language;
use shared::http::fields::Fields;
use shared::http::problem::Problem;

/// The fields of a template; an edit has no name and no language.
pub(super) const COMPOSITION: [&str; 6] =
    ["name", "language", "category", "parameter_format", "message_send_ttl_seconds", "components"];

pub(super) fn composition(fields: &Fields) -> Result<Composition, Problem> {
    let members = COMPOSITION.iter().filter_map(|name| Some(((*name).to_owned(), fields.value(name)?.clone())));
    read(members.collect())
}

pub(super) fn read(mut fields: Map<String, Value>) -> Result<Composition, Problem> {
    fields.retain(|_, value| !value.is_null());
    let (field, title) = flaw(&fields);
    let read: Result<Composition, _> = serde_json::from_value(Value::Object(fields));
    let mut composition = read.map_err(|_| Problem::bad_request("bad_type", title).of(field))?;
    composition.category = composition.category.to_ascii_uppercase();
    composition.language = normal_language(&composition.language);
    Ok(composition)
}

/// The field that makes a template invalid, and the title of the problem.
fn flaw(fields: &Map<String, Value>) -> (&'static str, &'static str) {
    let is_text = |name: &str| fields.get(name).is_some_and(Value::is_string);
    let are_objects = |parts: &Value| parts.as_array().is_some_and(|parts| parts.iter().all(Value::is_object));
    if !is_text("name") {
        ("name", "A template needs a name.")
    } else if !is_text("language") {
        ("language", "A template needs a language, for example en_US.")
    } else if !is_text("category") {
        ("category", "A template needs a category: AUTHENTICATION, MARKETING or UTILITY.")
    } else if !fields.get("components").is_some_and(are_objects) {
        ("components", "A template needs components: a list of objects.")
    } else if fields.contains_key("parameter_format") && !is_text("parameter_format") {
        ("parameter_format", "The parameter format must be POSITIONAL or NAMED.")
    } else {
        ("message_send_ttl_seconds", "The time to live must be a whole number of seconds.")
    }
}
