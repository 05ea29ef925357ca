//! Parameters: declarations, given values, and whether they agree.

use super::{Number, TemplateError};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// A declared parameter.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Parameter {
    r#type: Kind,
    #[serde(default)]
    default: Option<Value>,
    #[serde(default)]
    allowed_values: Option<Vec<Value>>,
    #[serde(default)]
    allowed_pattern: Option<String>,
    #[serde(default)]
    min_value: Option<f64>,
    #[serde(default)]
    max_value: Option<f64>,
    #[serde(default)]
    min_length: Option<Number>,
    #[serde(default)]
    max_length: Option<Number>,
    #[serde(default)]
    constraint_description: Option<String>,
    /// For the console.
    #[serde(default, rename = "Description")]
    _description: Option<String>,
    /// Hides the value in the console.
    #[serde(default, rename = "NoEcho")]
    _no_echo: Option<Value>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
enum Kind {
    String,
    Number,
    CommaDelimitedList,
}

pub(super) fn read(section: Map<String, Value>) -> Result<BTreeMap<String, Parameter>, TemplateError> {
    let read = |(name, value)| {
        let parameter = serde_json::from_value(value)
            .map_err(|error| TemplateError::at(format!("Parameters.{name}"), error.to_string()))?;
        Ok((name, parameter))
    };
    section.into_iter().map(read).collect()
}

/// The value of every parameter: the given one, else the default. Lists are split.
pub(super) fn values(
    declared: &BTreeMap<String, Parameter>,
    given: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, Value>, TemplateError> {
    if let Some(unknown) = given.keys().find(|name| !declared.contains_key(*name)) {
        return Err(TemplateError::at(format!("Parameters.{unknown}"), "the template has no such parameter"));
    }
    let value = |(name, parameter): (&String, &Parameter)| {
        let value = match given.get(name) {
            Some(text) => Some(text.clone()),
            None => parameter.default.as_ref().and_then(text),
        };
        let place = format!("Parameters.{name}");
        let value = value.ok_or_else(|| TemplateError::at(&place, "has no default and no value is given"))?;
        parameter.check(&value).map_err(|reason| TemplateError::at(&place, reason))?;
        Ok((name.clone(), parameter.value(&value)))
    };
    declared.iter().map(value).collect()
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    }
}

impl Parameter {
    fn value(&self, text: &str) -> Value {
        match self.r#type {
            Kind::CommaDelimitedList => text.split(',').map(|item| Value::from(item.trim())).collect(),
            Kind::String | Kind::Number => Value::from(text),
        }
    }

    fn check(&self, value: &str) -> Result<(), String> {
        let refuse = |what: String| Err(self.constraint_description.clone().unwrap_or(what));
        if let Some(allowed) = &self.allowed_values
            && !allowed.iter().any(|allowed| text(allowed).as_deref() == Some(value))
        {
            let allowed: Vec<String> = allowed.iter().filter_map(text).collect();
            return refuse(format!("`{value}` is not one of {}", allowed.join(", ")));
        }
        if let Some(pattern) = &self.allowed_pattern {
            // CloudFormation matches the whole value.
            let whole = regex_lite::Regex::new(&format!("^(?:{pattern})$")).map_err(|error| error.to_string())?;
            if !whole.is_match(value) {
                return refuse(format!("`{value}` does not match {pattern}"));
            }
        }
        let length = value.chars().count() as u64;
        if self.min_length.is_some_and(|least| length < least.0) || self.max_length.is_some_and(|most| length > most.0)
        {
            return refuse(format!("`{value}` is too short or too long"));
        }
        self.check_number(value).or_else(refuse)
    }

    fn check_number(&self, value: &str) -> Result<(), String> {
        if self.r#type != Kind::Number {
            return Ok(());
        }
        let number: f64 = value.parse().map_err(|_| format!("`{value}` is not a number"))?;
        let least = self.min_value.unwrap_or(f64::NEG_INFINITY);
        let most = self.max_value.unwrap_or(f64::INFINITY);
        if (least..=most).contains(&number) {
            Ok(())
        } else {
            Err(format!("{number} is not between {least} and {most}"))
        }
    }
}
