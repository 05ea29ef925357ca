//! Second attempts that depend on the person: who was written to too fast, and who has to write first.

use super::item::{self, Require, number, text};
use super::update::{Record, next_version};
use super::{Store, StoreError, Versioned, keys, unavailable};
use crate::domain::ids::{MessageId, PhoneNumberId};
use crate::domain::message::{Message, Retry};
use crate::domain::time::Timestamp;
use aws_sdk_dynamodb::types::TransactWriteItem;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Meta's word for too many messages to one person.
const TOO_FAST: &str = "graph.131056";
/// Meta: one message in six seconds to a person.
const PAIR_RATE: Duration = Duration::from_secs(6);

/// When somebody may be written to, at the earliest, by the last who asked.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
struct Place(Timestamp);

impl Record for Place {
    type Key = (PhoneNumberId, String);
    type Beside = Timestamp;

    async fn load(store: &Store, (phone, person): &Self::Key) -> Result<Option<Versioned<Self>>, StoreError> {
        store.item(&keys::pace(phone, person)).await?.map(|found| item::read(found, "pace")).transpose()
    }

    async fn save(
        store: &Store,
        (phone, person): &Self::Key,
        held: Option<&Versioned<Self>>,
        after: Self,
        now: Timestamp,
    ) -> Result<Versioned<Self>, StoreError> {
        let version = next_version(held);
        let mut item = item::build(&keys::pace(phone, person), "pace", version, &after)?;
        item.insert("expires_at".to_owned(), number(after.0.max(now).after(PAIR_RATE).as_seconds_up()));
        let put = item::put(&store.table, item, Require::of(held))?;
        store.transact(vec![TransactWriteItem::builder().put(put).build()], None).await?;
        Ok(Versioned { record: after, version })
    }
}

impl Store {
    /// Second attempts to a person who was written to too fast, and those that one word of the person sets free, stand in a
    /// row, six seconds apart. A place that cannot be had in time is no reason not to remember the rest.
    pub(super) async fn pace(&self, before: &Message, after: &mut Message, now: Timestamp) -> Result<(), StoreError> {
        let fresh = !matches!(before.retry, Retry::Scheduled { .. });
        let opened = waits(before);
        let (phone, person) = (after.phone.clone(), after.person.clone());
        match &mut after.retry {
            Retry::Scheduled { due, code } if fresh && (opened || code == TOO_FAST) => {
                match self.next_place(&phone, &person, *due, now).await {
                    Ok(place) => *due = place,
                    Err(StoreError::Conflict) => {}
                    Err(error) => return Err(error),
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    async fn next_place(
        &self,
        phone: &PhoneNumberId,
        person: &str,
        earliest: Timestamp,
        now: Timestamp,
    ) -> Result<Timestamp, StoreError> {
        let decide = |last: Option<&Place>| {
            let next = last.map(|last| last.0.after(PAIR_RATE)).filter(|next| *next > earliest);
            Ok::<_, StoreError>(Some((Place(next.unwrap_or(earliest)), now)))
        };
        let place = self.update(&(phone.clone(), person.to_owned()), decide).await?;
        Ok(place.saved().map_or(earliest, |saved| saved.record.0))
    }

    /// Says that a message of the number may wait for somebody's reply, before one does: a sign without a message costs a
    /// query, a message without the sign would never be found. All messages of the number share it, so that it is no part
    /// of their transactions, which would disturb each other.
    pub(super) async fn announce_window(&self, before: &Message, message: &Message) -> Result<(), StoreError> {
        let (Retry::AwaitsWindow { until, .. }, false) = (&message.retry, waits(before)) else { return Ok(()) };
        let mut item = item::key_of(&keys::windows(&message.phone));
        item.insert("entity".to_owned(), text("awaited words"));
        item.insert("expires_at".to_owned(), number(until.as_seconds_up()));
        let request = self.client().put_item().table_name(&self.table).set_item(Some(item));
        request.send().await.map(drop).map_err(|error| unavailable(&error))
    }

    /// The item by which a message that waits for somebody's reply is found, when it begins or ends to wait: part of the
    /// message's own save.
    pub(super) fn window_write(
        &self,
        before: &Message,
        message: &Message,
        now: Timestamp,
    ) -> Result<Option<TransactWriteItem>, StoreError> {
        let until = match &message.retry {
            Retry::AwaitsWindow { until, .. } => until.as_seconds_up(),
            // Over since this second began. Not an earlier time: what expired more than five years ago is kept for ever
            // (AWS: "Using time to live").
            _ if waits(before) => now.before_this_second().as_seconds_up(),
            _ => return Ok(None),
        };
        let mut item = item::key_of(&keys::window(&message.phone, &message.person, &message.id));
        item.insert("entity".to_owned(), text("awaited word"));
        item.insert("expires_at".to_owned(), number(until));
        Ok(Some(item::overwrite(&self.table, item)?))
    }

    /// Whether any message of a number may wait for somebody's word.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable.
    pub async fn has_pending_replies(&self, phone: &PhoneNumberId, now: Timestamp) -> Result<bool, StoreError> {
        let key = item::key_of(&keys::windows(phone));
        let request = self.client().get_item().table_name(&self.table).set_key(Some(key));
        let found = request.send().await.map_err(|error| unavailable(&error))?.item;
        Ok(found.as_ref().is_some_and(|item| is_live(item, now)))
    }

    /// Messages of a number that wait for the word of one person.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable.
    pub async fn pending_replies_from(
        &self,
        phone: &PhoneNumberId,
        person: &str,
        now: Timestamp,
    ) -> Result<Vec<MessageId>, StoreError> {
        let prefix = format!("{}{person}#", keys::WINDOW);
        let found = self.items_under(&keys::numbers(phone), &prefix).await?;
        let named = found
            .iter()
            .filter(|item| is_live(item, now))
            .filter_map(|item| MessageId::parse(item.get("sk")?.as_s().ok()?.strip_prefix(&prefix)?).ok());
        Ok(named.collect())
    }
}

fn waits(message: &Message) -> bool {
    matches!(message.retry, Retry::AwaitsWindow { .. })
}

fn is_live(item: &item::Item, now: Timestamp) -> bool {
    let until = item.get("expires_at").and_then(|until| until.as_n().ok()?.parse().ok());
    until.is_some_and(|until| now < Timestamp::from_seconds(until))
}
