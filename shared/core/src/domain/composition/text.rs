//! Splits texts into words and variables.

/// A part of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    Words(&'a str),
    /// The text between `{{` and `}}`.
    Variable(&'a str),
    /// Unbalanced braces.
    Stray,
}

/// Splits a text.
pub(super) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(open) = rest.find("{{") {
        let (words, after) = rest.split_at(open);
        push_words(&mut pieces, words);
        let inside = after.get(2..).unwrap_or_default();
        match inside.find("}}") {
            Some(close) => {
                pieces.push(Piece::Variable(inside.get(..close).unwrap_or_default().trim()));
                rest = inside.get(close + 2..).unwrap_or_default();
            }
            None => {
                pieces.push(Piece::Stray);
                rest = "";
            }
        }
    }
    push_words(&mut pieces, rest);
    pieces
}

fn push_words<'a>(pieces: &mut Vec<Piece<'a>>, words: &'a str) {
    if words.contains("}}") {
        pieces.push(Piece::Stray);
    }
    if !words.is_empty() {
        pieces.push(Piece::Words(words));
    }
}

/// The variables of a text, in order.
pub(super) fn variables(text: &str) -> Vec<&str> {
    let variable = |piece| match piece {
        Piece::Variable(name) => Some(name),
        Piece::Words(_) | Piece::Stray => None,
    };
    pieces(text).into_iter().filter_map(variable).collect()
}
