//! Meta's rules for templates, applied before submission (Meta: "Template components", "Template review"), and hints
//! about wording for which Meta is likely to change the category.

mod buttons;
mod characters;
mod variables;

use self::variables::{examples, names};
use super::text::{Piece, pieces, variables};
use super::{Composition, text};
use serde::Serialize;
use serde_json::{Map, Value};

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

/// Languages Meta accepts.
const LANGUAGES: &str = " af sq ar ar_EG ar_AE ar_LB ar_MA ar_QA az be_BY bn bn_IN bg ca zh_CN zh_HK zh_TW hr cs da prs_AF nl nl_BE en \
    en_GB en_US en_AE en_AU en_CA en_GH en_IE en_IN en_JM en_MY en_NZ en_QA en_SG en_UG en_ZA et fil fi fr fr_BE fr_CA fr_CH fr_CI \
    fr_MA ka de de_AT de_CH el gu ha he hi hu id ga it ja kn kk rw_RW ko ky_KG lo lv lt mk ms ml mr nb ps_AF fa pl pt_BR pt_PT pa \
    ro ru sr si_LK sk sl es es_AR es_CL es_CO es_CR es_DO es_EC es_HN es_MX es_PA es_PE es_ES es_UY sw sv ta te th tr uk ur uz vi zu ";

const LONGEST_NAME: usize = 512;
const LONGEST_HEADER: usize = 60;
const LONGEST_BODY: usize = 1024;
const LONGEST_FOOTER: usize = 60;
/// Minimum number of words per variable: with fewer, Meta may reject a body as mostly variables (2388293). Meta does
/// not document the threshold, and languages written without spaces count words differently.
const WORDS_PER_VARIABLE: usize = 3;

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
    parts(composition, &mut findings);
    buttons::check(composition, &mut findings);
    characters::check(composition, &mut findings);
    lifetime(composition, &mut findings);
    wording(composition, &mut findings);
    findings
}

fn identity(composition: &Composition, findings: &mut Vec<Finding>) {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    let name = &composition.name;
    if name.is_empty() || name.len() > LONGEST_NAME || !name.bytes().all(plain) {
        findings.push(refused("name.form", "name", "A name has 1 to 512 lower-case letters, digits and underscores."));
    }
    if !LANGUAGES.contains(&format!(" {} ", composition.language)) {
        findings.push(refused("language.unknown", "language", "Meta does not accept templates in this language."));
    }
    if !["AUTHENTICATION", "MARKETING", "UTILITY"].contains(&composition.category.as_str()) {
        findings.push(refused(
            "category.unknown",
            "category",
            "The category must be authentication, marketing or utility.",
        ));
    }
    if composition.parameter_format.as_deref().is_some_and(|format| !["NAMED", "POSITIONAL"].contains(&format)) {
        findings.push(refused("variables.format", "parameter_format", "Variables must be positional or named."));
    }
}

fn parts(composition: &Composition, findings: &mut Vec<Finding>) {
    let known = ["HEADER", "BODY", "FOOTER", "BUTTONS"];
    let kind = |component: &Map<String, Value>| text(component, "type").to_ascii_uppercase();
    if composition.components.iter().any(|component| !known.contains(&kind(component).as_str())) {
        findings.push(refused(
            "component.unknown",
            "components",
            "A template may contain only a header, a body, a footer and buttons.",
        ));
    }
    for (kind, place) in [("HEADER", "header"), ("BODY", "body"), ("FOOTER", "footer"), ("BUTTONS", "buttons")] {
        if composition.of_type(kind).count() > 1 {
            findings.push(refused("component.twice", place, "Each component may occur only once."));
        }
    }
    if composition.of_type("BODY").next().is_none() {
        findings.push(refused("body.missing", "body", "A template needs a body."));
    }
    for header in composition.of_type("HEADER") {
        self::header(composition, header, findings);
    }
    for body in composition.of_type("BODY").filter(|_| composition.category != "AUTHENTICATION") {
        self::body(composition, body, findings);
    }
    for footer in composition.of_type("FOOTER").filter(|_| composition.category != "AUTHENTICATION") {
        let text = text(footer, "text");
        if text.is_empty() || text.chars().count() > LONGEST_FOOTER {
            findings.push(refused("footer.length", "footer", "A footer has 1 to 60 characters."));
        }
        if !variables(text).is_empty() {
            findings.push(refused("footer.variable", "footer", "A footer must not contain variables."));
        }
    }
}

fn header(composition: &Composition, header: &Map<String, Value>, findings: &mut Vec<Finding>) {
    match text(header, "format") {
        "TEXT" => {
            let text = text(header, "text");
            if text.is_empty() || text.chars().count() > LONGEST_HEADER {
                findings.push(refused("header.length", "header", "A header has 1 to 60 characters."));
            }
            if variables(text).len() > 1 {
                findings.push(refused("header.variables", "header", "A header may contain at most one variable."));
            }
            names(composition, text, "header", findings);
            examples(composition, header, "header", findings);
        }
        "IMAGE" | "VIDEO" | "DOCUMENT" => {
            let handle =
                header.get("example").and_then(|example| example.get("header_handle")).and_then(Value::as_array);
            if handle.is_none_or(Vec::is_empty) {
                findings.push(refused(
                    "header.sample",
                    "header",
                    "A media header needs a sample file that was uploaded to Meta.",
                ));
            }
        }
        "LOCATION" if composition.category != "AUTHENTICATION" => {}
        _ => findings.push(refused(
            "header.format",
            "header",
            "A header must be text, an image, a video, a document or a location.",
        )),
    }
}

fn body(composition: &Composition, body: &Map<String, Value>, findings: &mut Vec<Finding>) {
    let text = text(body, "text");
    if text.trim().is_empty() || text.chars().count() > LONGEST_BODY {
        findings.push(refused("body.length", "body", "A body has 1 to 1,024 characters."));
    }
    let pieces = pieces(text.trim());
    if matches!(pieces.first(), Some(Piece::Variable(_))) || matches!(pieces.last(), Some(Piece::Variable(_))) {
        findings.push(refused("body.edge_variable", "body", "A body must not begin or end with a variable."));
    }
    let adjacent = |pair: &[Piece<'_>]| match pair {
        [Piece::Variable(_), Piece::Variable(_)] => true,
        [Piece::Variable(_), Piece::Words(words), ..] => words.trim().is_empty(),
        _ => false,
    };
    let next_to_each_other = pieces.windows(2).any(|pair| matches!(pair, [Piece::Variable(_), Piece::Variable(_)]))
        || pieces.windows(3).any(|three| adjacent(three) && matches!(three.last(), Some(Piece::Variable(_))));
    if next_to_each_other {
        findings.push(refused("body.adjacent_variables", "body", "Two variables must have words between them."));
    }
    let words: usize = pieces
        .iter()
        .map(|piece| match piece {
            Piece::Words(words) => words.split_whitespace().count(),
            Piece::Variable(_) | Piece::Stray => 0,
        })
        .sum();
    if words < variables(text).len() * WORDS_PER_VARIABLE {
        findings.push(hint(
            "body.mostly_variables",
            "body",
            "Meta may reject a body with this many variables and this few words.",
        ));
    }
    names(composition, text, "body", findings);
    examples(composition, body, "body", findings);
}

/// Meta: how long a message of each category may wait to be delivered; -1 is 30 days.
fn lifetime(composition: &Composition, findings: &mut Vec<Finding>) {
    let Some(seconds) = composition.message_send_ttl_seconds.filter(|seconds| *seconds != -1) else { return };
    let allowed = match composition.category.as_str() {
        "AUTHENTICATION" => 30..=900,
        "UTILITY" => 30..=43_200,
        _ => 43_200..=2_592_000,
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
    if composition.category != "UTILITY" {
        return;
    }
    let texts = ["HEADER", "BODY", "FOOTER"].into_iter().flat_map(|kind| composition.of_type(kind));
    let labels = composition.buttons().into_iter();
    let all: Vec<String> = texts.chain(labels).map(|part| text(part, "text").to_lowercase()).collect();
    if MARKETING_WORDS.iter().any(|word| all.iter().any(|text| text.contains(word))) {
        findings.push(Finding {
            code: "wording.marketing",
            place: "body",
            refused: false,
            message: "This reads like marketing. Meta may approve it as a marketing template, which costs more and which people can opt out of.",
        });
    }
}

#[cfg(test)]
mod tests;
