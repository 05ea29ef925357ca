//! Comparison of a number before and after its migration: what was carried over and what was not.

use crate::domain::meta_status::Attribute;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Maximum number of templates compared individually: a record holds 400 KB, a name up to 512 characters.
pub const MOST_TEMPLATES: usize = 200;

/// A number and the templates of its account at one point in time.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Snapshot {
    /// The display name.
    pub name: Option<String>,
    /// Whether it is an official business account.
    pub official: Option<bool>,
    /// Its status values.
    pub words: BTreeMap<Attribute, String>,
    /// The account's templates; `None` when they could not be read.
    pub templates: Option<Vec<NamedTemplate>>,
}

/// A template, identified by name and language in both accounts.
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
    /// The value before; `None` when unknown.
    pub before: Option<String>,
    /// The value after.
    pub after: Option<String>,
    /// Whether it was carried over; `None` when unknown.
    pub kept: Option<bool>,
}

impl Snapshot {
    /// A snapshot of those templates that existed before.
    #[must_use]
    pub fn with_templates_of(self, before: Option<&Self>, now: Vec<NamedTemplate>) -> Self {
        let were = before.and_then(|before| before.templates.as_ref());
        let was = |template: &NamedTemplate| {
            were.is_some_and(|were| were.iter().any(|it| it.name == template.name && it.language == template.language))
        };
        self.with_templates(now.into_iter().filter(was).collect())
    }

    /// A snapshot with at most [`MOST_TEMPLATES`] templates.
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

/// Compares a number before and after its migration, then every template that existed before.
#[must_use]
pub fn compare(before: Option<&Snapshot>, after: Option<&Snapshot>) -> Vec<Compared> {
    let both = |read: fn(&Snapshot) -> Option<String>| (before.and_then(read), after.and_then(read));
    let value = |attribute: Attribute| {
        let read = |snapshot: Option<&Snapshot>| snapshot.and_then(|snapshot| snapshot.words.get(&attribute).cloned());
        (read(before), read(after))
    };
    let official =
        |snapshot: &Snapshot| snapshot.official.map(|official| if official { "yes" } else { "no" }.to_owned());
    let mut lines = Vec::new();
    let mut add = |subject: &str, (was, is): (Option<String>, Option<String>)| lines.push(line(subject, was, is));
    add("display_name", both(|snapshot| snapshot.name.clone()));
    add("name_status", value(Attribute::NameStatus));
    add("quality", value(Attribute::Quality));
    add("messaging_limit", value(Attribute::MessagingLimit));
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
