//! Rules for headers, also those of cards.

use super::variables::{examples, names};
use super::{Composition, Finding, Format, SAMPLE_ADDRESS, hint, refused, samples, text, variables};
use serde_json::{Map, Value};

const LONGEST_HEADER: usize = 60;

pub(super) fn check(
    composition: &Composition,
    header: &Map<String, Value>,
    place: &'static str,
    findings: &mut Vec<Finding>,
) {
    match Format::of(header) {
        Format::Text => line(composition, header, findings),
        format if format.is_media() => {
            sample(header, place, findings);
            if format == Format::Gif && !composition.is_of("MARKETING") {
                findings.push(hint(
                    "header.gif",
                    place,
                    "Meta takes animations only in marketing templates that are sent with the Marketing Messages API.",
                ));
            }
        }
        Format::Unknown if text(header, "format").is_empty() => {
            findings.push(refused("header.format", place, "A header needs a format, for example TEXT or IMAGE."));
        }
        _ => {}
    }
}

fn line(composition: &Composition, header: &Map<String, Value>, findings: &mut Vec<Finding>) {
    let text = text(header, "text");
    if text.is_empty() || text.chars().count() > LONGEST_HEADER {
        findings.push(refused("header.length", "header", "A header has 1 to 60 characters."));
    }
    if variables(text).len() > 1 {
        findings.push(refused("header.variables", "header", "A header may contain at most one variable."));
    }
    // Meta documents both as refused (2388047). Marks cannot be told from punctuation with certainty.
    if text.chars().any(is_emoji) {
        findings.push(refused("header.emoji", "header", "A header must not contain emoji."));
    }
    if ['*', '~', '`'].iter().any(|mark| text.matches(*mark).count() > 1) {
        findings.push(hint(
            "header.marks",
            "header",
            "Meta refuses headers with *bold*, ~struck~ or `monospace` text.",
        ));
    }
    names(composition, text, "header", findings);
    examples(composition, header, "header", findings);
}

/// Unicode's blocks of pictographs; symbols that also occur in plain text are left out.
const fn is_emoji(character: char) -> bool {
    matches!(character, '\u{1f000}'..='\u{1faff}' | '\u{2600}'..='\u{26ff}' | '\u{2728}' | '\u{2705}' | '\u{274c}' | '\u{fe0f}')
}

/// Meta: the sample of a file is the handle that its upload returned; anything else is answered with 2388273.
fn sample(header: &Map<String, Value>, place: &'static str, findings: &mut Vec<Finding>) {
    let given = samples::of_header(header);
    if given.iter().all(|sample| sample.trim().is_empty()) {
        findings.push(refused(
            "header.sample",
            place,
            "A media header needs a sample file. Upload it (POST …/template-samples) and put its handle into example.header_handle.",
        ));
    }
    if given.iter().any(|sample| samples::is_address(sample)) {
        findings.push(refused(
            SAMPLE_ADDRESS,
            place,
            "The sample is a web address, which Meta refuses. Upload the file (POST …/template-samples) and use its handle.",
        ));
    }
    let is_id = |sample: &&str| !sample.is_empty() && sample.bytes().all(|byte| byte.is_ascii_digit());
    if given.iter().any(is_id) {
        findings.push(refused(
            "header.sample_media_id",
            place,
            "The sample is the id of a file for messages, which Meta refuses. Upload the file (POST …/template-samples) and use its handle.",
        ));
    }
}
