//! Message templates as we remember them, and the one place where a poll and a webhook meet.

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
    /// For example `UTILITY`; a webhook may not carry it.
    pub category: Option<String>,
    /// Reason of a rejection.
    pub reason: Option<String>,
    /// When Meta made `status` true: a webhook's own time, or the time of the poll that saw it first.
    pub changed_at: Timestamp,
    /// Polls in a row that did not list it.
    pub missing_polls: u8,
}

/// The form languages are kept in.
#[must_use]
pub fn normal_language(language: &str) -> String {
    language.replace('-', "_")
}

/// A difference between what is remembered and what Meta says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TemplateChange {
    /// Seen for the first time.
    Appeared(Template),
    /// Another status or category.
    Changed(Template),
    /// Not listed by one poll: remembered, not believed yet (Meta's lists flap).
    Missed(Template),
    /// Not listed by two polls in a row.
    Vanished(Template),
}

impl TemplateChange {
    /// The template as it is now.
    #[must_use]
    pub fn template(&self) -> &Template {
        match self {
            Self::Appeared(template) | Self::Changed(template) | Self::Missed(template) | Self::Vanished(template) => {
                template
            }
        }
    }

    /// Whether the platform is told.
    #[must_use]
    pub fn is_news(&self) -> bool {
        match self {
            Self::Appeared(_) | Self::Changed(_) | Self::Vanished(_) => true,
            Self::Missed(_) => false,
        }
    }
}

/// Word of our own for a template that Meta no longer lists.
pub const DELETED: &str = "DELETED";

/// Compares a complete list, read in a poll that began at `began`, with what is remembered. News that is newer than the
/// poll's beginning wins over the poll.
#[must_use]
pub fn reconcile(known: &[Template], seen: &[Template], began: Timestamp) -> Vec<TemplateChange> {
    let mut changes: Vec<TemplateChange> = seen
        .iter()
        .filter_map(|now| match known.iter().find(|then| then.id == now.id) {
            None => Some(TemplateChange::Appeared(now.clone())),
            Some(then) => merge(then, now, began),
        })
        .collect();
    let gone = known.iter().filter(|then| then.status != DELETED && !seen.iter().any(|now| now.id == then.id));
    changes.extend(gone.filter(|then| then.changed_at <= began).map(|then| missed(then, began)));
    changes
}

fn merge(then: &Template, now: &Template, began: Timestamp) -> Option<TemplateChange> {
    let differs = then.status != now.status || then.category != now.category || then.reason != now.reason;
    if then.changed_at > began || (!differs && then.missing_polls == 0) {
        return None;
    }
    let fresh = Template { changed_at: if differs { now.changed_at } else { then.changed_at }, ..now.clone() };
    Some(if differs { TemplateChange::Changed(fresh) } else { TemplateChange::Missed(fresh) })
}

fn missed(then: &Template, began: Timestamp) -> TemplateChange {
    if then.missing_polls == 0 {
        TemplateChange::Missed(Template { missing_polls: 1, ..then.clone() })
    } else {
        TemplateChange::Vanished(Template { status: DELETED.to_owned(), changed_at: began, ..then.clone() })
    }
}

/// What one webhook's news is beside what is remembered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// To be stored and told.
    Fresh(Template),
    /// Stored already, by an earlier delivery that may have died before it told.
    Stored,
    /// Something newer is remembered.
    Stale,
}

/// Compares one webhook's news with what is remembered.
#[must_use]
pub fn apply_news(known: Option<&Template>, news: &Template) -> News {
    let Some(then) = known else {
        return News::Fresh(news.clone());
    };
    let merged = Template { category: news.category.clone().or_else(|| then.category.clone()), ..news.clone() };
    match news.changed_at.cmp(&then.changed_at) {
        Ordering::Greater => News::Fresh(merged),
        Ordering::Equal if merged == *then => News::Stored,
        Ordering::Equal | Ordering::Less => News::Stale,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(id: &str, status: &str, changed: i64) -> Template {
        Template {
            id: TemplateId::parse(id).unwrap(),
            name: "order_shipped".into(),
            language: "en_US".into(),
            status: status.into(),
            category: Some("UTILITY".into()),
            reason: None,
            changed_at: Timestamp::from_seconds(changed),
            missing_polls: 0,
        }
    }

    const BEGAN: Timestamp = Timestamp::from_seconds(100);

    #[test]
    fn an_unchanged_list_causes_nothing() {
        let known = [template("1", "APPROVED", 10), template("2", "PENDING", 20)];
        let seen = [template("1", "APPROVED", 100), template("2", "PENDING", 100)];
        assert_eq!(reconcile(&known, &seen, BEGAN), vec![]);
    }

    #[test]
    fn a_webhook_newer_than_the_poll_wins() {
        let known = [template("1", "APPROVED", 101)];
        assert_eq!(reconcile(&known, &[template("1", "PENDING", 100)], BEGAN), vec![]);
        let older = [template("1", "PENDING", 99)];
        assert!(matches!(
            &reconcile(&older, &[template("1", "APPROVED", 100)], BEGAN)[..],
            [TemplateChange::Changed(_)]
        ));
    }

    #[test]
    fn a_template_is_gone_after_two_polls_not_one() {
        let [TemplateChange::Missed(once)] = &reconcile(&[template("1", "APPROVED", 10)], &[], BEGAN)[..] else {
            panic!("one poll without it is only remembered")
        };
        let later = Timestamp::from_seconds(200);
        let changes = reconcile(std::slice::from_ref(once), &[], later);
        assert_eq!(changes[0].template().status, DELETED);
        assert!(changes[0].is_news());
        let back = reconcile(std::slice::from_ref(once), &[template("1", "APPROVED", 200)], later);
        assert_eq!((back[0].template().missing_polls, back[0].is_news()), (0, false));
    }

    #[test]
    fn a_webhook_of_the_same_second_wins_over_a_poll() {
        let polled =
            Template { changed_at: Timestamp::from_millis(5_234).before_this_second(), ..template("1", "PENDING", 0) };
        let news = template("1", "APPROVED", 5);
        assert_eq!(apply_news(Some(&polled), &news), News::Fresh(news.clone()));
        assert_eq!(reconcile(&[news], std::slice::from_ref(&polled), polled.changed_at), vec![]);
    }

    #[test]
    fn a_second_delivery_is_told_again_and_changes_nothing() {
        let news = template("1", "APPROVED", 5);
        assert_eq!(apply_news(Some(&news), &news), News::Stored);
        assert_eq!(apply_news(Some(&template("1", "PAUSED", 5)), &news), News::Stale);
    }

    #[test]
    fn shuffled_news_ends_at_the_newest() {
        let news = [template("1", "APPROVED", 1), template("1", "PAUSED", 2), template("1", "APPROVED", 3)];
        for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            let mut known: Option<Template> = None;
            for index in order {
                if let News::Fresh(next) = apply_news(known.as_ref(), &news[index]) {
                    known = Some(next);
                }
            }
            assert_eq!(known.unwrap().changed_at, Timestamp::from_seconds(3));
        }
    }
}
