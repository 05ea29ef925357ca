//! The endpoints in use, by node type.

pub mod credit;
pub mod message;
pub mod migration;
pub mod oauth;
pub mod phone;
pub mod platform;
pub mod template;
pub mod upload;
pub mod waba;

use serde::Deserialize;

/// `{"success": true}`. Meta also answers 200 with `false` when nothing was done: for the client that is an error
/// (`Kind::NotDone`), so whoever holds this value knows that the call took effect.
#[derive(Debug, Deserialize)]
pub struct Acknowledged {
    /// Always true.
    pub success: bool,
}

/// One page of a list.
#[derive(Debug, Deserialize)]
pub struct Page<T> {
    /// The items; a page may be empty before the last one.
    pub data: Vec<T>,
    /// Paging information.
    pub paging: Option<Paging>,
}

/// Cursors of a page.
#[derive(Debug, Deserialize)]
pub struct Paging {
    cursors: Option<Cursors>,
    next: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Cursors {
    after: Option<String>,
}

impl<T> Page<T> {
    /// The cursor of the next page. Only an absent `next` ends a list; its URL is never followed, because it contains a
    /// token.
    #[must_use]
    pub fn next(&self) -> Option<&str> {
        let paging = self.paging.as_ref()?;
        paging.next.as_ref().and(paging.cursors.as_ref()?.after.as_deref())
    }
}
