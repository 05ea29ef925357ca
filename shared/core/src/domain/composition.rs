//! A template draft: parsed, checked against Meta's rules before it is submitted, and rendered as a preview.

mod content;
mod lint;
mod preview;
mod samples;
mod text;
mod words;

pub use lint::{Finding, SAMPLE_ADDRESS, lint};
pub use preview::{Preview, preview};
pub use samples::{MediaType, is_address};
pub(in crate::domain) use words::words;
pub use words::{CATEGORIES, Format, MEMBERS, Vocabulary, unknown_words};

use self::words::{Button, Part};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A template to submit to Meta.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Composition {
    /// Lower-case letters, digits and underscores.
    pub name: String,
    /// With an underscore, for example `pt_BR`.
    pub language: String,
    /// `AUTHENTICATION`, `MARKETING` or `UTILITY`.
    pub category: String,
    /// `POSITIONAL` (`{{1}}`) or `NAMED` (`{{order_id}}`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameter_format: Option<String>,
    /// Seconds after which an undelivered message is dropped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_send_ttl_seconds: Option<i64>,
    /// Header, body, footer and buttons, in Meta's format. Absent only in a template of Meta's library.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<Map<String, Value>>,
    /// Every other member of Meta's request, passed on as it is.
    #[serde(flatten)]
    pub others: Map<String, Value>,
}

impl Composition {
    /// Whether variables have names.
    fn is_named(&self) -> bool {
        self.parameter_format.as_deref().is_some_and(|format| format.eq_ignore_ascii_case("NAMED"))
    }

    fn is_of(&self, category: &str) -> bool {
        self.category.eq_ignore_ascii_case(category)
    }

    /// Whether Meta takes the components from its template library.
    fn is_from_library(&self) -> bool {
        self.others.contains_key("library_template_name")
    }

    fn of(&self, part: Part) -> impl Iterator<Item = &Map<String, Value>> {
        self.components.iter().filter(move |component| Part::of(component) == part)
    }

    fn has(&self, part: Part) -> bool {
        self.of(part).next().is_some()
    }

    fn buttons(&self) -> Vec<&Map<String, Value>> {
        buttons(&self.components)
    }

    fn has_button(&self, kind: Button) -> bool {
        self.buttons().into_iter().any(|button| Button::of(button) == kind)
    }

    /// The components of each card of a carousel.
    fn cards(&self) -> Vec<Vec<Map<String, Value>>> {
        let cards = self.of(Part::Carousel).filter_map(|carousel| carousel.get("cards")?.as_array()).flatten();
        let objects = |card: &Value| {
            let list = card.get("components").and_then(Value::as_array).into_iter().flatten();
            list.filter_map(Value::as_object).cloned().collect()
        };
        cards.map(objects).collect()
    }

    /// The same as a new template: without the members that Meta only shows. `sub_category` is set by the creator of an
    /// order template only; `CUSTOM` is Meta's word for all others.
    #[must_use]
    pub fn for_copy(mut self) -> Self {
        self.others.retain(|name, value| name == "sub_category" && value.as_str() != Some("CUSTOM"));
        self
    }
}

fn buttons(components: &[Map<String, Value>]) -> Vec<&Map<String, Value>> {
    let of_type = components.iter().filter(|component| Part::of(component) == Part::Buttons);
    let lists = of_type.filter_map(|component| component.get("buttons")?.as_array());
    lists.flatten().filter_map(Value::as_object).collect()
}

fn text<'a>(object: &'a Map<String, Value>, name: &str) -> &'a str {
    object.get(name).and_then(Value::as_str).unwrap_or_default()
}
