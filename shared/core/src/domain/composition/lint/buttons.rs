//! Rules for buttons: their number, kinds, order and content.

use super::{Finding, refused};
use crate::domain::composition::text::variables;
use crate::domain::composition::{Composition, text};
use serde_json::{Map, Value};

const LONGEST_BUTTON: usize = 25;
const LONGEST_ADDRESS: usize = 2000;
const LONGEST_NUMBER: usize = 20;
const MOST_BUTTONS: usize = 10;
const MOST_LINKS: usize = 2;

pub(super) fn check(composition: &Composition, findings: &mut Vec<Finding>) {
    let buttons = composition.buttons();
    if composition.of_type("BUTTONS").next().is_some() && buttons.is_empty() {
        findings.push(refused("buttons.none", "buttons", "The list of buttons is empty."));
    }
    if buttons.len() > MOST_BUTTONS {
        findings.push(refused("buttons.many", "buttons", "A template may have at most ten buttons."));
    }
    let kinds: Vec<&str> = buttons.iter().map(|button| text(button, "type")).collect();
    let count = |kind: &str| kinds.iter().filter(|known| **known == kind).count();
    if count("URL") > MOST_LINKS {
        findings.push(refused("buttons.links", "buttons", "A template may have at most two URL buttons."));
    }
    if count("PHONE_NUMBER") > 1 || count("COPY_CODE") > 1 {
        findings.push(refused(
            "buttons.twice",
            "buttons",
            "A call button and a copy-code button may each occur only once.",
        ));
    }
    let mut groups = kinds.iter().map(|kind| *kind == "QUICK_REPLY").collect::<Vec<_>>();
    groups.dedup();
    if groups.iter().filter(|quick| **quick).count() > 1 {
        findings.push(refused("buttons.order", "buttons", "Quick replies must be grouped together."));
    }
    if count("OTP") > 0 && composition.category != "AUTHENTICATION" {
        findings.push(refused(
            "buttons.otp",
            "buttons",
            "Only authentication templates may have a one-time password button.",
        ));
    }
    for button in &buttons {
        self::button(button, findings);
    }
}

fn button(button: &Map<String, Value>, findings: &mut Vec<Finding>) {
    let kind = text(button, "type");
    let label = text(button, "text");
    let labelled = ["QUICK_REPLY", "URL", "PHONE_NUMBER"].contains(&kind);
    if labelled && (label.is_empty() || label.chars().count() > LONGEST_BUTTON) {
        findings.push(refused("button.text", "buttons", "The text of a button has 1 to 25 characters."));
    }
    if !variables(label).is_empty() {
        findings.push(refused("button.variable", "buttons", "The text of a button must not contain variables."));
    }
    match kind {
        "URL" => link(button, findings),
        "PHONE_NUMBER" => {
            let number = text(button, "phone_number");
            let plain = number.chars().all(|c| c.is_ascii_alphanumeric() || c == '+');
            if number.is_empty() || number.len() > LONGEST_NUMBER || !plain {
                findings.push(refused(
                    "button.number",
                    "buttons",
                    "The phone number of a button has 1 to 20 characters.",
                ));
            }
        }
        "COPY_CODE" if example(button).is_none_or(|code| code.is_empty() || code.chars().count() > LONGEST_NUMBER) => {
            findings.push(refused(
                "button.code",
                "buttons",
                "A copy-code button needs an example of up to 20 characters.",
            ));
        }
        _ => {}
    }
}

fn link(button: &Map<String, Value>, findings: &mut Vec<Finding>) {
    let address = text(button, "url");
    let web = address.starts_with("https://") || address.starts_with("http://");
    if !web || address.len() > LONGEST_ADDRESS {
        findings.push(refused("button.address", "buttons", "A link must be a web address of up to 2,000 characters."));
    }
    let inside = variables(address);
    if inside.len() > 1 || (inside.len() == 1 && !address.ends_with("}}")) {
        findings.push(refused("button.address_variable", "buttons", "A link may contain one variable, at its end."));
    }
    if !inside.is_empty() && example(button).is_none() {
        findings.push(refused("button.example", "buttons", "A link with a variable needs an example."));
    }
}

/// The example: a string, or the first item of a list.
fn example(button: &Map<String, Value>) -> Option<&str> {
    match button.get("example")? {
        Value::String(text) => Some(text),
        Value::Array(list) => list.first()?.as_str(),
        _ => None,
    }
}
