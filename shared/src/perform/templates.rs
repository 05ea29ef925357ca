//! Reading an account's templates: the same for an onboarding's first look and for every poll.

use super::Customer;
use crate::clock;
use crate::domain::failure::{Class, Failure};
use crate::domain::grant::VerifiedWaba;
use crate::domain::ids::WabaId;
use crate::domain::template::{Template, TemplateChange, reconcile};
use crate::domain::time::Timestamp;
use crate::events::Publisher;
use crate::graph::calls::template::{ListTemplates, ListedTemplate};
use crate::store::{Held, Store, StoreError};
use std::collections::BTreeSet;

/// Most pages that are read: an account has at most 6,000 templates (Meta), a page up to 100; doubled for short pages.
const MOST_PAGES: usize = 120;

/// What a look at an account's templates found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Synced {
    /// Templates Meta listed.
    pub listed: usize,
    /// Differences that were stored.
    pub changed: usize,
}

/// Reads all pages, stores what differs from what is remembered, and tells the platform.
///
/// # Errors
/// What the failure means; nothing is stored unless the list was read to its end.
pub async fn sync(
    customer: &Customer<'_>,
    store: &Store,
    publisher: &Publisher,
    waba: &VerifiedWaba,
) -> Result<Synced, Failure> {
    let began = clock::now().before_this_second();
    let seen = list(customer, waba.id(), began).await?;
    let known = store.templates(waba.id()).await?;
    let remembered: Vec<Template> = known.iter().map(|held| held.record.clone()).collect();
    let changes = reconcile(&remembered, &seen, began);
    for change in &changes {
        keep(store, publisher, waba, &known, change).await?;
    }
    store.note_templates_synced(waba.id(), clock::now()).await?;
    Ok(Synced { listed: seen.len(), changed: changes.len() })
}

/// All of an account's templates, as they are at `began`.
pub(super) async fn list(customer: &Customer<'_>, waba: &WabaId, began: Timestamp) -> Result<Vec<Template>, Failure> {
    match pages(customer, waba, began, MOST_PAGES).await? {
        (seen, true) => Ok(seen),
        (_, false) => Err(Failure::new(Class::Later, "templates.endless_list")),
    }
}

/// The first pages of an account's templates, and whether they were all.
pub(super) async fn pages(
    customer: &Customer<'_>,
    waba: &WabaId,
    began: Timestamp,
    most: usize,
) -> Result<(Vec<Template>, bool), Failure> {
    let mut seen = Vec::new();
    let mut cursors = BTreeSet::new();
    let mut after: Option<String> = None;
    for _ in 0..most {
        let page = customer.call(&ListTemplates { waba, after: after.as_deref() }).await?;
        after = page.next().map(str::to_owned);
        for item in page.data {
            match serde_json::from_value::<ListedTemplate>(item) {
                Ok(template) => seen.push(template.seen_at(began)),
                Err(_) => tracing::warn!(waba.id = %waba, "a listed template is not as documented"),
            }
        }
        match &after {
            None => return Ok((seen, true)),
            Some(cursor) if !cursors.insert(cursor.clone()) => break,
            Some(_) => {}
        }
    }
    Ok((seen, false))
}

/// Stores first, tells second: a difference that was told but not stored would be told at every poll. A telling that is lost
/// here is made up for by the webhook's own event, and a repeat has the same id.
async fn keep(
    store: &Store,
    publisher: &Publisher,
    waba: &VerifiedWaba,
    known: &[Held<Template>],
    change: &TemplateChange,
) -> Result<(), Failure> {
    let template = change.template();
    let version = known.iter().find(|held| held.record.id == template.id).map(|held| held.version);
    match store.save_template(waba.id(), template, version).await {
        // Somebody (a webhook) knows something newer.
        Err(StoreError::Conflict) => Ok(()),
        Err(error) => Err(error.into()),
        Ok(()) if change.is_news() => Ok(publisher.template(waba.id().as_str(), template).await?),
        Ok(()) => Ok(()),
    }
}
