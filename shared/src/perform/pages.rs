//! Reads Meta's lists page by page: the only place where cursors are followed. A repeated cursor means that Meta's
//! pages form a loop; following it would cost calls and never end.

use crate::domain::failure::{Class, Failure};
use crate::graph::calls::Page;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// The failure code of a list whose cursor repeats.
pub(super) const REPEATS: &str = "list.repeats";
/// The failure code of a list with more pages than Meta can have items of its kind.
pub(super) const ENDLESS: &str = "list.endless";

/// A list that is being read.
#[derive(Debug)]
pub(super) struct Pages {
    call: &'static str,
    after: Option<String>,
    /// Fingerprints of the cursors seen so far.
    seen: BTreeSet<String>,
    left: usize,
}

impl Pages {
    /// A list from its first page on, limited to a number of pages.
    #[must_use]
    pub(super) fn of(call: &'static str, most: usize) -> Self {
        Self::from_where(call, None, BTreeSet::new(), most)
    }

    /// A list that was partly read: where it continues, and the cursors seen so far.
    #[must_use]
    pub(super) fn from_where(
        call: &'static str,
        after: Option<String>,
        mut seen: BTreeSet<String>,
        most: usize,
    ) -> Self {
        seen.extend(after.as_deref().map(fingerprint));
        Self { call, after, seen, left: most }
    }

    /// The cursor of the next page.
    #[must_use]
    pub(super) fn after(&self) -> Option<&str> {
        self.after.as_deref()
    }

    /// Records a page that was read; returns whether another one follows.
    ///
    /// # Errors
    /// [`REPEATS`] when the cursor was seen before, [`ENDLESS`] when there are more pages than there can be.
    pub(super) fn turn<T>(&mut self, page: &Page<T>) -> Result<bool, Failure> {
        self.after = page.next().map(str::to_owned);
        let Some(cursor) = &self.after else { return Ok(false) };
        self.left = self.left.saturating_sub(1);
        if !self.seen.insert(fingerprint(cursor)) {
            tracing::warn!(call = self.call, error.code = REPEATS, "a list repeats a cursor");
            return Err(Failure::new(Class::Later, REPEATS));
        }
        if self.left == 0 {
            tracing::warn!(call = self.call, error.code = ENDLESS, "a list has more pages than it can have");
            return Err(Failure::new(Class::Later, ENDLESS));
        }
        Ok(true)
    }

    /// The cursors seen so far, to continue later.
    #[must_use]
    pub(super) const fn seen(&self) -> &BTreeSet<String> {
        &self.seen
    }
}

/// Short, because a record stores one per page.
fn fingerprint(cursor: &str) -> String {
    Sha256::digest(cursor).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(after: Option<&str>) -> Page<u8> {
        let paging = after.map(|after| serde_json::json!({ "cursors": { "after": after }, "next": "https://x" }));
        serde_json::from_value(serde_json::json!({ "data": [], "paging": paging })).unwrap()
    }

    fn codes(cursors: &[Option<&str>], most: usize) -> Vec<Result<bool, String>> {
        let mut pages = Pages::of("list", most);
        cursors.iter().map(|after| pages.turn(&page(*after)).map_err(|failure| failure.code)).collect()
    }

    #[test]
    fn a_list_is_followed_to_its_end() {
        assert_eq!(codes(&[Some("a"), Some("b"), None], 3), [Ok(true), Ok(true), Ok(false)]);
    }

    #[test]
    fn a_cursor_that_came_before_ends_the_list_at_once() {
        assert_eq!(codes(&[Some("a"), Some("a")], 9), [Ok(true), Err(REPEATS.to_owned())]);
        let circle = codes(&[Some("a"), Some("b"), Some("a")], 9);
        assert_eq!(circle, [Ok(true), Ok(true), Err(REPEATS.to_owned())]);
    }

    #[test]
    fn a_list_that_is_taken_up_again_knows_its_cursors() {
        let mut first = Pages::of("list", 9);
        first.turn(&page(Some("a"))).unwrap();
        first.turn(&page(Some("b"))).unwrap();
        let mut second = Pages::from_where("list", Some("b".to_owned()), first.seen().clone(), 9);
        assert_eq!(second.turn(&page(Some("a"))).map_err(|failure| failure.code), Err(REPEATS.to_owned()));
    }

    #[test]
    fn more_pages_than_there_can_be_are_not_read() {
        assert_eq!(codes(&[Some("a"), Some("b")], 2), [Ok(true), Err(ENDLESS.to_owned())]);
        assert_eq!(codes(&[Some("a"), None], 2), [Ok(true), Ok(false)]);
    }
}
