//! Reading an account's templates: the same for an onboarding's first look and for every poll.

use super::Customer;
use crate::clock;
use crate::domain::failure::{Class, Failure};
use crate::domain::grant::VerifiedWaba;
use crate::domain::ids::{TemplateId, WabaId};
use crate::domain::template::{Reading, Template, TemplateChange, differences, missing};
use crate::domain::time::Timestamp;
use crate::events::Publisher;
use crate::graph::calls::template::{ListTemplates, ListedTemplate};
use crate::store::{Store, StoreError};
use futures_util::future::join_all;
use std::collections::{BTreeMap, BTreeSet};

/// Most pages that are read: an account has at most 6,000 templates (Meta), a page up to 100; doubled for short pages.
const MOST_PAGES: usize = 120;
/// Pages after which their differences are stored and the place is kept. Most accounts have fewer, and cost no write more.
const STRETCH: usize = 10;
/// Differences that are stored at the same time and told in one request: what SQS takes at once.
const TOGETHER: usize = crate::queue::MOST_AT_ONCE;

/// Where a reading of the list begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begin {
    /// At the first page.
    Anew,
    /// Where an earlier attempt was interrupted, if it was begun at or after this time: nothing that was to be seen then
    /// is missed.
    WhereItStopped {
        /// When the reading was asked for.
        asked: Timestamp,
    },
}

/// What a look at an account's templates found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Synced {
    /// Templates on the pages that were read now.
    pub listed: usize,
    /// Differences that were stored.
    pub changed: usize,
}

/// Reads all pages, stores what differs from what is remembered, and tells the platform. A long list is kept in stretches:
/// an attempt that is interrupted costs the next one no more than one of them.
///
/// # Errors
/// What the failure means. Nothing is taken for deleted unless the list was read to its end.
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
            // A cursor that Meta does not know any more is no reason to give up.
            Err(Failure { class: Class::Needs(..) | Class::Until(..) | Class::Skip | Class::Hold, .. }) => {}
            outcome => return outcome,
        }
    }
    sync.read(Reading::begun(clock::now().before_this_second())).await
}

struct Sync<'a> {
    customer: &'a Customer<'a>,
    store: &'a Store,
    publisher: &'a Publisher,
    waba: &'a WabaId,
}

/// What is remembered of an account's templates.
struct Known {
    templates: Vec<Template>,
    versions: BTreeMap<TemplateId, u64>,
}

impl Sync<'_> {
    async fn read(&self, mut reading: Reading) -> Result<Synced, Failure> {
        let mut synced = Synced::default();
        let mut known = None;
        loop {
            let looked = clock::now().before_this_second();
            let most = STRETCH.min(MOST_PAGES.saturating_sub(reading.pages));
            let (seen, next) = pages(self.customer, self.waba, looked, reading.after.take(), most).await?;
            if next.is_some() && most < STRETCH {
                return Err(endless());
            }
            let was_kept = reading.pages > 0;
            (reading.pages, reading.after) = (reading.pages + most, next);
            reading.seen.extend(seen.iter().map(|template| template.id.clone()));
            let known = match &known {
                Some(known) => known,
                None => known.insert(self.known().await?),
            };
            let mut changes = differences(&known.templates, &seen, looked);
            if reading.after.is_none() {
                changes.extend(missing(&known.templates, &reading.seen, reading.began));
            }
            for changes in changes.chunks(TOGETHER) {
                self.keep(changes, &known.versions).await?;
            }
            synced.listed += seen.len();
            synced.changed += changes.len();
            if reading.after.is_none() {
                self.finish(reading, was_kept).await?;
                return Ok(synced);
            }
            self.store.save_template_reading(self.waba, &reading).await?;
        }
    }

    async fn known(&self) -> Result<Known, StoreError> {
        let held = self.store.templates(self.waba).await?;
        let versions = held.iter().map(|held| (held.record.id.clone(), held.version)).collect();
        Ok(Known { templates: held.into_iter().map(|held| held.record).collect(), versions })
    }

    /// Tells first, stores second: what is stored is no difference any more, and would never be told. What is told twice has
    /// the same content.
    async fn keep(&self, changes: &[TemplateChange], versions: &BTreeMap<TemplateId, u64>) -> Result<(), Failure> {
        let news = changes.iter().filter(|change| change.is_news());
        let news = news.map(|change| self.publisher.template_changed(self.waba, change.template()));
        for told in self.publisher.send_all(news.collect::<Result<_, _>>()?).await {
            told?;
        }
        let save = async |change: &TemplateChange| {
            let template = change.template();
            self.store.save_template(self.waba, template, versions.get(&template.id).copied()).await
        };
        for saved in join_all(changes.iter().map(save)).await {
            match saved {
                // Somebody (a webhook) knows something newer.
                Ok(()) | Err(StoreError::Conflict) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    async fn finish(&self, reading: Reading, was_kept: bool) -> Result<(), StoreError> {
        if was_kept {
            let over = Reading { seen: BTreeSet::new(), ..reading };
            self.store.save_template_reading(self.waba, &over).await?;
        }
        self.store.note_templates_synced(self.waba, clock::now()).await
    }
}

/// All of an account's templates, as they are at `began`.
pub(super) async fn list(customer: &Customer<'_>, waba: &WabaId, began: Timestamp) -> Result<Vec<Template>, Failure> {
    match pages(customer, waba, began, None, MOST_PAGES).await? {
        (seen, None) => Ok(seen),
        (_, Some(_)) => Err(endless()),
    }
}

/// Some pages of an account's templates, from a cursor on, and the cursor of the next.
pub(super) async fn pages(
    customer: &Customer<'_>,
    waba: &WabaId,
    began: Timestamp,
    mut after: Option<String>,
    most: usize,
) -> Result<(Vec<Template>, Option<String>), Failure> {
    let mut seen = Vec::new();
    let mut cursors: BTreeSet<String> = after.iter().cloned().collect();
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
            None => break,
            // A list that runs in a circle: it is not complete, and ends at the most pages.
            Some(cursor) if !cursors.insert(cursor.clone()) => break,
            Some(_) => {}
        }
    }
    Ok((seen, after))
}

fn endless() -> Failure {
    Failure::new(Class::Later, "templates.endless_list")
}
