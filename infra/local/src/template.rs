//! Parses `template.yaml`: YAML with CloudFormation's short tags, parameters, conditions, intrinsics, `Globals`.
//!
//! Anything unsupported is refused with its location; nothing is ignored silently.

mod evaluate;
mod globals;
mod known;
mod number;
mod parameters;
mod yaml;

pub(crate) use evaluate::Resolver;
pub(crate) use number::Number;

use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Template sections that are read. `Description` and the format version have no effect.
const SECTIONS: [&str; 8] = [
    "AWSTemplateFormatVersion",
    "Transform",
    "Description",
    "Parameters",
    "Conditions",
    "Globals",
    "Resources",
    "Outputs",
];

/// Resource attributes that are read, or that matter to a deployed stack only.
const RESOURCE_ATTRIBUTES: [&str; 7] =
    ["Type", "Properties", "Metadata", "Condition", "DependsOn", "DeletionPolicy", "UpdateReplacePolicy"];

/// The only supported transform.
const SERVERLESS: &str = "AWS::Serverless-2016-10-31";

/// Why a template cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// The file cannot be read.
    #[error("failed to read {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// Not YAML.
    #[error("failed to parse the template: {0}")]
    Yaml(#[from] serde_norway::Error),
    /// Something unsupported or invalid, at a location such as `WebhookQueue.Properties.DelaySeconds`.
    #[error("{place}: {reason}")]
    Invalid {
        /// Location, starting with the logical id.
        place: String,
        /// What is wrong.
        reason: String,
    },
}

impl TemplateError {
    pub(crate) fn at(place: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Invalid { place: place.into(), reason: reason.into() }
    }
}

/// The error for something CloudFormation allows and this stack does not support.
pub(crate) fn unknown(place: impl Into<String>, what: impl std::fmt::Display) -> TemplateError {
    TemplateError::at(place, format!("{what} is not supported by the local stack"))
}

/// The members of a mapping; `null` is an empty one.
pub(crate) fn object<'a>(value: &'a Value, place: &str) -> Result<&'a Map<String, Value>, TemplateError> {
    static EMPTY: std::sync::LazyLock<Map<String, Value>> = std::sync::LazyLock::new(Map::new);
    match value {
        Value::Object(members) => Ok(members),
        Value::Null => Ok(&EMPTY),
        _ => Err(TemplateError::at(place, "must be a mapping")),
    }
}

/// A resource as written: merged with `Globals`, properties not evaluated yet.
#[derive(Debug, Clone)]
pub(crate) struct Resource {
    pub(crate) id: String,
    /// `AWS::SQS::Queue` and the like.
    pub(crate) kind: String,
    pub(crate) properties: Value,
    /// Metadata, which says how a function is built.
    pub(crate) metadata: Value,
    condition: Option<String>,
}

/// A template split into its sections.
#[derive(Debug)]
pub(crate) struct Template {
    parameters: BTreeMap<String, parameters::Parameter>,
    pub(crate) conditions: Map<String, Value>,
    pub(crate) resources: Vec<Resource>,
}

impl Template {
    pub(crate) fn read(path: &Path) -> Result<Self, TemplateError> {
        let text =
            std::fs::read_to_string(path).map_err(|source| TemplateError::Read { path: path.to_owned(), source })?;
        Self::parse(&text)
    }

    pub(crate) fn parse(text: &str) -> Result<Self, TemplateError> {
        let mut root = yaml::parse(text)?;
        if let Some(section) = root.keys().find(|key| !SECTIONS.contains(&key.as_str())) {
            return Err(unknown(section, "this section"));
        }
        if root.get("Transform").is_some_and(|transform| transform != SERVERLESS) {
            return Err(TemplateError::at("Transform", format!("only {SERVERLESS} is supported")));
        }
        let globals = section(&mut root, "Globals")?;
        globals::check(&globals)?;
        let resources = section(&mut root, "Resources")?;
        Ok(Self {
            parameters: parameters::read(section(&mut root, "Parameters")?)?,
            conditions: section(&mut root, "Conditions")?,
            resources: resources.into_iter().map(|(id, value)| read(id, value, &globals)).collect::<Result<_, _>>()?,
        })
    }

    /// Resources of one type.
    pub(crate) fn of_type<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Resource> {
        self.resources.iter().filter(move |resource| resource.kind == kind)
    }

    /// The value of every parameter: the given one, else the template's default.
    pub(crate) fn parameters(
        &self,
        given: &BTreeMap<String, String>,
    ) -> Result<BTreeMap<String, Value>, TemplateError> {
        parameters::values(&self.parameters, given)
    }

    /// Drops resources whose condition is false.
    pub(crate) fn decide(&mut self, resolver: &Resolver) -> Result<(), TemplateError> {
        for resource in std::mem::take(&mut self.resources) {
            let exists = match &resource.condition {
                Some(condition) => resolver.condition(&resource.id, condition)?,
                None => true,
            };
            if exists {
                self.resources.push(resource);
            }
        }
        Ok(())
    }
}

/// Removes a section from the root; an absent one is empty.
fn section(root: &mut Map<String, Value>, name: &str) -> Result<Map<String, Value>, TemplateError> {
    match root.remove(name) {
        None => Ok(Map::new()),
        Some(Value::Object(section)) => Ok(section),
        Some(_) => Err(TemplateError::at(name, "must be a mapping")),
    }
}

fn read(id: String, value: Value, globals: &Map<String, Value>) -> Result<Resource, TemplateError> {
    let Value::Object(mut members) = value else {
        return Err(TemplateError::at(id, "must be a mapping"));
    };
    if let Some(attribute) = members.keys().find(|key| !RESOURCE_ATTRIBUTES.contains(&key.as_str())) {
        return Err(unknown(format!("{id}.{attribute}"), "this resource attribute"));
    }
    let Some(kind) = members.get("Type").and_then(Value::as_str).map(str::to_owned) else {
        return Err(TemplateError::at(id, "has no Type"));
    };
    let properties = members.remove("Properties").unwrap_or_else(|| Value::Object(Map::new()));
    let properties = globals::merge(&kind, properties, globals);
    known::check_resource(&id, &kind, &properties)?;
    let condition = members.get("Condition").and_then(Value::as_str).map(str::to_owned);
    let metadata = members.remove("Metadata").unwrap_or(Value::Null);
    Ok(Resource { id, kind, properties, metadata, condition })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> String {
        Template::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn the_projects_template_is_understood() {
        Template::read(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../template.yaml"))).unwrap();
    }

    #[test]
    fn what_is_not_understood_stops_the_start_and_names_its_place() {
        let cases = [
            ("Hooks: {}", "Hooks: this section"),
            ("Resources: { A: { Type: 'AWS::SNS::Topic' } }", "A: resource type AWS::SNS::Topic"),
            ("Resources: { A: { Type: 'AWS::SQS::Queue', Properties: { FifoQueue: true } } }", "A: property FifoQueue"),
            ("Resources: { A: { Type: 'AWS::SQS::Queue', CreationPolicy: {} } }", "A.CreationPolicy"),
            ("Globals: { Api: {} }", "Globals.Api"),
            (
                "Resources: { F: { Type: 'AWS::Serverless::Function', Properties: { Events: { E: { Type: S3 } } } } }",
                "F.E: event type S3",
            ),
            (
                "Resources: { F: { Type: 'AWS::Serverless::Function', Properties: { Events: { E: { Type: SQS, Properties: \
                 { FilterCriteria: {} } } } } } }",
                "F.E: property FilterCriteria",
            ),
        ];
        for (text, expected) in cases {
            assert!(refusal(text).starts_with(expected), "{text} gave {}", refusal(text));
        }
    }

    #[test]
    fn globals_reach_every_function_and_give_way_to_its_own_properties() {
        let text = "
Globals: { Function: { Timeout: 3, Environment: { Variables: { A: x, B: y } } } }
Resources: { F: { Type: 'AWS::Serverless::Function', Properties: { Timeout: 9, Environment: { Variables: { B: z } } } } }";
        let template = Template::parse(text).unwrap();
        let expected = serde_json::json!({ "Timeout": 9, "Environment": { "Variables": { "A": "x", "B": "z" } } });
        assert_eq!(template.resources[0].properties, expected);
    }
}
