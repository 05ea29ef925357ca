//! Effects of webhooks on our records: conditional, and never from newer to older.

use super::EventError;
use shared::clock;
use shared::domain::ids::WabaId;
use shared::domain::progress::Event;
use shared::domain::template::{News, Template, apply_news};
use shared::events::Publisher;
use shared::queue::{Bell, Queue};
use shared::store::{Recorded, Store, StoreError};
use shared::webhook::interpret::Observation;
use std::time::Duration;

/// How often an effect is applied to a newer record before the message comes again.
const CONFLICTS: usize = 5;

pub(crate) struct Applier {
    pub(crate) store: Store,
    pub(crate) bells: Queue,
    pub(crate) publisher: Publisher,
}

impl Applier {
    pub(crate) async fn apply(&self, waba: &WabaId, observation: Observation) -> Result<(), EventError> {
        match observation {
            Observation::Departed { reason, at } => self.fact(waba, &Event::Departed(reason, at)).await,
            Observation::Joined { at } => self.fact(waba, &Event::Joined(at)).await,
            Observation::Template(template) => self.template(waba, &template).await,
        }
    }

    async fn fact(&self, waba: &WabaId, fact: &Event) -> Result<(), EventError> {
        let Some(id) = self.store.owner(waba).await? else {
            return Ok(());
        };
        match self.store.record(&id, fact, clock::moment()).await? {
            Recorded::Changed(_) => Ok(self.bells.ring(&Bell::Onboarding { id }, Duration::ZERO).await?),
            Recorded::Unchanged | Recorded::Unknown => Ok(()),
        }
    }

    async fn template(&self, waba: &WabaId, news: &Template) -> Result<(), EventError> {
        if self.store.owner(waba).await?.is_none() {
            return Ok(());
        }
        for _ in 0..CONFLICTS {
            let held = self.store.template(waba, &news.id).await?;
            let merged = match apply_news(held.as_ref().map(|held| &held.record), news) {
                News::Fresh(merged) => merged,
                News::Stored => return self.tell(waba, held.as_ref().map_or(news, |held| &held.record)).await,
                News::Stale => return Ok(()),
            };
            match self.store.save_template(waba, &merged, held.map(|held| held.version)).await {
                Err(StoreError::Conflict) => {}
                saved => {
                    saved?;
                    return self.tell(waba, &merged).await;
                }
            }
        }
        Err(StoreError::Conflict.into())
    }

    async fn tell(&self, waba: &WabaId, template: &Template) -> Result<(), EventError> {
        Ok(self.publisher.template(waba.as_str(), template).await?)
    }
}
