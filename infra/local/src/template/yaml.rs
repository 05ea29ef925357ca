//! Converts YAML to JSON, and CloudFormation's short tags to their long form (`!Ref X` becomes `{"Ref": "X"}`).

use super::TemplateError;
use serde_json::{Map, Value, json};
use serde_norway::Value as Yaml;

/// Parses a template.
pub(super) fn parse(text: &str) -> Result<Map<String, Value>, TemplateError> {
    match json(serde_norway::from_str(text)?, "template")? {
        Value::Object(root) => Ok(root),
        _ => Err(TemplateError::at("template", "must be a mapping")),
    }
}

fn json(value: Yaml, place: &str) -> Result<Value, TemplateError> {
    Ok(match value {
        Yaml::Null => Value::Null,
        Yaml::Bool(flag) => Value::Bool(flag),
        Yaml::Number(number) => number_to_json(&number),
        Yaml::String(text) => Value::String(text),
        Yaml::Sequence(items) => {
            let items = items.into_iter().enumerate().map(|(at, item)| json(item, &format!("{place}[{at}]")));
            Value::Array(items.collect::<Result<_, _>>()?)
        }
        Yaml::Mapping(members) => {
            let mut object = Map::new();
            for (key, member) in members {
                let key = key_of(&key, place)?;
                let member = json(member, &below(place, &key))?;
                object.insert(key, member);
            }
            Value::Object(object)
        }
        Yaml::Tagged(tagged) => intrinsic(&tagged.tag.to_string(), json(tagged.value, place)?),
    })
}

/// The path of a member; names of top-level sections are omitted, since a logical id is enough.
fn below(place: &str, key: &str) -> String {
    match place {
        "template" | "Resources" => key.to_owned(),
        _ => format!("{place}.{key}"),
    }
}

fn key_of(key: &Yaml, place: &str) -> Result<String, TemplateError> {
    match key {
        Yaml::String(text) if text == "<<" => Err(TemplateError::at(place, "merge keys are not supported")),
        Yaml::String(text) => Ok(text.clone()),
        Yaml::Number(number) => Ok(number.to_string()),
        _ => Err(TemplateError::at(place, "a key must be text")),
    }
}

fn number_to_json(number: &serde_norway::Number) -> Value {
    number
        .as_i64()
        .map(Value::from)
        .or_else(|| number.as_u64().map(Value::from))
        .unwrap_or_else(|| json!(number.as_f64()))
}

/// Unknown names are refused when evaluated, where the logical id is known too.
fn intrinsic(tag: &str, value: Value) -> Value {
    let name = tag.trim_start_matches('!');
    match (name, value) {
        ("Ref" | "Condition", value) => json!({ name: value }),
        ("GetAtt", Value::String(text)) => match text.split_once('.') {
            Some((id, attribute)) => json!({ "Fn::GetAtt": [id, attribute] }),
            None => json!({ "Fn::GetAtt": text }),
        },
        (name, value) => json!({ format!("Fn::{name}"): value }),
    }
}
