//! Effects of webhooks on our records: conditional writes, and older data never replaces newer data.

use super::EventError;
use super::delivery::RecordFact;
use crate::people::People;
use shared::clock;
use shared::domain::ids::{BusinessId, MessageId, OnboardingId, PhoneNumberId, WabaId};
use shared::domain::message::{Message, MessageFact, MessageNext, stopped_by};
use shared::domain::meta_status::Attribute;
use shared::domain::person::Names;
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
    pub(crate) people: People,
}

impl Applier {
    /// Applies what a change reports about an account; `owner` is the record that owns it. Returns the facts that are
    /// left to be saved in that record.
    pub(crate) async fn apply(
        &self,
        waba: &WabaId,
        owner: Option<&Owner>,
        observation: Observation,
    ) -> Result<Vec<RecordFact>, EventError> {
        match observation {
            Observation::Fact(fact) => return Ok(for_owner(owner, [fact])),
            Observation::Joined { business, at } => {
                self.announced(waba, business, false, at).await?;
                return Ok(for_owner(owner, [Fact::Joined(at)]));
            }
            Observation::Uncertified { business, at } => {
                self.announced(waba, Some(business), true, at).await?;
                let (attribute, value) = (Attribute::Certification, "NEEDED".to_owned());
                let needed = Fact::Observed { about: About::Account, attribute, value, at };
                return Ok(for_owner(owner, [Fact::Joined(at), needed]));
            }
            Observation::Template(change) => self.template(waba, owner, &change).await?,
            Observation::Templates => self.poll(waba, owner).await?,
            Observation::Preference { phone, names, preference } => {
                self.store.note_preference(&phone, &names, preference, clock::now()).await?;
            }
            Observation::SamePerson { phone, names } => self.people.join(&self.store, &phone, &names).await?,
            Observation::MessageStatus { message, phone, attempt, wamid, delivery, code, at, recipient } => {
                let fact = MessageFact::Reported { attempt, wamid, delivery, code, at };
                self.status(&message, (waba, phone.as_ref()), recipient, &fact).await?;
            }
            Observation::Solution { id, status, at } => {
                self.store.note_solution(&Solution { id, status, at }).await?;
            }
        }
        Ok(Vec::new())
    }

    /// Saves the announcement of a signup. Usually the browser's code arrives first; if none arrives, the announcement
    /// starts the onboarding.
    async fn announced(
        &self,
        waba: &WabaId,
        business: Option<BusinessId>,
        uncertified: bool,
        at: Timestamp,
    ) -> Result<(), EventError> {
        let Some(business) = business else { return Ok(()) };
        let known = self.store.partnership(waba).await?;
        if known.as_ref().is_none_or(|known| known.record.at < at) {
            let due = Some(clock::now().after(BROWSER_GRACE));
            let announced = Partnership { business, at, due, uncertified };
            self.store.save_partnership(waba, &announced, known.map(|known| known.version)).await?;
        }
        Ok(())
    }

    /// Saves facts about a record together, and enqueues its job if they changed it.
    pub(crate) async fn record(&self, id: &OnboardingId, facts: &[Fact]) -> Result<(), EventError> {
        match self.store.record_all(id, facts, clock::moment()).await? {
            Recorded::Changed(_) => Ok(self.jobs.enqueue(&Job::Onboarding { id: id.clone() }, Duration::ZERO).await?),
            Recorded::Unchanged | Recorded::Unknown => Ok(()),
        }
    }

    /// Enqueues a job for `message-retry` at once if an event is to be published; a due second attempt is enqueued
    /// later. The message id that Meta returns is free text of the sender, so it counts only for messages of the same
    /// number or, where the change names none, of the same account.
    async fn status(
        &self,
        id: &MessageId,
        (waba, phone): (&WabaId, Option<&PhoneNumberId>),
        mut recipient: Names,
        fact: &MessageFact,
    ) -> Result<(), EventError> {
        let now = clock::now();
        let held = self.store.message(id).await?;
        let sent_by_them = |message: &Message| phone.map_or(message.waba == *waba, |phone| message.phone == *phone);
        let Some(message) = held.map(|held| held.record).filter(sent_by_them) else {
            return Ok(());
        };
        let phone = &message.phone;
        recipient.insert(message.person.clone());
        match stopped_by(fact) {
            Some(preference) => self.store.note_preference(phone, &recipient, preference, now).await?,
            None => self.people.join(&self.store, phone, &recipient).await?,
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

fn for_owner<const N: usize>(owner: Option<&Owner>, facts: [Fact; N]) -> Vec<RecordFact> {
    let of = |owner: &Owner| facts.into_iter().map(|fact| (owner.onboarding.clone(), fact)).collect();
    owner.map(of).unwrap_or_default()
}
