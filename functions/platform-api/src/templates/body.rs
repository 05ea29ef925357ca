//! Templates as callers write them.

use serde_json::{Map, Value};
use shared::domain::composition::Composition;
use shared::domain::template::normal_language;
use shared::http::fields::Fields;
use shared::http::problem::Problem;

/// What a template is written with; a change of one has no name and no language.
pub(super) const COMPOSITION: [&str; 6] =
    ["name", "language", "category", "parameter_format", "message_send_ttl_seconds", "components"];

pub(super) fn composition(fields: &Fields) -> Result<Composition, Problem> {
    let members = COMPOSITION.iter().filter_map(|name| Some(((*name).to_owned(), fields.value(name)?.clone())));
    read(members.collect())
}

pub(super) fn read(fields: Map<String, Value>) -> Result<Composition, Problem> {
    let title = flaw(&fields);
    let read: Result<Composition, _> = serde_json::from_value(Value::Object(fields));
    let mut composition = read.map_err(|_| Problem::bad_request("bad_type", title))?;
    composition.category = composition.category.to_ascii_uppercase();
    composition.language = normal_language(&composition.language);
    Ok(composition)
}

/// What a template lacks that cannot be read.
fn flaw(fields: &Map<String, Value>) -> &'static str {
    let is_text = |name: &str| fields.get(name).is_some_and(Value::is_string);
    match fields.get("components") {
        _ if !is_text("name") => "A template has a `name`.",
        _ if !is_text("language") => "A template has a `language`, for example en_US.",
        _ if !is_text("category") => "A template has a `category`: AUTHENTICATION, MARKETING or UTILITY.",
        Some(Value::Array(parts)) if parts.iter().all(Value::is_object) => {
            "`parameter_format` is a text and `message_send_ttl_seconds` a whole number of seconds."
        }
        _ => "A template has `components`: a list of objects.",
    }
}
