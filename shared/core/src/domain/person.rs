//! One person on one of a business's numbers: every name Meta has used for it, and whether it stopped marketing
//! messages. Names are fingerprints of phone numbers and user ids ([`super::recipient::Recipient::names`]).
//!
//! Meta says which names are one person: the reply of a send (`contacts`), contacts and senders of incoming messages,
//! system messages about a new number or user id, and `user_id_update`. A username is no name: its holder may change it,
//! and then somebody else may choose it.

use super::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Most names of one person. A person has three at a time (number, user id, parent user id), in up to two spellings;
/// more than this come from mistakes, for example of a number that many people share.
pub const MOST_NAMES: usize = 40;

/// Fingerprints of one person on one number.
pub type Names = BTreeSet<String>;

/// Whether a person stopped marketing messages. Ordered: the newest decision counts, and of two in the same millisecond
/// the one that stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Preference {
    /// When, by Meta's clock.
    pub at: Timestamp,
    /// Whether the person stopped them.
    pub stopped: bool,
}

/// What is known about one person.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// All names.
    pub names: Names,
    /// The newest decision about marketing messages, under whichever name it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preference: Option<Preference>,
}

impl Person {
    /// A person of whom only these names are known.
    #[must_use]
    pub fn named(names: Names) -> Self {
        Self { names, preference: None }
    }

    /// Both as one person. The order in which people are joined and decide makes no difference.
    #[must_use]
    pub fn joined(mut self, other: &Self) -> Self {
        self.names.extend(other.names.iter().cloned());
        self.preference = self.preference.max(other.preference);
        self
    }

    /// The person after a decision; an older one changes nothing.
    #[must_use]
    pub fn prefers(mut self, preference: Option<Preference>) -> Self {
        self.preference = self.preference.max(preference);
        self
    }

    /// Whether marketing messages are unwanted.
    #[must_use]
    pub fn has_stopped(&self) -> bool {
        self.preference.is_some_and(|preference| preference.stopped)
    }

    /// Whether there are more names than one person has.
    #[must_use]
    pub fn is_too_many(&self) -> bool {
        self.names.len() > MOST_NAMES
    }
}

/// Sets that share a name, merged; sorted. A set of one name says nothing and is left out.
#[must_use]
pub fn merged(sets: impl IntoIterator<Item = Names>) -> Vec<Names> {
    let mut merged: Vec<Names> = Vec::new();
    for mut set in sets {
        merged.retain(|other| {
            let apart = other.is_disjoint(&set);
            if !apart {
                set.extend(other.iter().cloned());
            }
            apart
        });
        merged.push(set);
    }
    merged.retain(|set| set.len() > 1);
    merged.sort();
    merged
}

#[cfg(test)]
mod tests;
