//! Incoming messages of people: messages that waited for a reply are sent again.

use super::EventError;
use crate::apply::Applier;
use shared::clock;
use shared::domain::ids::{MessageId, PhoneNumberId};
use shared::domain::message::MessageFact;
use shared::domain::time::Timestamp;
use shared::queue::Job;
use shared::webhook::change::Change;
use shared::webhook::writers::writers;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How long it is cached that no message of a number waits for a reply, which is the usual case. A reply that arrives
/// this soon after its message failed has no effect; the person's next one does.
const KNOWN: Duration = Duration::from_secs(5);
/// Most numbers in the cache; when it is full it is cleared, which costs one query per number.
const MOST: usize = 10_000;

/// Numbers without messages that wait for a reply, and when that was read.
#[derive(Debug, Default)]
pub(crate) struct Windows(Mutex<BTreeMap<PhoneNumberId, Timestamp>>);

impl Windows {
    /// Starts the second attempt of messages that waited for a reply of a person who wrote now.
    pub(crate) async fn opened(
        &self,
        applier: &Applier,
        change: &Change<'_>,
        phone: &PhoneNumberId,
    ) -> Result<(), EventError> {
        let now = clock::now();
        if change.field != "messages" || !change.value.get().contains("\"messages\"") || self.has_no_waiting(phone, now)
        {
            return Ok(());
        }
        if !applier.store.has_pending_replies(phone, now).await? {
            self.remember(phone, now);
            return Ok(());
        }
        let writers = writers(change, phone);
        for id in applier.store.pending_replies_from(phone, &writers, now).await? {
            send_again(applier, &id, now).await?;
        }
        Ok(())
    }

    fn has_no_waiting(&self, phone: &PhoneNumberId, now: Timestamp) -> bool {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(phone).is_some_and(|asked| now.since(*asked) < KNOWN)
    }

    fn remember(&self, phone: &PhoneNumberId, now: Timestamp) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(phone.clone(), now);
    }
}

async fn send_again(applier: &Applier, id: &MessageId, now: Timestamp) -> Result<(), EventError> {
    let opened = MessageFact::WindowOpened;
    if applier.store.record_message(id, &opened, applier.retry_delay, now).await?.is_some() {
        applier.retries.enqueue(&Job::Message { id: id.clone() }, Duration::ZERO).await?;
    }
    Ok(())
}
