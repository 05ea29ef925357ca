//! Reads an account's list of templates page by page and merges it with the stored templates.

use super::{DELETED, Template};
use crate::domain::ids::TemplateId;
use crate::domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Progress of reading an account's list of templates: the cursor, and what was listed so far.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListProgress {
    /// When reading began.
    pub began: Timestamp,
    /// Meta's cursor; `None` before the first page, and after the last.
    pub after: Option<String>,
    /// The templates on the pages so far.
    pub seen: BTreeSet<TemplateId>,
    /// Number of pages so far.
    pub pages: usize,
    /// The cursors so far: a repeated one means that the list never ends.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub cursors: BTreeSet<String>,
}

/// Consecutive pages of the list, read in one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageBatch {
    /// When reading them began: later changes of a template are newer than these pages.
    pub read_at: Timestamp,
    /// The templates on them.
    pub seen: Vec<Template>,
    /// Number of pages.
    pub pages: usize,
    /// The cursor of the next page; `None` at the end.
    pub next: Option<String>,
}

impl ListProgress {
    /// A list before its first page.
    #[must_use]
    pub const fn begun(at: Timestamp) -> Self {
        Self { began: at, after: None, seen: BTreeSet::new(), pages: 0, cursors: BTreeSet::new() }
    }

    /// Merges a batch. Returns the templates to store, and to publish where they are marked unpublished, given the
    /// stored ones of the account. An unlisted template counts as missing once the list was read to its end, and as
    /// deleted when it is also missing from a second list, because Meta's lists are not always complete.
    pub fn take_in(&mut self, known: &[Template], batch: PageBatch) -> Vec<Template> {
        let PageBatch { read_at, seen, pages, next } = batch;
        self.pages += pages;
        self.after = next;
        self.seen.extend(seen.iter().map(|listed| listed.id.clone()));
        let by_id: BTreeMap<&TemplateId, &Template> = known.iter().map(|stored| (&stored.id, stored)).collect();
        let difference = |listed: Template| match by_id.get(&listed.id) {
            None => Some(Template { unpublished: true, ..listed }),
            Some(stored) => merge(stored, &listed, read_at),
        };
        let mut changes: Vec<Template> = seen.into_iter().filter_map(difference).collect();
        if self.after.is_none() {
            let unlisted = known.iter().filter(|stored| !self.seen.contains(&stored.id));
            changes.extend(unlisted.filter_map(|stored| missed(stored, self.began)));
        }
        changes
    }
}

/// Merges each attribute by its own time: changes newer than the read win over it.
fn merge(stored: &Template, listed: &Template, read_at: Timestamp) -> Option<Template> {
    let mut fresh = stored.clone();
    if stored.changed_at <= read_at && (&stored.status, &stored.reason) != (&listed.status, &listed.reason) {
        (fresh.status, fresh.reason, fresh.changed_at) = (listed.status.clone(), listed.reason.clone(), read_at);
    }
    let categories = |template: &Template| (template.category.clone(), template.correct_category.clone());
    if stored.category_at <= read_at && categories(stored) != categories(listed) {
        ((fresh.category, fresh.correct_category), fresh.category_at) = (categories(listed), read_at);
    }
    if stored.quality_at <= read_at && listed.quality.is_some() && stored.quality != listed.quality {
        (fresh.quality, fresh.quality_at) = (listed.quality.clone(), read_at);
    }
    fresh.unpublished = stored.unpublished || fresh != *stored;
    // A status newer than the read has cleared this already; the next poll confirms it.
    if stored.changed_at <= read_at {
        fresh.missing_since = None;
    }
    (fresh.unpublished || fresh != *stored).then_some(fresh)
}

/// Handles a template that is missing from the list. A poll counts once, even if it is repeated or run concurrently.
fn missed(stored: &Template, began: Timestamp) -> Option<Template> {
    let stored = stored.clone();
    match stored.missing_since {
        _ if stored.status == DELETED || stored.changed_at > began => stored.unpublished.then_some(stored),
        None => Some(Template { missing_since: Some(began), ..stored }),
        Some(since) if since < began => {
            Some(Template { status: DELETED.to_owned(), changed_at: began, unpublished: true, ..stored })
        }
        Some(_) => stored.unpublished.then_some(stored),
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
            "one poll without it is only recorded"
        );
        assert_eq!(poll(std::slice::from_ref(&once), &[], 100), vec![], "the same poll, repeated");
        let twice = poll(std::slice::from_ref(&once), &[], 200).remove(0);
        assert_eq!((twice.status.as_str(), twice.unpublished), (DELETED, true));
        let back = poll(&[once], &[template("1", "APPROVED", 200)], 200).remove(0);
        assert_eq!((back.missing_since, back.unpublished), (None, false));
    }

    #[test]
    fn an_unpublished_change_is_published_by_the_next_poll_whatever_it_finds() {
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
    fn templates_are_missing_only_once_the_list_is_complete() {
        let known = [template("1", "APPROVED", 10), template("2", "APPROVED", 10)];
        let mut progress = ListProgress::begun(Timestamp::from_seconds(100));
        let page = |id: &str, next: Option<&str>| PageBatch {
            read_at: Timestamp::from_seconds(100),
            seen: vec![template(id, "APPROVED", 100)],
            pages: 1,
            next: next.map(str::to_owned),
        };
        assert_eq!(progress.take_in(&known, page("1", Some("x"))), vec![]);
        assert_eq!((progress.pages, progress.after.as_deref()), (1, Some("x")));
        assert_eq!(progress.take_in(&known, page("2", None)), vec![], "it was on another page");
    }
}
