//! Evaluates intrinsics against parameters, conditions and created resources.

use super::{TemplateError, unknown};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Everything an intrinsic may refer to.
#[derive(Debug, Default)]
pub(crate) struct Resolver {
    /// Results of `Ref`: parameters, pseudo parameters, resources.
    pub(crate) references: BTreeMap<String, Value>,
    /// Results of `GetAtt`, by resource and attribute.
    pub(crate) attributes: BTreeMap<(String, String), Value>,
    /// Conditions by name, unevaluated.
    pub(crate) conditions: Map<String, Value>,
}

/// Marks a value removed by `AWS::NoValue`.
fn is_no_value(value: &Value) -> bool {
    value.get("Ref").and_then(Value::as_str) == Some("AWS::NoValue")
}

impl Resolver {
    /// Evaluates a value; `place` locates it in errors.
    pub(crate) fn evaluate(&self, place: &str, value: &Value) -> Result<Value, TemplateError> {
        match value {
            Value::Array(items) => {
                let kept = items
                    .iter()
                    .map(|item| self.step(place, item))
                    .filter(|item| !matches!(item, Ok(item) if is_no_value(item)));
                Ok(Value::Array(kept.collect::<Result<_, _>>()?))
            }
            Value::Object(map) => match map.iter().next() {
                Some((name, argument)) if map.len() == 1 && (name == "Ref" || name.starts_with("Fn::")) => {
                    self.call(place, name, argument)
                }
                _ => self.map(place, map),
            },
            plain => Ok(plain.clone()),
        }
    }

    fn map(&self, place: &str, map: &Map<String, Value>) -> Result<Value, TemplateError> {
        let mut evaluated = Map::new();
        for (key, value) in map {
            let value = self.step(&format!("{place}.{key}"), value)?;
            if !is_no_value(&value) {
                evaluated.insert(key.clone(), value);
            }
        }
        Ok(Value::Object(evaluated))
    }

    /// Evaluates, but leaves `AWS::NoValue` for the enclosing collection to drop.
    fn step(&self, place: &str, value: &Value) -> Result<Value, TemplateError> {
        if is_no_value(value) { Ok(value.clone()) } else { self.evaluate(place, value) }
    }

    fn call(&self, place: &str, name: &str, argument: &Value) -> Result<Value, TemplateError> {
        match name {
            "Ref" => self.reference(place, argument.as_str().unwrap_or_default()),
            "Fn::GetAtt" => {
                let parts = self.texts(place, argument)?;
                let [resource, attribute] = parts.as_slice() else {
                    return Err(unknown(place, "this GetAtt"));
                };
                self.attribute(place, resource, attribute)
            }
            "Fn::Sub" => self.substitute(place, argument),
            "Fn::Join" => {
                let [separator, items] = pair(place, argument)?;
                let items = self.evaluate(place, items)?;
                Ok(Value::from(self.texts(place, &items)?.join(separator.as_str().unwrap_or_default())))
            }
            "Fn::Split" => {
                let [separator, text] = pair(place, argument)?;
                let text = self.text(place, text)?;
                Ok(Value::from(text.split(separator.as_str().unwrap_or(",")).map(Value::from).collect::<Vec<_>>()))
            }
            "Fn::Select" => {
                let [index, items] = pair(place, argument)?;
                let index: usize = self.text(place, index)?.parse().map_err(|_| unknown(place, "this Select"))?;
                let items = self.evaluate(place, items)?;
                items.get(index).cloned().ok_or_else(|| unknown(place, "a Select out of range"))
            }
            "Fn::If" => {
                let parts = argument.as_array().map(Vec::as_slice);
                let Some([condition, yes, no]) = parts else {
                    return Err(unknown(place, "this If"));
                };
                let holds = self.condition(place, condition.as_str().unwrap_or_default())?;
                self.step(place, if holds { yes } else { no })
            }
            "Fn::Equals" | "Fn::Not" | "Fn::And" | "Fn::Or" => self.holds(place, name, argument).map(Value::from),
            other => Err(unknown(place, format!("intrinsic {other}"))),
        }
    }

    fn reference(&self, place: &str, name: &str) -> Result<Value, TemplateError> {
        self.references.get(name).cloned().ok_or_else(|| unknown(place, format!("Ref {name}")))
    }

    fn attribute(&self, place: &str, resource: &str, attribute: &str) -> Result<Value, TemplateError> {
        let key = (resource.to_owned(), attribute.to_owned());
        self.attributes.get(&key).cloned().ok_or_else(|| unknown(place, format!("GetAtt {resource}.{attribute}")))
    }

    /// Whether a condition is true.
    pub(super) fn condition(&self, place: &str, name: &str) -> Result<bool, TemplateError> {
        let condition = self.conditions.get(name).ok_or_else(|| unknown(place, format!("condition {name}")))?;
        self.truth(place, condition)
    }

    fn truth(&self, place: &str, value: &Value) -> Result<bool, TemplateError> {
        match value.get("Condition").and_then(Value::as_str) {
            Some(name) => self.condition(place, name),
            None => self.evaluate(place, value)?.as_bool().ok_or_else(|| unknown(place, "an invalid condition")),
        }
    }

    fn holds(&self, place: &str, name: &str, argument: &Value) -> Result<bool, TemplateError> {
        let arguments = argument.as_array().ok_or_else(|| unknown(place, format!("this {name}")))?;
        if name == "Fn::Equals" {
            let [one, other] = pair(place, argument)?;
            return Ok(self.text(place, one)? == self.text(place, other)?);
        }
        let truths = arguments.iter().map(|argument| self.truth(place, argument)).collect::<Result<Vec<_>, _>>()?;
        Ok(match name {
            "Fn::Not" => !truths.iter().any(|truth| *truth),
            "Fn::And" => truths.iter().all(|truth| *truth),
            _ => truths.iter().any(|truth| *truth),
        })
    }

    /// `${Name}`, `${Resource.Attribute}`, `${!literal}`. The form with a variable map is not supported.
    fn substitute(&self, place: &str, argument: &Value) -> Result<Value, TemplateError> {
        let mut rest = argument.as_str().ok_or_else(|| unknown(place, "a Sub with variables"))?;
        let mut text = String::new();
        while let Some((before, after)) = rest.split_once("${") {
            let (name, behind) = after.split_once('}').ok_or_else(|| unknown(place, "an open ${"))?;
            text.push_str(before);
            match (name.strip_prefix('!'), name.split_once('.')) {
                (Some(literal), _) => text.push_str(&format!("${{{literal}}}")),
                (None, Some((resource, attribute))) => {
                    text.push_str(&plain(&self.attribute(place, resource, attribute)?));
                }
                (None, None) => text.push_str(&plain(&self.reference(place, name)?)),
            }
            rest = behind;
        }
        text.push_str(rest);
        Ok(Value::from(text))
    }

    fn text(&self, place: &str, value: &Value) -> Result<String, TemplateError> {
        Ok(plain(&self.evaluate(place, value)?))
    }

    fn texts(&self, place: &str, value: &Value) -> Result<Vec<String>, TemplateError> {
        let items = value.as_array().ok_or_else(|| unknown(place, "anything other than a list"))?;
        items.iter().map(|item| self.text(place, item)).collect()
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn pair<'a>(place: &str, argument: &'a Value) -> Result<[&'a Value; 2], TemplateError> {
    match argument.as_array().map(Vec::as_slice) {
        Some([one, other]) => Ok([one, other]),
        _ => Err(unknown(place, "an intrinsic without two arguments")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn resolver() -> Resolver {
        let mut resolver = Resolver::default();
        resolver.references.insert("Stage".into(), json!("dev"));
        resolver.references.insert("List".into(), json!(["a", "b"]));
        resolver.attributes.insert(("Queue".into(), "Arn".into()), json!("arn:q"));
        let empty = json!({ "Fn::Equals": [{ "Ref": "Stage" }, ""] });
        resolver.conditions.insert("HasStage".into(), json!({ "Fn::Not": [empty] }));
        resolver
    }

    #[test]
    fn every_intrinsic_gives_what_cloudformation_gives() {
        let check =
            |value: Value, expected: Value| assert_eq!(resolver().evaluate("x", &value).unwrap(), expected, "{value}");
        check(json!({ "Ref": "Stage" }), json!("dev"));
        check(json!({ "Fn::GetAtt": ["Queue", "Arn"] }), json!("arn:q"));
        check(json!({ "Fn::Sub": "${Stage}-${Queue.Arn}-${!x}" }), json!("dev-arn:q-${x}"));
        check(json!({ "Fn::Join": [",", { "Ref": "List" }] }), json!("a,b"));
        check(json!({ "Fn::Select": [1, { "Fn::Split": ["-", "x-y"] }] }), json!("y"));
        check(json!({ "Fn::If": ["HasStage", 1, 2] }), json!(1));
        check(json!({ "a": { "Ref": "AWS::NoValue" }, "b": [{ "Ref": "AWS::NoValue" }, 1] }), json!({ "b": [1] }));
        check(json!({ "a": { "Fn::If": ["HasStage", { "Ref": "AWS::NoValue" }, 2] } }), json!({}));
        check(
            json!({ "Fn::And": [{ "Condition": "HasStage" }, { "Fn::Or": [{ "Condition": "HasStage" }] }] }),
            json!(true),
        );
    }

    #[test]
    fn what_cannot_be_resolved_is_named() {
        for bad in [
            json!({ "Ref": "Nobody" }),
            json!({ "Fn::GetAtt": ["Queue", "Url"] }),
            json!({ "Fn::Cidr": [] }),
            json!({ "Fn::If": ["No", 1, 2] }),
        ] {
            assert!(resolver().evaluate("Place", &bad).unwrap_err().to_string().contains("Place"), "{bad}");
        }
    }
}
