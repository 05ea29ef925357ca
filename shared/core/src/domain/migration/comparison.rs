//! What moves with a number and what does not, as it was before and as it is afterwards.

use crate::domain::meta_status::Attribute;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Most templates that are compared one by one: a record has 400 KB, a name up to 512 characters.
pub const MOST_TEMPLATES: usize = 200;

/// A number and the templates of its account at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Snapshot {
    /// The display name.
    pub name: Option<String>,
    /// Whether it carries the badge of an official business account.
    pub official: Option<bool>,
    /// Meta's words about it.
    pub words: BTreeMap<Attribute, String>,
    /// The account's templates; `None` when they cannot be read.
    pub templates: Option<Vec<NamedTemplate>>,
}

/// A template, by what identifies it in both accounts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct NamedTemplate {
    /// Its name.
    pub name: String,
    /// Its language.
    pub language: String,
    /// Its status.
    pub status: String,
}

/// One line of the comparison.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Compared {
    /// What is compared.
    pub subject: String,
    /// As it was; `None` when nobody knows.
    pub before: Option<String>,
    /// As it is.
    pub after: Option<String>,
    /// Whether it moved; `None` when nobody knows.
    pub kept: Option<bool>,
}

impl Snapshot {
    /// What became of the templates that were there before.
    #[must_use]
    pub fn with_templates_of(self, before: Option<&Self>, now: Vec<NamedTemplate>) -> Self {
        let were = before.and_then(|before| before.templates.as_ref());
        let was = |template: &NamedTemplate| {
            were.is_some_and(|were| were.iter().any(|it| it.name == template.name && it.language == template.language))
        };
        self.with_templates(now.into_iter().filter(was).collect())
    }

    /// A snapshot with at most as many templates as a record holds.
    #[must_use]
    pub fn with_templates(self, mut templates: Vec<NamedTemplate>) -> Self {
        templates.sort_unstable();
        templates.truncate(MOST_TEMPLATES);
        Self { templates: Some(templates), ..self }
    }
}

fn line(subject: &str, before: Option<String>, after: Option<String>) -> Compared {
    let kept = before.as_ref().zip(after.as_ref()).map(|(before, after)| before == after);
    Compared { subject: subject.to_owned(), before, after, kept }
}

/// Compares a number before and after its move, then every template that was there before.
#[must_use]
pub fn compare(before: Option<&Snapshot>, after: Option<&Snapshot>) -> Vec<Compared> {
    let both = |read: fn(&Snapshot) -> Option<String>| (before.and_then(read), after.and_then(read));
    let word = |attribute: Attribute| {
        let read = |snapshot: Option<&Snapshot>| snapshot.and_then(|snapshot| snapshot.words.get(&attribute).cloned());
        (read(before), read(after))
    };
    let official =
        |snapshot: &Snapshot| snapshot.official.map(|official| if official { "yes" } else { "no" }.to_owned());
    let mut lines = Vec::new();
    let mut add = |subject: &str, (was, is): (Option<String>, Option<String>)| lines.push(line(subject, was, is));
    add("display_name", both(|snapshot| snapshot.name.clone()));
    add("name_status", word(Attribute::NameStatus));
    add("quality", word(Attribute::Quality));
    add("messaging_limit", word(Attribute::MessagingLimit));
    add("official_business_account", both(official));
    lines.extend(templates(before, after));
    lines
}

fn templates(before: Option<&Snapshot>, after: Option<&Snapshot>) -> Vec<Compared> {
    let Some(were) = before.and_then(|snapshot| snapshot.templates.as_ref()) else { return Vec::new() };
    let are = after.and_then(|snapshot| snapshot.templates.as_ref());
    let compared = |was: &NamedTemplate| {
        let is = are.map(|are| are.iter().find(|is| is.name == was.name && is.language == was.language));
        let kept = is.map(|is| is.is_some_and(|is| is.status == was.status));
        let after = is.flatten().map(|is| is.status.clone());
        let subject = format!("template {} ({})", was.name, was.language);
        Compared { subject, before: Some(was.status.clone()), after, kept }
    };
    were.iter().map(compared).collect()
}
