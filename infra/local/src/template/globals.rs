//! Merges `Globals` as SAM does: maps by key, lists concatenated, anything else overridden by the resource.

use super::TemplateError;
use serde_json::{Map, Value};

/// Sections of `Globals` and the resource type each applies to.
const SECTIONS: [(&str, &str); 2] =
    [("Function", "AWS::Serverless::Function"), ("HttpApi", "AWS::Serverless::HttpApi")];

/// Refuses unknown sections.
pub(super) fn check(globals: &Map<String, Value>) -> Result<(), TemplateError> {
    match globals.keys().find(|name| !SECTIONS.iter().any(|(section, _)| section == name)) {
        Some(unknown) => Err(TemplateError::at(format!("Globals.{unknown}"), "this section is not supported")),
        None => Ok(()),
    }
}

/// The properties of a resource of type `kind` merged over its `Globals`.
pub(super) fn merge(kind: &str, properties: Value, globals: &Map<String, Value>) -> Value {
    let section = SECTIONS.iter().find(|(_, of)| *of == kind).and_then(|(section, _)| globals.get(*section));
    match section {
        Some(section) => over(section.clone(), properties),
        None => properties,
    }
}

fn over(below: Value, above: Value) -> Value {
    match (below, above) {
        (Value::Object(mut below), Value::Object(above)) if !is_intrinsic(&below) && !is_intrinsic(&above) => {
            for (key, value) in above {
                let merged = match below.remove(&key) {
                    Some(under) => over(under, value),
                    None => value,
                };
                below.insert(key, merged);
            }
            Value::Object(below)
        }
        (Value::Array(mut below), Value::Array(above)) => {
            below.extend(above);
            Value::Array(below)
        }
        (_, above) => above,
    }
}

fn is_intrinsic(object: &Map<String, Value>) -> bool {
    object.len() == 1 && object.keys().all(|key| key == "Ref" || key.starts_with("Fn::"))
}
