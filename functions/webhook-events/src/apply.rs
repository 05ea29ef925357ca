//! Effects of webhooks on our records: conditional, and never from newer to older.

use super::EventError;
use shared::clock;
use shared::domain::facts::Aspect;
use shared::domain::ids::{BusinessId, WabaId};
use shared::domain::progress::{About, Event};
use shared::domain::template::{News, Template, apply_news};
use shared::domain::time::Timestamp;
use shared::events::Publisher;
use shared::queue::{Bell, Queue};
use shared::store::{Partnership, Recorded, Store, StoreError};
use shared::webhook::interpret::Observation;
use std::time::Duration;

/// How often an effect is applied to a newer record before the message comes again.
const CONFLICTS: usize = 5;

/// How long a browser may take to bring the code of a signup that Meta announced: a person finishes the popup first, and
/// a code that is lost is asked for again within this time.
const BROWSER_PATIENCE: Duration = Duration::from_secs(600);

pub(crate) struct Applier {
    pub(crate) store: Store,
    pub(crate) bells: Queue,
    pub(crate) publisher: Publisher,
}

impl Applier {
    pub(crate) async fn apply(&self, waba: &WabaId, observation: Observation) -> Result<(), EventError> {
        match observation {
            Observation::Departed { reason, at } => self.fact(waba, &Event::Departed(reason, at)).await,
            Observation::Joined { business, at } => self.joined(waba, business, false, at).await,
            Observation::Uncertified { business, at } => {
                self.joined(waba, Some(business), true, at).await?;
                let word = "NEEDED".to_owned();
                let needed = Event::Observed { about: About::Account, aspect: Aspect::Certification, word, at };
                self.fact(waba, &needed).await
            }
            Observation::Word { about, aspect, word, at } => {
                self.fact(waba, &Event::Observed { about, aspect, word, at }).await
            }
            Observation::NameDecided { display, decision, at } => {
                self.fact(waba, &Event::NameDecided { display, decision, at }).await
            }
            Observation::Look => self.fact(waba, &Event::LookAsked).await,
            Observation::Template(template) => self.template(waba, &template).await,
        }
    }

    /// Keeps what Meta announced, and tells the record that has the account. A browser's own word usually comes first; if
    /// none comes, the announcement begins the onboarding.
    async fn joined(
        &self,
        waba: &WabaId,
        business: Option<BusinessId>,
        uncertified: bool,
        at: Timestamp,
    ) -> Result<(), EventError> {
        if let Some(business) = business {
            let known = self.store.partnership(waba).await?;
            if known.as_ref().is_none_or(|known| known.record.at < at) {
                let due = Some(clock::now().after(BROWSER_PATIENCE));
                let announced = Partnership { business, at, due, uncertified };
                self.store.save_partnership(waba, &announced, known.map(|known| known.version)).await?;
            }
        }
        self.fact(waba, &Event::Joined(at)).await
    }

    async fn fact(&self, waba: &WabaId, fact: &Event) -> Result<(), EventError> {
        let Some(id) = self.store.owner(waba).await?.map(|owner| owner.onboarding) else {
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
