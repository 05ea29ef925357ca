//! Rules for variables: their names and examples.

use super::{Finding, refused};
use crate::domain::composition::text::{Piece, pieces, variables};
use crate::domain::composition::{Composition, text};
use serde_json::{Map, Value};

/// Positional variables count from 1 without gaps; names consist of lower-case letters and underscores (digits are
/// accepted in practice). A template uses one kind only.
pub(super) fn names(composition: &Composition, text: &str, place: &'static str, findings: &mut Vec<Finding>) {
    if pieces(text).contains(&Piece::Stray) {
        findings.push(refused("variables.braces", place, "Braces are not balanced."));
    }
    let variables = variables(text);
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    let is_number = |name: &str| name.bytes().all(|byte| byte.is_ascii_digit());
    let named = |name: &&str| !is_number(name) && name.bytes().all(letter);
    let right = if composition.is_named() {
        variables.iter().all(named)
    } else {
        let mut numbers: Vec<usize> = variables.iter().filter_map(|name| name.parse().ok()).collect();
        let all = numbers.len() == variables.len();
        numbers.sort_unstable();
        numbers.dedup();
        all && numbers.iter().enumerate().all(|(index, number)| *number == index + 1)
    };
    if !right {
        let message = if composition.is_named() {
            "Names of variables consist of lower-case letters and underscores."
        } else {
            "Variables must be {{1}}, {{2}} and so on, without gaps; named variables need parameter_format NAMED."
        };
        findings.push(refused("variables.names", place, message));
    }
}

/// Checks that every variable has an example.
pub(super) fn examples(
    composition: &Composition,
    component: &Map<String, Value>,
    place: &'static str,
    findings: &mut Vec<Finding>,
) {
    let mut wanted = variables(text(component, "text"));
    wanted.sort_unstable();
    wanted.dedup();
    if wanted.is_empty() {
        return;
    }
    let given = sample_names(composition, component);
    let complete = match given {
        Samples::Named(names) => wanted.iter().all(|name| names.iter().any(|given| given == name)),
        Samples::Count(count) => count >= wanted.len(),
    };
    if !complete {
        findings.push(refused("variables.example", place, "Every variable needs an example."));
    }
}

enum Samples {
    Named(Vec<String>),
    Count(usize),
}

/// Meta names the list of examples after the component's type.
fn sample_names(composition: &Composition, component: &Map<String, Value>) -> Samples {
    let place = text(component, "type").to_ascii_lowercase();
    let example = component.get("example");
    let list = |name: String| example.and_then(|example| example.get(name)).and_then(Value::as_array);
    if composition.is_named() {
        let named = list(format!("{place}_text_named_params")).into_iter().flatten();
        let name = |sample: &Value| Some(sample.get("param_name")?.as_str()?.to_owned());
        return Samples::Named(named.filter_map(name).collect());
    }
    let values = list(format!("{place}_text"));
    let count = match values.map(Vec::as_slice) {
        // The example of a body is a list of lists.
        Some([Value::Array(values), ..]) => values.len(),
        Some(values) => values.len(),
        None => 0,
    };
    Samples::Count(count)
}
