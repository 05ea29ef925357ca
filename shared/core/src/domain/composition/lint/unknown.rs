//! Hints about words that this version does not know, and about members that Meta ignores.

use super::{Composition, Finding, Vocabulary, hint, unknown_words};

pub(super) fn check(composition: &Composition, findings: &mut Vec<Finding>) {
    findings.extend(unknown_words(composition).into_iter().filter_map(about));
    if composition.others.contains_key("allow_category_change") {
        findings.push(hint(
            "member.ignored",
            "allow_category_change",
            "Meta ignores allow_category_change since April 2025 and may change the category of any template.",
        ));
    }
}

fn about(list: Vocabulary) -> Option<Finding> {
    let row = HINTS.iter().find(|(known, ..)| *known == list)?;
    Some(hint(row.1, row.2, row.3))
}

/// Code, place and sentence for each list that lacks a word.
const HINTS: [(Vocabulary, &str, &str, &str); 8] = [
    (
        Vocabulary::Component,
        "component.unknown",
        "components",
        "A component's type is not known here, so it was not checked. Meta decides whether it is accepted.",
    ),
    (
        Vocabulary::Format,
        "header.format",
        "header",
        "The header's format is not known here, so it was not checked. Meta decides whether it is accepted.",
    ),
    (
        Vocabulary::Button,
        "button.unknown",
        "buttons",
        "A button's type is not known here, so it was not checked. Meta decides whether it is accepted.",
    ),
    (
        Vocabulary::Otp,
        "otp.unknown",
        "buttons",
        "The kind of one-time password button should be COPY_CODE, ONE_TAP or ZERO_TAP. Meta decides whether it is accepted.",
    ),
    (
        Vocabulary::Category,
        "category.unknown",
        "category",
        "The category should be authentication, marketing or utility. Meta decides whether another one is accepted.",
    ),
    (
        Vocabulary::Language,
        "language.unknown",
        "language",
        "This language is not in Meta's list as it is known here. Meta decides whether it is accepted.",
    ),
    (
        Vocabulary::ParameterFormat,
        "variables.format",
        "parameter_format",
        "The format of variables should be positional or named. Meta decides whether another one is accepted.",
    ),
    (
        Vocabulary::Member,
        "member.unknown",
        "template",
        "A member of the template is not known here and is passed on as it is. Meta decides whether it is accepted.",
    ),
];
