//! Invisible characters: control characters, and characters that change the reading direction.

use super::{Composition, Finding, Part, hint, refused};
use crate::domain::composition::{buttons, text};

/// Unicode's directional overrides ("Unicode Bidirectional Algorithm", 2.2); right-to-left text does not need them.
const OVERRIDES: [char; 2] = ['\u{202d}', '\u{202e}'];

pub(super) fn check(composition: &Composition, findings: &mut Vec<Finding>) {
    let cards = composition.cards();
    for components in std::iter::once(&composition.components).chain(&cards) {
        for component in components {
            let (place, lines) = match Part::of(component) {
                Part::Header => ("header", false),
                Part::Body => ("body", true),
                Part::Footer => ("footer", false),
                _ => continue,
            };
            unseen(text(component, "text"), place, lines, findings);
        }
        buttons(components).into_iter().for_each(|button| unseen(text(button, "text"), "buttons", false, findings));
    }
}

fn unseen(text: &str, place: &'static str, lines: bool, findings: &mut Vec<Finding>) {
    if text.chars().any(|character| character.is_control() && !(lines && "\n\r\t".contains(character))) {
        let message = if lines {
            "A body may contain no control characters except line breaks and tabs."
        } else {
            "This text must be a single line without control characters."
        };
        findings.push(refused("text.control", place, message));
    }
    if text.contains(OVERRIDES) {
        findings.push(hint(
            "text.direction",
            place,
            "Invisible characters override the reading direction, so the text may be displayed differently.",
        ));
    }
}
