//! Characters that are not seen: those that no message shows, and those that make a text read as another.

use super::{Finding, hint, refused};
use crate::domain::composition::{Composition, text};

/// Unicode's overrides of the direction of writing ("Unicode Bidirectional Algorithm", 2.2): right-to-left text needs none.
const OVERRIDES: [char; 2] = ['\u{202d}', '\u{202e}'];

pub(super) fn check(composition: &Composition, findings: &mut Vec<Finding>) {
    for (kind, place) in [("HEADER", "header"), ("BODY", "body"), ("FOOTER", "footer")] {
        let lines = kind == "BODY";
        composition.of_type(kind).for_each(|part| unseen(text(part, "text"), place, lines, findings));
    }
    composition.buttons().into_iter().for_each(|button| unseen(text(button, "text"), "buttons", false, findings));
}

fn unseen(text: &str, place: &'static str, lines: bool, findings: &mut Vec<Finding>) {
    if text.chars().any(|character| character.is_control() && !(lines && "\n\r\t".contains(character))) {
        let message =
            if lines { "A body holds no control characters but new lines and tabs." } else { "This is one line." };
        findings.push(refused("text.control", place, message));
    }
    if text.contains(OVERRIDES) {
        findings.push(hint(
            "text.direction",
            place,
            "Characters in it turn the direction of writing: it may read as another text.",
        ));
    }
}
