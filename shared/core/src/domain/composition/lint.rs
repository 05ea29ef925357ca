//! Meta's rules for templates, applied before submission (Meta: "Template components", "Template review" and the page of
//! each template kind), and hints. Only what Meta documents as refused is a refusal: anything unknown is a hint, and Meta
//! decides.

mod body;
mod buttons;
mod carousel;
mod characters;
mod header;
mod kinds;
mod parts;
mod unknown;
mod variables;

use super::text::{Piece, pieces, variables};
use super::words::{Button, Format, Otp, Part, Vocabulary, is_language, unknown_words};
use super::{Composition, samples, text};
use serde::Serialize;

/// Something that Meta would reject, or because of which Meta may change the category.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Stable code.
    pub code: &'static str,
    /// Where: `name`, `header`, `body`, `footer`, `buttons`, ….
    pub place: &'static str,
    /// Whether Meta would reject it; otherwise it is a hint.
    pub refused: bool,
    /// A sentence for people.
    pub message: &'static str,
}

const fn refused(code: &'static str, place: &'static str, message: &'static str) -> Finding {
    Finding { code, place, refused: true, message }
}

const fn hint(code: &'static str, place: &'static str, message: &'static str) -> Finding {
    Finding { code, place, refused: false, message }
}

/// Code of the finding that a sample is a web address.
pub const SAMPLE_ADDRESS: &str = "header.sample_address";

const LONGEST_NAME: usize = 512;

/// Wording that is typical of marketing templates.
const MARKETING_WORDS: [&str; 14] = [
    "discount",
    "% off",
    "sale",
    "special offer",
    "offer ends",
    "buy now",
    "shop now",
    "limited time",
    "coupon",
    "promo",
    "deal",
    "free gift",
    "best price",
    "don't miss",
];

/// All findings about a template. It may be submitted when no finding is a rejection.
#[must_use]
pub fn lint(composition: &Composition) -> Vec<Finding> {
    let mut findings = Vec::new();
    identity(composition, &mut findings);
    unknown::check(composition, &mut findings);
    parts::check(composition, &mut findings);
    kinds::check(composition, &mut findings);
    buttons::check(composition, &mut findings);
    carousel::check(composition, &mut findings);
    characters::check(composition, &mut findings);
    lifetime(composition, &mut findings);
    wording(composition, &mut findings);
    let mut seen: Vec<Finding> = Vec::new();
    findings.retain(|finding| {
        let is_new = !seen.contains(finding);
        seen.extend(is_new.then(|| finding.clone()));
        is_new
    });
    findings
}

fn identity(composition: &Composition, findings: &mut Vec<Finding>) {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    let name = &composition.name;
    if name.is_empty() || name.len() > LONGEST_NAME || !name.bytes().all(plain) {
        findings.push(refused("name.form", "name", "A name has 1 to 512 lower-case letters, digits and underscores."));
    }
    if !is_language(&composition.language) {
        findings.push(refused("language.form", "language", "A language is written like en, en_US or pt_BR."));
    }
}

/// Meta: how long a message of each category may wait to be delivered; -1 is 30 days.
fn lifetime(composition: &Composition, findings: &mut Vec<Finding>) {
    let Some(seconds) = composition.message_send_ttl_seconds.filter(|seconds| *seconds != -1) else { return };
    let allowed = match composition.category.to_ascii_uppercase().as_str() {
        "AUTHENTICATION" => 30..=900,
        "UTILITY" => 30..=43_200,
        "MARKETING" => 43_200..=2_592_000,
        _ => return,
    };
    if !allowed.contains(&seconds) {
        findings.push(refused(
            "ttl.range",
            "message_send_ttl_seconds",
            "The value is outside the range that Meta allows for this category.",
        ));
    }
}

fn wording(composition: &Composition, findings: &mut Vec<Finding>) {
    if !composition.is_of("UTILITY") {
        return;
    }
    let texts = [Part::Header, Part::Body, Part::Footer].into_iter().flat_map(|part| composition.of(part));
    let labels = composition.buttons().into_iter();
    let all: Vec<String> = texts.chain(labels).map(|part| text(part, "text").to_lowercase()).collect();
    if MARKETING_WORDS.iter().any(|word| all.iter().any(|text| text.contains(word))) {
        findings.push(hint(
            "wording.marketing",
            "body",
            "This reads like marketing. Meta may approve it as a marketing template, which costs more and which people can opt out of.",
        ));
    }
}

#[cfg(test)]
mod tests;
