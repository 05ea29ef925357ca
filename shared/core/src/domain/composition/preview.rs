//! Preview of a template with sample values: plain text, and HTML in which values are escaped.

use super::text::{Piece, pieces};
use super::words::{Format, Part};
use super::{Composition, buttons, text};
use serde::Serialize;
use serde_json::{Map, Value};

/// A rendered template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Preview {
    /// Plain text: header, body, footer and buttons, one per line.
    pub text: String,
    /// The same as HTML, with WhatsApp's bold, italic, injection-through and monospace formatting.
    pub html: String,
}

/// Renders a template with values by name or number. A variable without a value is replaced by its example, or left as
/// it is.
#[must_use]
pub fn preview(composition: &Composition, values: &Map<String, Value>) -> Preview {
    let mut lines: Vec<(&'static str, String)> = Vec::new();
    for header in composition.of(Part::Header) {
        let shown = match Format::of(header) {
            Format::Text => filled(composition, header, "header", values),
            _ => format!("[{}]", text(header, "format").to_lowercase()),
        };
        lines.push(("header", shown));
    }
    lines.extend(composition.of(Part::Body).map(|body| ("body", filled(composition, body, "body", values))));
    lines.extend(composition.of(Part::Footer).map(|footer| ("footer", text(footer, "text").to_owned())));
    lines.extend(composition.of(Part::LimitedTimeOffer).filter_map(|part| {
        let offer = part.get("limited_time_offer").and_then(Value::as_object)?;
        Some(("offer", text(offer, "text").to_owned()))
    }));
    lines.extend(composition.buttons().into_iter().map(|button| ("button", label(button))));
    for card in composition.cards() {
        lines.extend(
            card.iter()
                .filter(|part| Part::of(part) == Part::Header)
                .map(|header| ("card", format!("[{}]", text(header, "format").to_lowercase()))),
        );
        let bodies = card.iter().filter(|part| Part::of(part) == Part::Body);
        lines.extend(bodies.map(|body| ("card", filled(composition, body, "body", values))));
        lines.extend(buttons(&card).into_iter().map(|button| ("button", label(button))));
    }
    let plain: Vec<String> =
        lines.iter().map(|(part, line)| if *part == "button" { format!("[ {line} ]") } else { line.clone() }).collect();
    let html = lines.iter().map(|(part, line)| format!("<p class=\"{part}\">{}</p>", marked(&escaped(line))));
    Preview { text: plain.join("\n"), html: html.collect() }
}

/// A button's text, or its type where Meta writes the text.
fn label(button: &Map<String, Value>) -> String {
    let own = text(button, "text");
    if own.is_empty() { text(button, "type").to_lowercase().replace('_', " ") } else { own.to_owned() }
}

fn filled(
    composition: &Composition,
    component: &Map<String, Value>,
    place: &str,
    values: &Map<String, Value>,
) -> String {
    let piece = |piece: Piece<'_>| match piece {
        Piece::Words(words) => words.to_owned(),
        Piece::Stray => "{{".to_owned(),
        Piece::Variable(name) => {
            let given = values.get(name).and_then(Value::as_str).map(str::to_owned);
            given.or_else(|| sample(composition, component, place, name)).unwrap_or_else(|| format!("{{{{{name}}}}}"))
        }
    };
    pieces(text(component, "text")).into_iter().map(piece).collect()
}

/// The example of a variable.
fn sample(composition: &Composition, component: &Map<String, Value>, place: &str, name: &str) -> Option<String> {
    let example = component.get("example")?;
    if composition.is_named() {
        let named = example.get(format!("{place}_text_named_params"))?.as_array()?;
        let found = named.iter().find(|sample| sample.get("param_name").and_then(Value::as_str) == Some(name))?;
        return Some(found.get("example")?.as_str()?.to_owned());
    }
    let values = example.get(format!("{place}_text"))?.as_array()?;
    let values = values.first().and_then(Value::as_array).unwrap_or(values);
    let index: usize = name.parse().ok()?;
    Some(values.get(index.checked_sub(1)?)?.as_str()?.to_owned())
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\n', "<br>")
}

/// `*bold*`, `_italic_`, `~struck~`, ```` ```monospace``` ````.
fn marked(text: &str) -> String {
    let marks = [("```", "code"), ("*", "strong"), ("_", "em"), ("~", "del")];
    marks.iter().fold(text.to_owned(), |text, (mark, tag)| paired(&text, mark, tag))
}

fn paired(text: &str, mark: &str, tag: &str) -> String {
    let parts: Vec<&str> = text.split(mark).collect();
    let last = parts.len().saturating_sub(1);
    let mut out = String::with_capacity(text.len());
    for (index, part) in parts.iter().enumerate() {
        out.push_str(part);
        if index == last {
            break;
        }
        let closes = index % 2 == 1;
        let has_partner = closes || index + 1 < last;
        match (closes, has_partner) {
            (true, _) => out.push_str(&format!("</{tag}>")),
            (false, true) => out.push_str(&format!("<{tag}>")),
            (false, false) => out.push_str(mark),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn show(components: Value, values: Value) -> Preview {
        let mut composition = json!({ "name": "x", "language": "en", "category": "UTILITY" });
        composition["components"] = components;
        let Value::Object(values) = values else { panic!("values") };
        preview(&serde_json::from_value(composition).unwrap(), &values)
    }

    #[test]
    fn values_examples_and_names_fill_the_text() {
        let components = json!([
            { "type": "HEADER", "format": "IMAGE" },
            { "type": "BODY", "text": "Order {{1}} by {{2}}, {{3}}", "example": { "body_text": [["X1", "DHL"]] } },
            { "type": "BUTTONS", "buttons": [{ "type": "QUICK_REPLY", "text": "Stop" }] },
        ]);
        let shown = show(components, json!({ "1": "A7" }));
        assert_eq!(shown.text, "[image]\nOrder A7 by DHL, {{3}}\n[ Stop ]");
    }

    #[test]
    fn values_are_text_and_never_markup() {
        let components = json!([{ "type": "BODY", "text": "Hi {{1}}, *this* is _ours_ and 2*3" }]);
        let shown = show(components, json!({ "1": "<script>alert(1)</script>" }));
        assert_eq!(
            shown.html,
            "<p class=\"body\">Hi &lt;script&gt;alert(1)&lt;/script&gt;, <strong>this</strong> is <em>ours</em> and 2*3</p>"
        );
    }
}
