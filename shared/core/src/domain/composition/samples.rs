//! The sample files of media headers. Meta takes the handle of an uploaded file only (Meta: "Resumable Upload API"), but
//! shows a template with the address of its own copy.

use super::Composition;
use super::words::{Format, Part};
use serde_json::{Map, Value};

/// The types of files that Meta takes as samples (Meta: "Resumable Upload API", `file_type`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MediaType(&'static str);

impl MediaType {
    /// Every type.
    pub const ALL: [Self; 5] =
        [Self("application/pdf"), Self("image/jpeg"), Self("image/jpg"), Self("image/png"), Self("video/mp4")];

    /// Parses a content type; parameters are ignored.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let essence = text.split(';').next().unwrap_or_default().trim();
        Self::ALL.into_iter().find(|known| known.0.eq_ignore_ascii_case(essence))
    }

    /// The content type.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.0
    }

    /// The name under which a file of this type is uploaded.
    #[must_use]
    pub fn file_name(self) -> String {
        format!("sample.{}", self.0.rsplit('/').next().unwrap_or_default())
    }

    /// Whether it can be the sample of a header; a format that is not known takes any.
    #[must_use]
    pub fn fits(self, format: Format) -> bool {
        match format {
            Format::Image => self.0.starts_with("image/"),
            Format::Video | Format::Gif => self.0 == "video/mp4",
            Format::Document => self.0 == "application/pdf",
            Format::Text | Format::Location | Format::Product => false,
            Format::Unknown => true,
        }
    }
}

/// Whether a sample is a web address instead of a handle.
#[must_use]
pub fn is_address(sample: &str) -> bool {
    let starts = |scheme: &str| sample.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    starts("https://") || starts("http://")
}

/// The samples of a header: a list, as Meta documents it, or a single text.
pub(super) fn of_header(header: &Map<String, Value>) -> Vec<&str> {
    match header.get("example").and_then(|example| example.get("header_handle")) {
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).collect(),
        Some(Value::String(one)) => vec![one.as_str()],
        _ => Vec::new(),
    }
}

impl Composition {
    /// The addresses among the samples, each with its header's format and once.
    #[must_use]
    pub fn sample_addresses(&self) -> Vec<(Format, String)> {
        let cards = self.cards();
        let all = self.components.iter().chain(cards.iter().flatten());
        let headers = all.filter(|component| Part::of(component) == Part::Header);
        let mut found: Vec<(Format, String)> = Vec::new();
        for header in headers {
            for sample in of_header(header).into_iter().filter(|sample| is_address(sample)) {
                if found.iter().all(|(_, known)| known != sample) {
                    found.push((Format::of(header), sample.to_owned()));
                }
            }
        }
        found
    }

    /// Replaces a sample wherever it occurs.
    pub fn replace_sample(&mut self, old: &str, new: &str) {
        self.components.iter_mut().for_each(|component| replace(component, old, new));
    }
}

fn replace(component: &mut Map<String, Value>, old: &str, new: &str) {
    if Part::of(component) == Part::Carousel {
        let cards = component.get_mut("cards").and_then(Value::as_array_mut).into_iter().flatten();
        let lists = cards.filter_map(|card| card.get_mut("components")?.as_array_mut());
        lists.flatten().filter_map(Value::as_object_mut).for_each(|inner| replace(inner, old, new));
    }
    match component.get_mut("example").and_then(|example| example.get_mut("header_handle")) {
        Some(Value::Array(list)) => {
            list.iter_mut().filter(|sample| sample.as_str() == Some(old)).for_each(|sample| *sample = new.into());
        }
        Some(sample) if sample.as_str() == Some(old) => *sample = new.into(),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn samples_are_found_and_replaced_in_headers_and_cards() {
        let header =
            |sample: &str| json!({ "type": "header", "format": "image", "example": { "header_handle": [sample] } });
        let card = |sample: &str| json!({ "components": [header(sample)] });
        let value = json!({ "name": "x", "language": "en", "category": "MARKETING", "components": [
            header("https://scontent.whatsapp.net/a"),
            { "type": "carousel", "cards": [card("https://scontent.whatsapp.net/b"), card("4::handle")] },
        ] });
        let mut composition: Composition = serde_json::from_value(value).unwrap();
        let image = |address: &str| (Format::Image, address.to_owned());
        let both = [image("https://scontent.whatsapp.net/a"), image("https://scontent.whatsapp.net/b")];
        assert_eq!(composition.sample_addresses(), both);
        composition.replace_sample("https://scontent.whatsapp.net/a", "4::one");
        composition.replace_sample("https://scontent.whatsapp.net/b", "4::two");
        let text = serde_json::to_string(&composition).unwrap();
        assert!(
            composition.sample_addresses().is_empty() && text.contains("4::one") && text.contains("4::two"),
            "{text}"
        );
    }

    #[test]
    fn only_documented_types_are_samples_and_each_fits_its_header() {
        for (text, format, fits) in [
            ("image/png", Format::Image, true),
            ("Image/JPEG; charset=x", Format::Image, true),
            ("video/mp4", Format::Gif, true),
            ("application/pdf", Format::Document, true),
            ("image/png", Format::Video, false),
        ] {
            assert_eq!(MediaType::parse(text).unwrap().fits(format), fits, "{text}");
        }
        for other in ["image/webp", "video/3gpp", "application/json", "text/html", ""] {
            assert_eq!(MediaType::parse(other), None, "{other}");
        }
    }
}
