//! Stored message templates, and how changes from polls and webhooks are merged into them.

mod listing;
mod words;

pub use listing::{ListProgress, PageBatch};
pub use words::{Quality, Status};

use super::ids::TemplateId;
use super::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;

/// A template as last seen. Status, category and quality are stored as Meta's strings, because their lists of values
/// are open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Template {
    /// Meta's id.
    pub id: TemplateId,
    /// Its name; unique together with the language.
    pub name: String,
    /// Language with an underscore, for example `en_US`; webhooks use a hyphen.
    pub language: String,
    /// For example `APPROVED`.
    pub status: String,
    /// Reason for a rejection.
    pub reason: Option<String>,
    /// When `status` became true: a webhook's own time, or the time of the poll that saw it first.
    pub changed_at: Timestamp,
    /// For example `UTILITY`; webhooks may omit it.
    pub category: Option<String>,
    /// The category to which Meta is going to change it, if Meta considers another one correct.
    #[serde(default)]
    pub correct_category: Option<String>,
    /// Since when the categories have had these values.
    #[serde(default)]
    pub category_at: Timestamp,
    /// `GREEN`, `YELLOW`, `RED` or `UNKNOWN`.
    #[serde(default)]
    pub quality: Option<String>,
    /// Since when the quality has had this value.
    #[serde(default)]
    pub quality_at: Timestamp,
    /// The first poll in which it was missing from the list.
    #[serde(default)]
    pub missing_since: Option<Timestamp>,
    /// Whether a stored change may not have been published yet.
    #[serde(default, rename = "untold")]
    pub unpublished: bool,
}

impl Template {
    /// The time of its newest attribute.
    #[must_use]
    pub fn newest_at(&self) -> Timestamp {
        self.changed_at.max(self.category_at).max(self.quality_at)
    }
}

/// The form in which languages are stored.
#[must_use]
pub fn normal_language(language: &str) -> String {
    language.replace('-', "_")
}

/// Our own status for a template that Meta no longer lists.
pub const DELETED: &str = "DELETED";

/// A change of one template, from one webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateChange {
    /// The template's id.
    pub id: TemplateId,
    /// Its name.
    pub name: String,
    /// Its language, with an underscore.
    pub language: String,
    /// When, by Meta's clock.
    pub at: Timestamp,
    /// The changed attribute.
    pub attribute: ChangedAttribute,
}

/// The attribute that a webhook reports; each attribute has its own time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChangedAttribute {
    /// A review ended, or the template was paused, disabled or deleted.
    Status {
        /// The new status.
        status: String,
        /// Reason for a rejection.
        reason: Option<String>,
        /// The category, if the webhook contains it.
        category: Option<String>,
    },
    /// Its category changed or will change.
    Category {
        /// The current category.
        category: String,
        /// The upcoming category.
        correct: Option<String>,
    },
    /// Its quality changed.
    Quality(String),
}

/// The result of merging a webhook's change with the stored template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Merged {
    /// To be stored and published.
    Changed(Box<Template>),
    /// Already stored; [`Template::unpublished`] tells whether an earlier delivery crashed before publishing it.
    Known,
    /// A newer change is stored.
    Stale,
    /// Two different values of the same second, or a change of an unknown template: the template has to be read from
    /// Meta.
    Undecided,
}

/// Merges a webhook's change with the stored template.
#[must_use]
pub fn apply_change(known: Option<&Template>, change: &TemplateChange) -> Merged {
    match (known, &change.attribute) {
        (None, ChangedAttribute::Status { status, reason, category }) => Merged::Changed(Box::new(Template {
            id: change.id.clone(),
            name: change.name.clone(),
            language: change.language.clone(),
            status: status.clone(),
            reason: reason.clone(),
            changed_at: change.at,
            category: category.clone(),
            correct_category: None,
            category_at: Timestamp::default(),
            quality: None,
            quality_at: Timestamp::default(),
            missing_since: None,
            unpublished: true,
        })),
        (None, ChangedAttribute::Category { .. } | ChangedAttribute::Quality(_)) => Merged::Undecided,
        (Some(stored), attribute) => attribute.merged_with(stored, change.at),
    }
}

impl ChangedAttribute {
    fn merged_with(&self, stored: &Template, at: Timestamp) -> Merged {
        let (last, same) = match self {
            Self::Status { status, reason, .. } => {
                (stored.changed_at, (&stored.status, &stored.reason) == (status, reason))
            }
            Self::Category { category, correct } => {
                (stored.category_at, stored.category.as_ref() == Some(category) && stored.correct_category == *correct)
            }
            Self::Quality(quality) => (stored.quality_at, stored.quality.as_ref() == Some(quality)),
        };
        match (at.cmp(&last), same) {
            (Ordering::Greater, _) => Merged::Changed(Box::new(self.applied_to(stored, at))),
            (Ordering::Equal, true) => Merged::Known,
            (Ordering::Equal, false) => Merged::Undecided,
            (Ordering::Less, _) => Merged::Stale,
        }
    }

    fn applied_to(&self, stored: &Template, at: Timestamp) -> Template {
        let mut updated = Template { unpublished: true, ..stored.clone() };
        match self {
            Self::Status { status, reason, category } => {
                (updated.status, updated.reason, updated.changed_at) = (status.clone(), reason.clone(), at);
                updated.missing_since = None;
                if let Some(category) = category.as_ref().filter(|_| stored.category_at < at) {
                    updated.category = Some(category.clone());
                }
            }
            Self::Category { category, correct } => {
                (updated.category, updated.correct_category) = (Some(category.clone()), correct.clone());
                updated.category_at = at;
            }
            Self::Quality(quality) => (updated.quality, updated.quality_at) = (Some(quality.clone()), at),
        }
        updated
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The changes of a poll that began at that time.
    pub(super) fn poll(known: &[Template], seen: &[Template], began: Timestamp) -> Vec<Template> {
        let batch = PageBatch { read_at: began, seen: seen.to_vec(), pages: 1, next: None };
        ListProgress::begun(began).take_in(known, batch)
    }

    pub(super) fn template(id: &str, status: &str, changed: i64) -> Template {
        Template {
            id: TemplateId::parse(id).unwrap(),
            name: "order_shipped".into(),
            language: "en_US".into(),
            status: status.into(),
            reason: None,
            changed_at: Timestamp::from_seconds(changed),
            category: Some("UTILITY".into()),
            correct_category: None,
            category_at: Timestamp::default(),
            quality: None,
            quality_at: Timestamp::default(),
            missing_since: None,
            unpublished: false,
        }
    }

    fn change(attribute: ChangedAttribute, at: i64) -> TemplateChange {
        let template = template("1", "", 0);
        TemplateChange {
            id: template.id,
            name: template.name,
            language: template.language,
            at: Timestamp::from_seconds(at),
            attribute,
        }
    }

    fn status(status: &str, at: i64) -> TemplateChange {
        change(ChangedAttribute::Status { status: status.into(), reason: None, category: Some("UTILITY".into()) }, at)
    }

    #[test]
    fn a_webhook_of_the_same_second_wins_over_a_poll() {
        let listed =
            Template { changed_at: Timestamp::from_millis(5_234).before_this_second(), ..template("1", "PENDING", 0) };
        let Merged::Changed(stored) = apply_change(Some(&listed), &status("APPROVED", 5)) else { panic!("a change") };
        assert_eq!(*stored, Template { unpublished: true, ..template("1", "APPROVED", 5) });
        let began = listed.changed_at;
        assert_eq!(poll(&[Template { unpublished: false, ..*stored }], &[listed], began), vec![]);
    }

    #[test]
    fn a_second_delivery_changes_nothing() {
        let stored = template("1", "APPROVED", 5);
        assert_eq!(apply_change(Some(&stored), &status("APPROVED", 5)), Merged::Known);
        assert_eq!(apply_change(Some(&stored), &status("PAUSED", 4)), Merged::Stale);
    }

    #[test]
    fn two_values_of_one_second_are_undecided() {
        assert_eq!(apply_change(Some(&template("1", "PAUSED", 5)), &status("APPROVED", 5)), Merged::Undecided);
        assert_eq!(apply_change(None, &change(ChangedAttribute::Quality("RED".into()), 5)), Merged::Undecided);
    }

    #[test]
    fn status_category_and_quality_are_merged_independently() {
        let known = template("1", "PAUSED", 50);
        let announced = ChangedAttribute::Category { category: "UTILITY".into(), correct: Some("MARKETING".into()) };
        let Merged::Changed(known) = apply_change(Some(&known), &change(announced, 10)) else {
            panic!("older than the status")
        };
        let Merged::Changed(known) = apply_change(Some(&known), &change(ChangedAttribute::Quality("RED".into()), 20))
        else {
            panic!("newer than any quality")
        };
        let Merged::Changed(known) = apply_change(Some(&known), &status("APPROVED", 60)) else { panic!("newest") };
        let now = (known.status.as_str(), known.correct_category.as_deref(), known.quality.as_deref());
        assert_eq!(now, ("APPROVED", Some("MARKETING"), Some("RED")));
        let listed = Template { quality: Some("GREEN".into()), correct_category: None, ..template("1", "PAUSED", 15) };
        let [merged] = &poll(&[*known], &[listed], Timestamp::from_seconds(15))[..] else {
            panic!("the categories are older than the poll")
        };
        let now = (merged.status.as_str(), merged.correct_category.as_deref(), merged.quality.as_deref());
        assert_eq!(now, ("APPROVED", None, Some("RED")), "each attribute by its own time");
    }
}
