//! Reads an account's templates: the same for an onboarding's first read and for every poll.

use super::Customer;
use super::pages::{Pages, REPEATS};
use crate::clock;
use crate::domain::failure::{Class, Failure};
use crate::domain::grant::VerifiedWaba;
use crate::domain::ids::{TemplateId, WabaId};
use crate::domain::template::{ListProgress, PageBatch, Template};
use crate::domain::time::Timestamp;
use crate::events::Publisher;
use crate::graph::call::GraphCall;
use crate::graph::calls::template::{ListTemplates, ListedTemplate};
use crate::publishing::{self, Replacement};
use crate::store::{Store, StoreError};
use std::collections::{BTreeMap, BTreeSet};

/// Most pages read: an account has at most 6,000 templates (Meta), a page up to 100; doubled to allow for short pages.
const MOST_PAGES: usize = 120;
/// Pages after which changes are saved together with the position. Most accounts have fewer pages and need no extra
/// write.
const STRETCH: usize = 10;
/// Templates saved in parallel and published in one request: the batch limit of SQS.
const TOGETHER: usize = crate::queue::MOST_AT_ONCE;

/// Where to begin reading the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begin {
    /// On the first page.
    Anew,
    /// Where an earlier attempt was interrupted, if that one began at or after this time, so that it misses nothing
    /// that existed then.
    WhereItStopped {
        /// When the read was requested.
        asked: Timestamp,
    },
}

/// Result of reading an account's templates.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Synced {
    /// Templates on the pages read in this attempt.
    pub listed: usize,
    /// Changes found on them, whether published yet or not.
    pub changed: usize,
}

/// Reads all pages, saves what changed, and publishes the changes. A long list is saved in batches of pages, so that an
/// interrupted attempt costs the next one at most one batch.
///
/// # Errors
/// How the failure is to be handled. No template counts as deleted unless the list was read to its end.
pub async fn sync(
    customer: &Customer<'_>,
    store: &Store,
    publisher: &Publisher,
    waba: &VerifiedWaba,
    begin: Begin,
) -> Result<Synced, Failure> {
    let sync = Sync { customer, store, publisher, waba: waba.id() };
    let left = match begin {
        Begin::Anew => None,
        Begin::WhereItStopped { asked } => store
            .template_reading(waba.id(), clock::now())
            .await?
            .filter(|reading| reading.began >= asked.before_this_second()),
    };
    if let Some(reading) = left {
        match sync.read(reading).await {
            // A cursor that Meta no longer accepts is no reason to give up.
            Err(Failure { class: Class::Needs(..) | Class::Until(..) | Class::Skip | Class::Hold, .. }) => {}
            Err(Failure { code, .. }) if code == REPEATS => {}
            outcome => return outcome,
        }
    }
    sync.read(ListProgress::begun(clock::now().before_this_second())).await
}

struct Sync<'a> {
    customer: &'a Customer<'a>,
    store: &'a Store,
    publisher: &'a Publisher,
    waba: &'a WabaId,
}

/// The saved templates of an account.
struct Known {
    templates: Vec<Template>,
    versions: BTreeMap<TemplateId, u64>,
}

impl Known {
    fn replaced_by(&self, template: Template) -> Replacement {
        Replacement { version: self.versions.get(&template.id).copied(), template }
    }
}

impl Sync<'_> {
    async fn read(&self, mut reading: ListProgress) -> Result<Synced, Failure> {
        let mut synced = Synced::default();
        let mut known = None;
        let left = MOST_PAGES.saturating_sub(reading.pages);
        let (after, cursors) = (reading.after.take(), std::mem::take(&mut reading.cursors));
        let mut list = Pages::from_where(ListTemplates::NAME, after, cursors, left);
        loop {
            let read_at = clock::now().before_this_second();
            let (batch, flaw) = batch(self.customer, self.waba, read_at, &mut list, STRETCH).await?;
            let was_kept = reading.pages > 0;
            let known = match &known {
                Some(known) => known,
                None => known.insert(self.known().await?),
            };
            synced.listed += batch.seen.len();
            let changes = reading.take_in(&known.templates, batch);
            synced.changed += changes.len();
            let changes: Vec<_> = changes.into_iter().map(|template| known.replaced_by(template)).collect();
            for changes in changes.chunks(TOGETHER) {
                publishing::save_and_publish(self.store, self.publisher, self.waba, changes).await??;
            }
            if let Some(flaw) = flaw {
                return Err(flaw);
            }
            if reading.after.is_none() {
                self.finish(reading, was_kept).await?;
                return Ok(synced);
            }
            reading.cursors = list.seen().clone();
            self.store.save_template_reading(self.waba, &reading).await?;
        }
    }

    async fn known(&self) -> Result<Known, StoreError> {
        let held = self.store.templates(self.waba).await?;
        let versions = held.iter().map(|held| (held.record.id.clone(), held.version)).collect();
        Ok(Known { templates: held.into_iter().map(|held| held.record).collect(), versions })
    }

    async fn finish(&self, reading: ListProgress, was_kept: bool) -> Result<(), StoreError> {
        if was_kept {
            let over = ListProgress { seen: BTreeSet::new(), cursors: BTreeSet::new(), ..reading };
            self.store.save_template_reading(self.waba, &over).await?;
        }
        self.store.note_templates_synced(self.waba, clock::now()).await
    }
}

/// All of an account's templates, as of `began`.
pub(super) async fn list(customer: &Customer<'_>, waba: &WabaId, began: Timestamp) -> Result<Vec<Template>, Failure> {
    match batch(customer, waba, began, &mut whole(), MOST_PAGES).await? {
        (PageBatch { seen, .. }, None) => Ok(seen),
        (_, Some(flaw)) => Err(flaw),
    }
}

/// The first templates of an account, from a limited number of pages.
pub(super) async fn first(
    customer: &Customer<'_>,
    waba: &WabaId,
    read_at: Timestamp,
    most: usize,
) -> Result<Vec<Template>, Failure> {
    Ok(batch(customer, waba, read_at, &mut whole(), most).await?.0.seen)
}

fn whole() -> Pages {
    Pages::of(ListTemplates::NAME, MOST_PAGES)
}

/// Some pages of a list of templates, and the reason when it cannot be read further.
async fn batch(
    customer: &Customer<'_>,
    waba: &WabaId,
    read_at: Timestamp,
    list: &mut Pages,
    most: usize,
) -> Result<(PageBatch, Option<Failure>), Failure> {
    let (mut seen, mut read, mut more) = (Vec::new(), 0, Ok(true));
    while read < most && matches!(more, Ok(true)) {
        read += 1;
        let page = customer.call(&ListTemplates { waba, after: list.after() }).await?;
        more = list.turn(&page);
        for item in page.data {
            match serde_json::from_value::<ListedTemplate>(item) {
                Ok(template) => {
                    let template = template.seen_at(read_at);
                    for list in template.unknown_words() {
                        tracing::info!(waba.id = %waba, template.list = list, "a template word is not documented");
                    }
                    seen.push(template);
                }
                Err(_) => tracing::warn!(waba.id = %waba, "listed template is not as documented"),
            }
        }
    }
    // A page that Meta returns twice must not yield templates twice.
    let mut ids = BTreeSet::new();
    seen.retain(|template: &Template| ids.insert(template.id.clone()));
    Ok((PageBatch { read_at, seen, pages: read, next: list.after().map(str::to_owned) }, more.err()))
}
