//! A list of templates as it is read, page by page, against what is remembered.

use super::{DELETED, Template};
use crate::domain::ids::TemplateId;
use crate::domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A list of an account's templates that is being read: where it goes on, and what stood on it so far.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListProgress {
    /// When it was begun.
    pub began: Timestamp,
    /// Meta's cursor; `None` before the first page, and after the last.
    pub after: Option<String>,
    /// What stood on the pages so far.
    pub seen: BTreeSet<TemplateId>,
    /// How many pages that were.
    pub pages: usize,
    /// Recognises the cursors so far: one that comes again means that the list has no end.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub cursors: BTreeSet<String>,
}

/// Pages of the list that were read in a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageBatch {
    /// When reading them began: what is said of a template later is newer than they are.
    pub looked: Timestamp,
    /// What stands on them.
    pub seen: Vec<Template>,
    /// How many they are.
    pub pages: usize,
    /// Where the list goes on; `None` at its end.
    pub next: Option<String>,
}

impl ListProgress {
    /// A list of which nothing was read yet.
    #[must_use]
    pub const fn begun(at: Timestamp) -> Self {
        Self { began: at, after: None, seen: BTreeSet::new(), pages: 0, cursors: BTreeSet::new() }
    }

    /// Goes on by a batch. Gives the templates that are to be stored, and told where they say so, given what is remembered
    /// of the account. What is not listed is missing only once the list was read to its end; it is taken for deleted when a
    /// second list misses it too, because Meta's lists flap.
    pub fn take_in(&mut self, known: &[Template], batch: PageBatch) -> Vec<Template> {
        let PageBatch { looked, seen, pages, next } = batch;
        self.pages += pages;
        self.after = next;
        self.seen.extend(seen.iter().map(|now| now.id.clone()));
        let remembered: BTreeMap<&TemplateId, &Template> = known.iter().map(|then| (&then.id, then)).collect();
        let difference = |now: Template| match remembered.get(&now.id) {
            None => Some(Template { unpublished: true, ..now }),
            Some(then) => merge(then, &now, looked),
        };
        let mut changes: Vec<Template> = seen.into_iter().filter_map(difference).collect();
        if self.after.is_none() {
            let unlisted = known.iter().filter(|then| !self.seen.contains(&then.id));
            changes.extend(unlisted.filter_map(|then| missed(then, self.began)));
        }
        changes
    }
}

/// Each attribute by its own time: news that is newer than the look wins over it.
fn merge(then: &Template, now: &Template, looked: Timestamp) -> Option<Template> {
    let mut fresh = then.clone();
    if then.changed_at <= looked && (&then.status, &then.reason) != (&now.status, &now.reason) {
        (fresh.status, fresh.reason, fresh.changed_at) = (now.status.clone(), now.reason.clone(), looked);
    }
    let categories = |template: &Template| (template.category.clone(), template.correct_category.clone());
    if then.category_at <= looked && categories(then) != categories(now) {
        ((fresh.category, fresh.correct_category), fresh.category_at) = (categories(now), looked);
    }
    if then.quality_at <= looked && now.quality.is_some() && then.quality != now.quality {
        (fresh.quality, fresh.quality_at) = (now.quality.clone(), looked);
    }
    fresh.unpublished = then.unpublished || fresh != *then;
    // What is newer than the look says that the template is there; the next poll agrees.
    if then.changed_at <= looked {
        fresh.missing_since = None;
    }
    (fresh.unpublished || fresh != *then).then_some(fresh)
}

/// One poll, however often it is repeated and by how many at once, is one look.
fn missed(then: &Template, began: Timestamp) -> Option<Template> {
    let then = then.clone();
    match then.missing_since {
        _ if then.status == DELETED || then.changed_at > began => then.unpublished.then_some(then),
        None => Some(Template { missing_since: Some(began), ..then }),
        Some(since) if since < began => {
            Some(Template { status: DELETED.to_owned(), changed_at: began, unpublished: true, ..then })
        }
        Some(_) => then.unpublished.then_some(then),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::template;
    use super::*;

    fn poll(known: &[Template], seen: &[Template], at: i64) -> Vec<Template> {
        super::super::tests::poll(known, seen, Timestamp::from_seconds(at))
    }

    #[test]
    fn an_unchanged_list_causes_nothing() {
        let known = [template("1", "APPROVED", 10), template("2", "PENDING", 20)];
        let seen = [template("1", "APPROVED", 100), template("2", "PENDING", 100)];
        assert_eq!(poll(&known, &seen, 100), vec![]);
    }

    #[test]
    fn a_webhook_newer_than_the_poll_wins() {
        let pending = template("1", "PENDING", 100);
        assert_eq!(poll(&[template("1", "APPROVED", 101)], std::slice::from_ref(&pending), 100), vec![]);
        let older = poll(&[template("1", "APPROVED", 99)], std::slice::from_ref(&pending), 100);
        assert_eq!(older, vec![Template { unpublished: true, ..pending }]);
    }

    #[test]
    fn a_template_is_gone_after_two_polls_not_one() {
        let once = poll(&[template("1", "APPROVED", 10)], &[], 100).remove(0);
        assert_eq!(
            (once.status.as_str(), once.unpublished),
            ("APPROVED", false),
            "one poll without it is only remembered"
        );
        assert_eq!(poll(std::slice::from_ref(&once), &[], 100), vec![], "the same poll, repeated");
        let twice = poll(std::slice::from_ref(&once), &[], 200).remove(0);
        assert_eq!((twice.status.as_str(), twice.unpublished), (DELETED, true));
        let back = poll(&[once], &[template("1", "APPROVED", 200)], 200).remove(0);
        assert_eq!((back.missing_since, back.unpublished), (None, false));
    }

    #[test]
    fn what_was_stored_and_not_told_is_told_by_the_next_poll_whatever_it_finds() {
        let listed = [template("1", "APPROVED", 300)];
        let unpublished = Template { unpublished: true, ..template("1", "APPROVED", 10) };
        assert_eq!(poll(std::slice::from_ref(&unpublished), &listed, 300), vec![unpublished.clone()], "unchanged");
        let newer = Template { changed_at: Timestamp::from_seconds(400), ..unpublished.clone() };
        assert_eq!(poll(std::slice::from_ref(&newer), &[], 300), vec![newer.clone()], "newer than the poll");
        let gone = Template { status: DELETED.to_owned(), ..unpublished.clone() };
        assert_eq!(poll(std::slice::from_ref(&gone), &[], 300), vec![gone.clone()], "gone already");
        assert!(poll(&[unpublished], &[], 300)[0].unpublished, "missed once");
    }

    #[test]
    fn only_the_end_of_a_list_says_what_is_missing() {
        let known = [template("1", "APPROVED", 10), template("2", "APPROVED", 10)];
        let mut reading = ListProgress::begun(Timestamp::from_seconds(100));
        let page = |id: &str, next: Option<&str>| PageBatch {
            looked: Timestamp::from_seconds(100),
            seen: vec![template(id, "APPROVED", 100)],
            pages: 1,
            next: next.map(str::to_owned),
        };
        assert_eq!(reading.take_in(&known, page("1", Some("x"))), vec![]);
        assert_eq!((reading.pages, reading.after.as_deref()), (1, Some("x")));
        assert_eq!(reading.take_in(&known, page("2", None)), vec![], "it stood on another page");
    }
}
