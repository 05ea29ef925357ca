//! Whether a template that Meta already has is the one that was submitted.

use super::words::Part;
use super::{Composition, text};
use serde_json::{Map, Value};

/// Members of components and buttons that people read or touch, compared as they are.
const READ: [&str; 4] = ["text", "url", "phone_number", "flow_id"];

/// Meta's words among the members, compared without case.
const WORDS: [&str; 3] = ["type", "format", "otp_type"];

impl Composition {
    /// Whether two templates show people the same. Examples are left out, because Meta returns samples as addresses of
    /// its own; a template of Meta's library, which has no components of its own; and the texts that Meta provides itself: those of authentication templates.
    #[must_use]
    pub fn shows_the_same(&self, other: &Self) -> bool {
        let preset = self.is_of("AUTHENTICATION");
        let all =
            |composition: &Self| composition.components.iter().map(|part| shown(part, preset)).collect::<Vec<_>>();
        self.components.is_empty() || all(self) == all(other)
    }
}

/// What a component shows, as a flat list of members.
fn shown(component: &Map<String, Value>, preset: bool) -> Vec<String> {
    let words = WORDS.iter().map(|name| text(component, name).to_ascii_uppercase());
    let texts = READ.iter().filter(|_| !preset).map(|name| text(component, name).trim().to_owned());
    let mut all: Vec<String> = words.chain(texts).collect();
    let inner: &[&str] = if Part::of(component) == Part::Carousel { &["cards"] } else { &["buttons"] };
    for list in inner.iter().filter_map(|name| component.get(*name)?.as_array()) {
        for item in list.iter().filter_map(Value::as_object) {
            all.push("|".to_owned());
            all.extend(shown(item, preset));
            let parts = item.get("components").and_then(Value::as_array).into_iter().flatten();
            all.extend(parts.filter_map(Value::as_object).flat_map(|part| shown(part, preset)));
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(components: &Value) -> Composition {
        let value = json!({ "name": "x", "language": "en", "category": "MARKETING", "components": components });
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn case_and_samples_make_no_difference_and_texts_and_buttons_do() {
        let ours = of(&json!([
            { "type": "header", "format": "image", "example": { "header_handle": ["4::x"] } },
            { "type": "body", "text": "one two" },
            { "type": "buttons", "buttons": [{ "type": "url", "text": "Go", "url": "https://x.test" }] },
        ]));
        let metas = |text: &str, url: &str| {
            of(&json!([
                { "type": "HEADER", "format": "IMAGE", "example": { "header_handle": ["https://cdn.test"] } },
                { "type": "BODY", "text": text },
                { "type": "BUTTONS", "buttons": [{ "type": "URL", "text": "Go", "url": url }] },
            ]))
        };
        assert!(ours.shows_the_same(&metas("one two", "https://x.test")));
        assert!(!ours.shows_the_same(&metas("one three", "https://x.test")));
        assert!(!ours.shows_the_same(&metas("one two", "https://y.test")));
        assert!(!ours.shows_the_same(&of(&json!([{ "type": "BODY", "text": "one two" }]))));
    }
}
