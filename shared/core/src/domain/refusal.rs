//! What each refusal of Meta's means while an account and its numbers are connected: who acts, and a sentence that says
//! what to do. One table per area: `onboarding` and `numbers`; messages and templates have their own. Meta's texts
//! are never read: they are in the language of the account.

mod numbers;
mod onboarding;

use super::failure::{Actor, MetaCode};

/// The meaning of a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Meaning {
    /// Who has to act.
    pub actor: Actor,
    /// What happened and what to do.
    pub sentence: &'static str,
}

/// Codes or subcodes with one meaning.
struct Row {
    numbers: &'static [u64],
    meaning: Meaning,
}

const fn row(numbers: &'static [u64], actor: Actor, sentence: &'static str) -> Row {
    Row { numbers, meaning: Meaning { actor, sentence } }
}

/// For anything that no list names.
const GENERAL: Meaning = Meaning {
    actor: Actor::Operator,
    sentence: "Meta refused the request. Look up the code in Meta's list of error codes.",
};

/// The meaning of a refusal; its subcode is more precise than its code.
#[must_use]
pub fn meaning(meta: MetaCode) -> Meaning {
    known(meta).unwrap_or(GENERAL)
}

/// The meaning of a refusal that is in one of the tables.
#[must_use]
pub fn known(meta: MetaCode) -> Option<Meaning> {
    meta.subcode.and_then(of).or_else(|| of(meta.code))
}

/// Every permission of Meta's has a code of its own between 200 and 299.
fn of(number: u64) -> Option<Meaning> {
    let number = if (200..300).contains(&number) { 200 } else { number };
    rows().find(|row| row.numbers.contains(&number)).map(|row| row.meaning)
}

fn rows() -> impl Iterator<Item = &'static Row> {
    numbers::ROWS.iter().chain(onboarding::ROWS)
}

/// Every code and subcode in the tables.
pub fn documented() -> impl Iterator<Item = u64> {
    rows().flat_map(|row| row.numbers.iter().copied())
}

#[cfg(test)]
mod tests;
