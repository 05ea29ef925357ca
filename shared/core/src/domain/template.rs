//! Message templates as we remember them, and the one place where a poll and a webhook meet.

mod listing;

pub use listing::{ListProgress, PageBatch};

use super::ids::TemplateId;
use super::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;

/// A template as it was last seen. Status, category and quality stay Meta's own words: they are open lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Template {
    /// Meta's id.
    pub id: TemplateId,
    /// Name, unique with the language.
    pub name: String,
    /// Language with an underscore, for example `en_US`; webhooks write a hyphen.
    pub language: String,
    /// For example `APPROVED`.
    pub status: String,
    /// Reason of a rejection.
    pub reason: Option<String>,
    /// When Meta made `status` true: a webhook's own time, or the time of the poll that saw it first.
    pub changed_at: Timestamp,
    /// For example `UTILITY`; a webhook may not carry it.
    pub category: Option<String>,
    /// The category Meta is going to move it to, when it thinks that another one is right.
    #[serde(default)]
    pub correct_category: Option<String>,
    /// Since when the categories are these.
    #[serde(default)]
    pub category_at: Timestamp,
    /// `GREEN`, `YELLOW`, `RED` or `UNKNOWN`.
    #[serde(default)]
    pub quality: Option<String>,
    /// Since when the quality is this.
    #[serde(default)]
    pub quality_at: Timestamp,
    /// Since which poll it is not listed.
    #[serde(default)]
    pub missing_since: Option<Timestamp>,
    /// Whether it was stored and the platform may not have been told yet.
    #[serde(default, rename = "untold")]
    pub unpublished: bool,
}

impl Template {
    /// When the newest of it became true.
    #[must_use]
    pub fn newest_at(&self) -> Timestamp {
        self.changed_at.max(self.category_at).max(self.quality_at)
    }
}

/// The form languages are kept in.
#[must_use]
pub fn normal_language(language: &str) -> String {
    language.replace('-', "_")
}

/// Word of our own for a template that Meta no longer lists.
pub const DELETED: &str = "DELETED";

/// What one webhook says about one template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateChange {
    /// Which.
    pub id: TemplateId,
    /// Its name.
    pub name: String,
    /// Its language, with an underscore.
    pub language: String,
    /// By Meta's clock.
    pub at: Timestamp,
    /// What it says.
    pub said: Said,
}

/// The attributes of a template that webhooks speak of, each with its own time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// A review ended, a template was paused, disabled, deleted.
    Status {
        /// Meta's word.
        status: String,
        /// Reason of a rejection.
        reason: Option<String>,
        /// The category, where the webhook carries it.
        category: Option<String>,
    },
    /// Its category changed, or will.
    Category {
        /// What it is now.
        category: String,
        /// What it is going to be.
        correct: Option<String>,
    },
    /// Its quality changed.
    Quality(String),
}

/// What one webhook's news is beside what is remembered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Merged {
    /// To be stored and told.
    Changed(Box<Template>),
    /// Stored already; [`Template::unpublished`] says whether an earlier delivery died before it told.
    Known,
    /// Something newer is remembered.
    Stale,
    /// Two different words of one second, or news of a template that was never seen: Meta has to be asked.
    Undecided,
}

/// Compares one webhook's news with what is remembered.
#[must_use]
pub fn apply_change(known: Option<&Template>, news: &TemplateChange) -> Merged {
    match (known, &news.said) {
        (None, Said::Status { status, reason, category }) => Merged::Changed(Box::new(Template {
            id: news.id.clone(),
            name: news.name.clone(),
            language: news.language.clone(),
            status: status.clone(),
            reason: reason.clone(),
            changed_at: news.at,
            category: category.clone(),
            correct_category: None,
            category_at: Timestamp::default(),
            quality: None,
            quality_at: Timestamp::default(),
            missing_since: None,
            unpublished: true,
        })),
        (None, Said::Category { .. } | Said::Quality(_)) => Merged::Undecided,
        (Some(then), said) => said.beside(then, news.at),
    }
}

impl Said {
    fn beside(&self, then: &Template, at: Timestamp) -> Merged {
        let (last, same) = match self {
            Self::Status { status, reason, .. } => (then.changed_at, (&then.status, &then.reason) == (status, reason)),
            Self::Category { category, correct } => {
                (then.category_at, then.category.as_ref() == Some(category) && then.correct_category == *correct)
            }
            Self::Quality(quality) => (then.quality_at, then.quality.as_ref() == Some(quality)),
        };
        match (at.cmp(&last), same) {
            (Ordering::Greater, _) => Merged::Changed(Box::new(self.over(then, at))),
            (Ordering::Equal, true) => Merged::Known,
            (Ordering::Equal, false) => Merged::Undecided,
            (Ordering::Less, _) => Merged::Stale,
        }
    }

    fn over(&self, then: &Template, at: Timestamp) -> Template {
        let mut now = Template { unpublished: true, ..then.clone() };
        match self {
            Self::Status { status, reason, category } => {
                (now.status, now.reason, now.changed_at) = (status.clone(), reason.clone(), at);
                now.missing_since = None;
                if let Some(category) = category.as_ref().filter(|_| then.category_at < at) {
                    now.category = Some(category.clone());
                }
            }
            Self::Category { category, correct } => {
                (now.category, now.correct_category) = (Some(category.clone()), correct.clone());
                now.category_at = at;
            }
            Self::Quality(quality) => (now.quality, now.quality_at) = (Some(quality.clone()), at),
        }
        now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a poll that began then would change.
    pub(super) fn poll(known: &[Template], seen: &[Template], began: Timestamp) -> Vec<Template> {
        let batch = PageBatch { looked: began, seen: seen.to_vec(), pages: 1, next: None };
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

    fn news(said: Said, at: i64) -> TemplateChange {
        let template = template("1", "", 0);
        TemplateChange {
            id: template.id,
            name: template.name,
            language: template.language,
            at: Timestamp::from_seconds(at),
            said,
        }
    }

    fn status(word: &str, at: i64) -> TemplateChange {
        news(Said::Status { status: word.into(), reason: None, category: Some("UTILITY".into()) }, at)
    }

    #[test]
    fn a_webhook_of_the_same_second_wins_over_a_poll() {
        let listed =
            Template { changed_at: Timestamp::from_millis(5_234).before_this_second(), ..template("1", "PENDING", 0) };
        let Merged::Changed(stored) = apply_change(Some(&listed), &status("APPROVED", 5)) else { panic!("news") };
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
    fn two_words_of_one_second_are_not_decided_by_chance() {
        assert_eq!(apply_change(Some(&template("1", "PAUSED", 5)), &status("APPROVED", 5)), Merged::Undecided);
        assert_eq!(apply_change(None, &news(Said::Quality("RED".into()), 5)), Merged::Undecided);
    }

    #[test]
    fn status_category_and_quality_do_not_stand_in_each_others_way() {
        let known = template("1", "PAUSED", 50);
        let moves = Said::Category { category: "UTILITY".into(), correct: Some("MARKETING".into()) };
        let Merged::Changed(known) = apply_change(Some(&known), &news(moves, 10)) else {
            panic!("older than the status")
        };
        let Merged::Changed(known) = apply_change(Some(&known), &news(Said::Quality("RED".into()), 20)) else {
            panic!("newer than any quality")
        };
        let Merged::Changed(known) = apply_change(Some(&known), &status("APPROVED", 60)) else { panic!("newest") };
        let now = (known.status.as_str(), known.correct_category.as_deref(), known.quality.as_deref());
        assert_eq!(now, ("APPROVED", Some("MARKETING"), Some("RED")));
        let listed = Template { quality: Some("GREEN".into()), correct_category: None, ..template("1", "PAUSED", 15) };
        let [merged] = &poll(&[*known], &[listed], Timestamp::from_seconds(15))[..] else {
            panic!("the categories were said before the poll began")
        };
        let now = (merged.status.as_str(), merged.correct_category.as_deref(), merged.quality.as_deref());
        assert_eq!(now, ("APPROVED", None, Some("RED")), "each attribute by its own time");
    }
}
