//! Template bodies of requests.

use serde_json::{Map, Value};
use shared::domain::composition::{Composition, MEMBERS};
use shared::domain::template::normal_language;
use shared::http::fields::Fields;
use shared::http::problem::Problem;

/// The fields of a template that an edit does not have.
const IDENTITY: [&str; 2] = ["name", "language"];

const COMPONENTS: &str = "A template needs components: a list of objects.";

/// Parameters of every Graph call: in a body they would change what the call does, or as whom.
const RESERVED: [&str; 15] = [
    "access_token",
    "appsecret_proof",
    "batch",
    "callback",
    "date_format",
    "debug",
    "fields",
    "format",
    "hsm_id",
    "id",
    "ids",
    "include_headers",
    "locale",
    "method",
    "suppress_http_code",
];

/// Reads a whole template; `ours` are fields of the request that are not the template's.
pub(super) fn whole(fields: Fields, ours: &[&str]) -> Result<Composition, Problem> {
    let mut members = fields.into_map();
    ours.iter().for_each(|name| drop(members.remove(*name)));
    let composition = read(members)?;
    if composition.components.is_empty() && !composition.others.contains_key("library_template_name") {
        return Err(Problem::bad_request("bad_type", COMPONENTS).of("components"));
    }
    Ok(composition)
}

/// Reads the changes of an edit of this template; its components are optional.
pub(super) fn change(
    fields: Fields,
    (name, language): (&str, &str),
    category: Option<&str>,
) -> Result<Composition, Problem> {
    let mut members = fields.into_map();
    if IDENTITY.iter().any(|name| members.contains_key(*name)) {
        return Err(unknown_field());
    }
    if members.values().all(Value::is_null) {
        return Err(Problem::bad_request("bad_type", "A change names components, or another member to change."));
    }
    members.insert("name".to_owned(), name.into());
    members.insert("language".to_owned(), language.into());
    if members.get("category").is_none_or(Value::is_null) {
        members.insert("category".to_owned(), category.unwrap_or_default().into());
    }
    read(members)
}

fn read(mut fields: Map<String, Value>) -> Result<Composition, Problem> {
    fields.retain(|_, value| !value.is_null());
    if !fields.keys().all(|name| may_be_passed_on(name)) {
        return Err(unknown_field());
    }
    let (field, title) = flaw(&fields);
    let read: Result<Composition, _> = serde_json::from_value(Value::Object(fields));
    let mut composition = read.map_err(|_| Problem::bad_request("bad_type", title).of(field))?;
    composition.category = composition.category.to_ascii_uppercase();
    composition.parameter_format = composition.parameter_format.map(|format| format.to_ascii_uppercase());
    composition.language = normal_language(&composition.language);
    Ok(composition)
}

/// Whether a member has the form of Meta's names and is not one of [`RESERVED`]: Meta's list of members is longer than
/// ours.
fn may_be_passed_on(name: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    let named = (1..=64).contains(&name.len()) && name.bytes().all(letter);
    MEMBERS.contains(&name) || (named && !RESERVED.contains(&name))
}

const fn unknown_field() -> Problem {
    Problem::bad_request("unknown_field", "The body contains a field that a template cannot have.")
}

/// The field that makes a template invalid, and the title of the problem.
fn flaw(fields: &Map<String, Value>) -> (&'static str, &'static str) {
    let is_text = |name: &str| fields.get(name).is_some_and(Value::is_string);
    let are_objects = |parts: &Value| parts.as_array().is_some_and(|parts| parts.iter().all(Value::is_object));
    let has_parts = fields.get("components").is_none_or(are_objects);
    if !is_text("name") {
        ("name", "A template needs a name.")
    } else if !is_text("language") {
        ("language", "A template needs a language, for example en_US.")
    } else if !is_text("category") {
        ("category", "A template needs a category: AUTHENTICATION, MARKETING or UTILITY.")
    } else if !has_parts {
        ("components", COMPONENTS)
    } else if fields.contains_key("parameter_format") && !is_text("parameter_format") {
        ("parameter_format", "The parameter format must be POSITIONAL or NAMED.")
    } else {
        ("message_send_ttl_seconds", "The time to live must be a whole number of seconds.")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_of_a_template_are_passed_on_and_parameters_of_the_call_are_not() {
        for name in ["allow_category_change", "cta_url_link_tracking_opted_out", "new_in_2027"] {
            assert!(may_be_passed_on(name), "{name}");
        }
        for name in RESERVED.iter().copied().chain(["", "__PROTO__", "a b", "Access_Token"]) {
            assert!(!may_be_passed_on(name), "{name}");
        }
    }
}
