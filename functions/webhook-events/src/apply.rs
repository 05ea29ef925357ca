//! Effects of webhooks on our records: conditional writes, and older data never replaces newer data.

use super::EventError;
use shared::clock;
use shared::domain::ids::{BusinessId, MessageId, PhoneNumberId, WabaId};
use shared::domain::message::{MessageFact, MessageNext};
use shared::domain::meta_status::Attribute;
use shared::domain::progress::{About, Fact};
use shared::domain::template::{Merged, Template, TemplateChange, apply_change};
use shared::domain::time::Timestamp;
use shared::events::Publisher;
use shared::publishing;
use shared::queue::{Job, Queue};
use shared::store::{Owner, Partnership, Recorded, Solution, Store, StoreError, Updated, Versioned};
use shared::webhook::interpret::Observation;
use std::time::Duration;

/// How long a browser may take to send the code of a signup announced by Meta: the person completes the popup first,
/// and after a lost code signs up again within this time.
const BROWSER_GRACE: Duration = Duration::from_secs(600);

/// Delay before Meta is read: its webhooks have a resolution of one second, and the values read must be newer.
const ASK_LATER: Duration = Duration::from_secs(5);

pub(crate) struct Applier {
    pub(crate) store: Store,
    pub(crate) jobs: Queue,
    pub(crate) polls: Queue,
    pub(crate) retries: Queue,
    /// Delay between a message's failure and its second attempt.
    pub(crate) retry_delay: Duration,
    pub(crate) publisher: Publisher,
}

impl Applier {
    /// Applies what a change reports about an account; `owner` is the record that owns it.
    pub(crate) async fn apply(
        &self,
        waba: &WabaId,
        owner: Option<&Owner>,
        observation: Observation,
    ) -> Result<(), EventError> {
        match observation {
            Observation::Fact(fact) => self.fact(owner, &fact).await,
            Observation::Joined { business, at } => self.joined(waba, owner, business, false, at).await,
            Observation::Uncertified { business, at } => {
                self.joined(waba, owner, Some(business), true, at).await?;
                let (attribute, value) = (Attribute::Certification, "NEEDED".to_owned());
                let needed = Fact::Observed { about: About::Account, attribute, value, at };
                self.fact(owner, &needed).await
            }
            Observation::Template(change) => self.template(waba, owner, &change).await,
            Observation::Templates => self.poll(waba, owner).await,
            Observation::Preference { phone, person, stopped, at } => {
                Ok(self.store.note_preference(&phone, &person, stopped, at).await?)
            }
            Observation::Renamed { phone, was, is } => self.renamed(&phone, &was, &is).await,
            Observation::MessageStatus { message, phone, attempt, wamid, delivery, code, at } => {
                self.status(&message, &phone, &MessageFact::Reported { attempt, wamid, delivery, code, at }).await
            }
            Observation::Solution { id, status, at } => {
                Ok(self.store.note_solution(&Solution { id, status, at }).await?)
            }
        }
    }

    /// Saves the announcement, and records it in the onboarding that owns the account. Usually the browser's code
    /// arrives first; if none arrives, the announcement starts the onboarding.
    async fn joined(
        &self,
        waba: &WabaId,
        owner: Option<&Owner>,
        business: Option<BusinessId>,
        uncertified: bool,
        at: Timestamp,
    ) -> Result<(), EventError> {
        if let Some(business) = business {
            let known = self.store.partnership(waba).await?;
            if known.as_ref().is_none_or(|known| known.record.at < at) {
                let due = Some(clock::now().after(BROWSER_GRACE));
                let announced = Partnership { business, at, due, uncertified };
                self.store.save_partnership(waba, &announced, known.map(|known| known.version)).await?;
            }
        }
        self.fact(owner, &Fact::Joined(at)).await
    }

    async fn renamed(&self, phone: &PhoneNumberId, was: &str, is: &str) -> Result<(), EventError> {
        Ok(self.store.note_renamed(phone, was, is, clock::now()).await?)
    }

    async fn fact(&self, owner: Option<&Owner>, fact: &Fact) -> Result<(), EventError> {
        let Some(Owner { onboarding: id, .. }) = owner else { return Ok(()) };
        match self.store.record(id, fact, clock::moment()).await? {
            Recorded::Changed(_) => Ok(self.jobs.enqueue(&Job::Onboarding { id: id.clone() }, Duration::ZERO).await?),
            Recorded::Unchanged | Recorded::Unknown => Ok(()),
        }
    }

    /// Enqueues a job for `message-retry` at once if an event is to be published; a due second attempt is enqueued
    /// later. The message id that Meta returns is free text of the sender, so it counts only for messages of the same
    /// number.
    async fn status(&self, id: &MessageId, phone: &PhoneNumberId, fact: &MessageFact) -> Result<(), EventError> {
        let now = clock::now();
        let held = self.store.message(id).await?;
        if held.is_none_or(|held| held.record.phone != *phone) {
            return Ok(());
        }
        let Some(message) = self.store.record_message(id, fact, self.retry_delay, now).await? else { return Ok(()) };
        match message.next(now) {
            MessageNext::Publish => Ok(self.retries.enqueue(&Job::Message { id: id.clone() }, Duration::ZERO).await?),
            _ => Ok(()),
        }
    }

    /// Reads the templates from Meta instead of trusting the notification.
    async fn poll(&self, waba: &WabaId, owner: Option<&Owner>) -> Result<(), EventError> {
        let Some(Owner { onboarding, .. }) = owner else { return Ok(()) };
        let job = Job::Templates { waba: waba.clone(), onboarding: onboarding.clone() };
        Ok(self.polls.enqueue(&job, ASK_LATER).await?)
    }

    async fn template(&self, waba: &WabaId, owner: Option<&Owner>, change: &TemplateChange) -> Result<(), EventError> {
        let mut left = Merged::Stale;
        let merge = |held: Option<&Template>| {
            Ok::<_, StoreError>(match apply_change(held, change) {
                Merged::Changed(merged) => Some((*merged, ())),
                other => {
                    left = other;
                    None
                }
            })
        };
        match (self.store.update(&(waba.clone(), change.id.clone()), merge).await?, left) {
            (Updated::Saved(saved), _) => self.publish(waba, saved).await,
            (Updated::Unchanged(Some(held)), Merged::Known) => self.publish(waba, held).await,
            (Updated::Unchanged(_), Merged::Undecided) => self.poll(waba, owner).await,
            (Updated::Unchanged(_), _) => Ok(()),
        }
    }

    async fn publish(&self, waba: &WabaId, stored: Versioned<Template>) -> Result<(), EventError> {
        Ok(publishing::publish(&self.store, &self.publisher, waba, &[stored]).await?)
    }
}
