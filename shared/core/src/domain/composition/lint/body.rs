//! Rules for bodies, also those of cards.

use super::variables::{examples, names};
use super::{Composition, Finding, Piece, hint, pieces, refused, text, variables};
use serde_json::{Map, Value};

/// With `n` variables a body has at least 3·n + 1 words, each variable counted as one; with fewer, Meta may reject it
/// as mostly variables (2388293). Meta does not document the threshold, and languages written without spaces count
/// words differently.
const WORDS_PER_VARIABLE: usize = 3;

/// `limit`: where the body is, its largest number of characters, and the sentence about it.
pub(super) fn check(
    composition: &Composition,
    body: &Map<String, Value>,
    limit: (&'static str, usize, &'static str),
    findings: &mut Vec<Finding>,
) {
    let (place, longest, message) = limit;
    let text = text(body, "text");
    if text.trim().is_empty() || text.chars().count() > longest {
        findings.push(refused("body.length", place, message));
    }
    let pieces = pieces(text.trim());
    if matches!(pieces.first(), Some(Piece::Variable(_))) || matches!(pieces.last(), Some(Piece::Variable(_))) {
        findings.push(refused("body.edge_variable", place, "A body must not begin or end with a variable."));
    }
    if has_adjacent_variables(&pieces) {
        findings.push(refused("body.adjacent_variables", place, "Two variables must have words between them."));
    }
    let variables = variables(text).len();
    let words: usize = pieces.iter().map(words_of).sum();
    if variables > 0 && words + variables < WORDS_PER_VARIABLE * variables + 1 {
        findings.push(hint(
            "body.mostly_variables",
            place,
            "Meta may reject a body with this many variables and this few words.",
        ));
    }
    names(composition, text, place, findings);
    examples(composition, body, place, findings);
}

fn words_of(piece: &Piece<'_>) -> usize {
    match piece {
        Piece::Words(words) => words.split_whitespace().count(),
        Piece::Variable(_) | Piece::Stray => 0,
    }
}

fn has_adjacent_variables(pieces: &[Piece<'_>]) -> bool {
    let blank = |piece: &Piece<'_>| matches!(piece, Piece::Words(words) if words.trim().is_empty());
    let with_words: Vec<_> = pieces.iter().filter(|piece| !blank(piece)).collect();
    with_words.windows(2).any(|pair| matches!(pair, [Piece::Variable(_), Piece::Variable(_)]))
}
