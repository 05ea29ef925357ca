//! Rules for buttons: their number, kinds, order and content.

use super::{Button, Composition, Finding, Otp, Part, hint, refused, text, variables};
use serde_json::{Map, Value};

const LONGEST_BUTTON: usize = 25;
const LONGEST_ADDRESS: usize = 2000;
const LONGEST_NUMBER: usize = 20;
/// The code of a limited-time offer.
pub(super) const LONGEST_OFFER_CODE: usize = 15;
const MOST_BUTTONS: usize = 10;

/// How many buttons of a type a template may have; all others are limited by their sum.
const MOST: [(Button, usize, &str, &str); 10] = [
    (Button::Url, 2, "buttons.links", "A template may have at most two URL buttons."),
    (Button::PhoneNumber, 1, "buttons.twice", ONCE),
    (Button::CopyCode, 1, "buttons.twice", ONCE),
    (Button::Otp, 1, "buttons.twice", ONCE),
    (Button::Flow, 1, "buttons.twice", ONCE),
    (Button::Catalog, 1, "buttons.twice", ONCE),
    (Button::Mpm, 1, "buttons.twice", ONCE),
    (Button::Spm, 1, "buttons.twice", ONCE),
    (Button::VoiceCall, 1, "buttons.twice", ONCE),
    (Button::RequestContactInfo, 1, "buttons.twice", ONCE),
];

const ONCE: &str = "Except quick replies and links, each type of button may occur only once.";

pub(super) fn check(composition: &Composition, findings: &mut Vec<Finding>) {
    let buttons = composition.buttons();
    if composition.has(Part::Buttons) && buttons.is_empty() {
        findings.push(refused("buttons.none", "buttons", "The list of buttons is empty."));
    }
    if buttons.len() > MOST_BUTTONS {
        findings.push(refused("buttons.many", "buttons", "A template may have at most ten buttons."));
    }
    let kinds: Vec<Button> = buttons.iter().map(|button| Button::of(button)).collect();
    for (kind, most, code, message) in MOST {
        if kinds.iter().filter(|known| **known == kind).count() > most {
            findings.push(refused(code, "buttons", message));
        }
    }
    let mut groups: Vec<bool> = kinds.iter().map(|kind| *kind == Button::QuickReply).collect();
    groups.dedup();
    if groups.iter().filter(|quick| **quick).count() > 1 {
        findings.push(refused("buttons.order", "buttons", "Quick replies must be grouped together."));
    }
    if kinds.contains(&Button::Otp) && !composition.is_of("AUTHENTICATION") {
        findings.push(refused(
            "buttons.otp",
            "buttons",
            "Only authentication templates may have a one-time password button.",
        ));
    }
    buttons.iter().for_each(|button| self::button(composition, button, "buttons", findings));
}

/// One button, of the template or of a card.
pub(super) fn button(
    composition: &Composition,
    button: &Map<String, Value>,
    place: &'static str,
    findings: &mut Vec<Finding>,
) {
    if text(button, "type").is_empty() {
        findings.push(refused("button.untyped", place, "Every button needs a type."));
    }
    let (kind, label) = (Button::of(button), text(button, "text"));
    let labelled = matches!(kind, Button::QuickReply | Button::Url | Button::PhoneNumber);
    if (labelled && label.is_empty()) || (kind != Button::Unknown && label.chars().count() > LONGEST_BUTTON) {
        findings.push(refused("button.text", place, "The text of a button has 1 to 25 characters."));
    }
    if !variables(label).is_empty() {
        findings.push(refused("button.variable", place, "The text of a button must not contain variables."));
    }
    match kind {
        Button::Url => link(button, place, findings),
        Button::PhoneNumber => call(button, place, findings),
        Button::CopyCode => code(button, place, findings),
        Button::Otp => password(button, findings),
        Button::Flow if ["flow_id", "flow_json", "flow_name"].iter().all(|name| !button.contains_key(*name)) => {
            findings.push(refused(
                "button.flow",
                place,
                "A flow button names its flow: flow_id, flow_name or flow_json.",
            ));
        }
        Button::RequestContactInfo if composition.is_of("AUTHENTICATION") || button.len() > 1 => {
            findings.push(hint("button.contact", place, "A button that requests contact information has only a type."));
        }
        _ => {}
    }
}

fn call(button: &Map<String, Value>, place: &'static str, findings: &mut Vec<Finding>) {
    let number = text(button, "phone_number");
    let plain = number.chars().all(|c| c.is_ascii_alphanumeric() || c == '+');
    if number.is_empty() || number.len() > LONGEST_NUMBER || !plain {
        findings.push(refused("button.number", place, "The phone number of a button has 1 to 20 characters."));
    }
}

fn code(button: &Map<String, Value>, place: &'static str, findings: &mut Vec<Finding>) {
    if example(button).is_none_or(|code| code.is_empty() || code.chars().count() > LONGEST_NUMBER) {
        findings.push(refused("button.code", place, "A copy-code button needs an example of up to 20 characters."));
    }
    if button.contains_key("text") {
        findings.push(hint("button.code_text", place, "Meta writes the text of a copy-code button itself."));
    }
}

/// Meta: "Authentication templates" with copy-code, one-tap and zero-tap buttons.
fn password(button: &Map<String, Value>, findings: &mut Vec<Finding>) {
    if ["text", "autofill_text"].iter().any(|name| text(button, name).chars().count() > LONGEST_BUTTON) {
        findings.push(refused("button.text", "buttons", "The text of a button has 1 to 25 characters."));
    }
    if ["text", "autofill_text"].iter().any(|name| button.contains_key(*name)) {
        findings.push(hint(
            "otp.text",
            "buttons",
            "Meta may replace the text of a one-time password button with its own in the template's language. Leave it out.",
        ));
    }
    let kind = Otp::parse(text(button, "otp_type"));
    let named = |app: &Value| ["package_name", "signature_hash"].iter().all(|name| app.get(*name).is_some());
    let apps = button.get("supported_apps").and_then(Value::as_array);
    let has_app = apps.is_some_and(|apps| !apps.is_empty() && apps.iter().all(named));
    if matches!(kind, Otp::OneTap | Otp::ZeroTap) && !has_app && !named(&Value::Object(button.clone())) {
        findings.push(refused(
            "otp.apps",
            "buttons",
            "One-tap and zero-tap buttons name the app: supported_apps with package_name and signature_hash.",
        ));
    }
    if kind == Otp::ZeroTap && button.get("zero_tap_terms_accepted") != Some(&Value::Bool(true)) {
        findings.push(refused("otp.terms", "buttons", "A zero-tap button needs zero_tap_terms_accepted: true."));
    }
}

fn link(button: &Map<String, Value>, place: &'static str, findings: &mut Vec<Finding>) {
    let address = text(button, "url");
    let web = address.starts_with("https://") || address.starts_with("http://");
    if !web || address.len() > LONGEST_ADDRESS {
        findings.push(refused("button.address", place, "A link must be a web address of up to 2,000 characters."));
    }
    let inside = variables(address);
    if inside.len() > 1 || (inside.len() == 1 && !address.ends_with("}}")) {
        findings.push(refused("button.address_variable", place, "A link may contain one variable, at its end."));
    }
    if !inside.is_empty() && example(button).is_none() {
        findings.push(refused("button.example", place, "A link with a variable needs an example."));
    }
}

/// The example: a string, or the first item of a list.
pub(super) fn example(button: &Map<String, Value>) -> Option<&str> {
    match button.get("example")? {
        Value::String(text) => Some(text),
        Value::Array(list) => list.first()?.as_str(),
        _ => None,
    }
}
