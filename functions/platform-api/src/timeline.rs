//! `/v1/onboardings/{id}/timeline` and `/v1/moves/{id}/timeline`: timeline entries page by page, newest page first.
//! Within a page, entries are in chronological order, so that a reader prepends each earlier page to the one before.

use super::views::{TimelinePage, timeline_view};
use super::{App, unavailable};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use shared::domain::ids::OnboardingId;
use shared::http::problem::Problem;
use shared::http::{Reply, Request, json};

/// Entries per page.
const PAGE: i32 = 50;

impl App {
    pub(crate) async fn timeline(&self, id: &str, request: &Request) -> Result<Reply, Problem> {
        let held = self.find(id).await?;
        let id = &held.record.id;
        let before = before(id.as_str(), request)?;
        Ok(json(StatusCode::OK, &self.timeline_page(id, before).await?))
    }

    /// The page before an entry, or the newest.
    pub(crate) async fn timeline_page(&self, id: &OnboardingId, before: Option<u32>) -> Result<TimelinePage, Problem> {
        let found = self.store.timeline_page(id, before, PAGE).await.map_err(|error| unavailable(&error))?;
        // Entries are numbered from 0 without gaps.
        let first = found.first().map(|(number, _)| *number).filter(|first| *first > 0);
        Ok(TimelinePage {
            cursor: first.map(|first| write_cursor(id.as_str(), first)),
            timeline: found.into_iter().map(|(_, entry)| timeline_view(entry)).collect(),
        })
    }
}

/// The entries of the page before an entry, or of the newest page, and the cursor of the preceding page.
pub(crate) fn page_of<'a, T>(id: &str, entries: &'a [T], before: Option<u32>) -> (&'a [T], Option<String>) {
    let before = before.and_then(|before| usize::try_from(before).ok()).unwrap_or(usize::MAX);
    let end = before.min(entries.len());
    let first = end.saturating_sub(usize::try_from(PAGE).unwrap_or_default());
    let cursor = u32::try_from(first).ok().filter(|first| *first > 0).map(|first| write_cursor(id, first));
    (entries.get(first..end).unwrap_or_default(), cursor)
}

/// The entry before which the requested page ends.
pub(crate) fn before(id: &str, request: &Request) -> Result<Option<u32>, Problem> {
    request.parameter("cursor").map(|cursor| read_cursor(id, &cursor).ok_or(Problem::bad_parameter())).transpose()
}

/// Contains the record's id: the cursor of another record is invalid.
fn write_cursor(id: &str, before: u32) -> String {
    URL_SAFE_NO_PAD.encode(format!("timeline {id} {before}"))
}

fn read_cursor(id: &str, cursor: &str) -> Option<u32> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
    let before: u32 = text.rsplit_once(' ')?.1.parse().ok()?;
    (before > 0 && write_cursor(id, before) == cursor).then_some(before)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_are_bound_to_their_record_and_forged_ones_are_none() {
        let (id, other) = ("onb_01jd0000000000000000000000", "onb_01jd0000000000000000000001");
        let cursor = write_cursor(id, 51);
        assert_eq!((read_cursor(id, &cursor), read_cursor(other, &cursor)), (Some(51), None));
        let forge = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let forged =
            ["0", "-1", "+51", "051", "4294967296", "51 ", ""].map(|before| forge(&format!("timeline {id} {before}")));
        for forged in
            forged.iter().map(String::as_str).chain(["", "!", "cmVhZHk", &forge("ready "), &format!("{cursor}=")])
        {
            assert_eq!(read_cursor(id, forged), None, "{forged}");
        }
    }

    #[test]
    fn a_list_is_paged_from_its_end() {
        let entries: Vec<u32> = (0..120).collect();
        let (newest, cursor) = page_of("mov_x", &entries, None);
        assert_eq!((newest.first(), newest.last()), (Some(&70), Some(&119)));
        let (middle, cursor) = page_of("mov_x", &entries, read_cursor("mov_x", &cursor.unwrap()));
        assert_eq!((middle.first(), middle.last()), (Some(&20), Some(&69)));
        let (oldest, cursor) = page_of("mov_x", &entries, read_cursor("mov_x", &cursor.unwrap()));
        assert_eq!((oldest.first(), oldest.last(), cursor), (Some(&0), Some(&19), None));
        assert_eq!(page_of("mov_x", &entries[..50], None).1, None);
        assert_eq!(page_of::<u32>("mov_x", &[], Some(7)), (&[][..], None));
    }
}
