//! A template draft: parsed, checked against Meta's rules before it is submitted, and rendered as a preview.

mod lint;
mod preview;
mod text;

pub use lint::{Finding, lint};
pub use preview::{Preview, preview};

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
    /// Header, body, footer and buttons, in Meta's format.
    pub components: Vec<Map<String, Value>>,
}

impl Composition {
    /// Whether variables have names.
    fn is_named(&self) -> bool {
        self.parameter_format.as_deref() == Some("NAMED")
    }

    fn of_type(&self, kind: &str) -> impl Iterator<Item = &Map<String, Value>> {
        self.components.iter().filter(move |component| text(component, "type").eq_ignore_ascii_case(kind))
    }

    fn buttons(&self) -> Vec<&Map<String, Value>> {
        let lists = self.of_type("BUTTONS").filter_map(|component| component.get("buttons")?.as_array());
        lists.flatten().filter_map(Value::as_object).collect()
    }
}

fn text<'a>(object: &'a Map<String, Value>, name: &str) -> &'a str {
    object.get(name).and_then(Value::as_str).unwrap_or_default()
}
