//! Navigation in the parsed template.

use serde_norway::Value;

/// The value at the end of a path of keys.
pub(super) fn at<'a>(value: &'a Value, path: &[&str]) -> Option<&'a Value> {
    path.iter().try_fold(value, |value, key| value.as_mapping()?.get(*key))
}

/// The entries of a mapping in document order; none for anything else.
pub(super) fn entries(value: Option<&Value>) -> impl Iterator<Item = (&str, &Value)> {
    let mapping = value.and_then(Value::as_mapping).into_iter().flatten();
    mapping.filter_map(|(key, value)| Some((key.as_str()?, value)))
}

/// One value or a list of them, as a list.
pub(super) fn list(value: Option<&Value>) -> Vec<&Value> {
    match value {
        Some(Value::Sequence(values)) => values.iter().collect(),
        Some(value) => vec![value],
        None => Vec::new(),
    }
}

/// The texts of a list.
pub(super) fn texts(value: Option<&Value>) -> Vec<&str> {
    list(value).into_iter().filter_map(Value::as_str).collect()
}

/// Logical id and attribute (`Arn`, …; empty for `!Ref`) of `!Ref` or `!GetAtt`.
pub(super) fn reference(value: &Value) -> Option<(&str, &str)> {
    let Value::Tagged(tagged) = value else { return None };
    let text = tagged.value.as_str()?;
    match tagged.tag.to_string().as_str() {
        "!Ref" => Some((text, "")),
        "!GetAtt" => text.split_once('.'),
        _ => None,
    }
}

/// The text of a `!Sub`.
pub(super) fn substitution(value: &Value) -> Option<&str> {
    let Value::Tagged(tagged) = value else { return None };
    (tagged.tag == "Sub").then(|| tagged.value.as_str()).flatten()
}

/// Every name that a value refers to, at any depth.
pub(super) fn names_in(value: &Value) -> Vec<&str> {
    let own = reference(value).map(|(id, _)| id).into_iter();
    let in_text = substitution(value).into_iter().flat_map(placeholders);
    let inner: Vec<&Value> = match value {
        Value::Tagged(tagged) => vec![&tagged.value],
        Value::Sequence(values) => values.iter().collect(),
        Value::Mapping(mapping) => mapping.values().collect(),
        _ => Vec::new(),
    };
    own.chain(in_text).chain(inner.into_iter().flat_map(names_in)).collect()
}

/// The names in `${…}`, without attributes.
fn placeholders(text: &str) -> impl Iterator<Item = &str> {
    text.split("${").skip(1).filter_map(|rest| rest.split(['}', '.']).next())
}

mod proofs {
    use super::*;

    #[test]
    fn references_are_seen_in_every_form() {
        let text = "[!Ref A, !GetAtt B.Arn, !Sub \"${C}/x/${D.Arn}\", !If [Yes, { E: !Ref F }, !Join [\",\", !Ref G]]]";
        let value: Value = serde_norway::from_str(text).unwrap();
        assert_eq!(names_in(&value), ["A", "B", "C", "D", "F", "G"]);
    }
}
