//! Second attempts that depend on the recipient: after a pair rate limit, or after the recipient has replied.

use super::item::{self, Require, number, text};
use super::update::{Record, next_version};
use super::{Store, StoreError, Versioned, keys, unavailable};
use crate::domain::ids::{MessageId, PhoneNumberId};
use crate::domain::message::{Message, Retry};
use crate::domain::person::Names;
use crate::domain::time::Timestamp;
use aws_sdk_dynamodb::types::TransactWriteItem;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Meta's error code for too many messages to one person.
const TOO_FAST: &str = "graph.131056";
/// Meta's pair rate limit: one message to a person every six seconds.
const PAIR_RATE: Duration = Duration::from_secs(6);

/// When the last reserved message to a person may be sent.
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
    /// Second attempts after a pair rate limit, and those that one reply of the person allows, are scheduled six
    /// seconds apart. A version conflict while reserving a time does not prevent saving the message.
    pub(super) async fn pace(&self, before: &Message, after: &mut Message, now: Timestamp) -> Result<(), StoreError> {
        let fresh = !matches!(before.retry, Retry::Scheduled { .. });
        let opened = waits(before);
        let (phone, person) = (after.phone.clone(), after.person.clone());
        match &mut after.retry {
            Retry::Scheduled { due, code } if fresh && (opened || code == TOO_FAST) => {
                // The same for every name of the person: Meta's limit applies to the person.
                let names = self.person(&phone, &person, now).await?.names;
                let person = names.into_iter().next().unwrap_or(person);
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

    /// Marks the number as having messages that wait for a reply, before such a message is saved: a marker without a
    /// message costs a query, a message without the marker would never be found. All messages of the number share the
    /// marker, so it is not part of their transactions, which would conflict with each other.
    pub(super) async fn announce_window(&self, before: &Message, message: &Message) -> Result<(), StoreError> {
        let (Retry::AwaitsWindow { until, .. }, false) = (&message.retry, waits(before)) else { return Ok(()) };
        let mut item = item::key_of(&keys::windows(&message.phone));
        item.insert("entity".to_owned(), text("awaited words"));
        item.insert("expires_at".to_owned(), number(until.as_seconds_up()));
        let request = self.client().put_item().table_name(&self.table).set_item(Some(item));
        request.send().await.map(drop).map_err(|error| unavailable(&error))
    }

    /// The item by which a message that waits for a reply is found, written when the wait begins or ends: part of the
    /// message's own transaction.
    pub(super) fn window_write(
        &self,
        before: &Message,
        message: &Message,
        now: Timestamp,
    ) -> Result<Option<TransactWriteItem>, StoreError> {
        let until = match &message.retry {
            Retry::AwaitsWindow { until, .. } => until.as_seconds_up(),
            // Expired as of this second. Not 0: DynamoDB never deletes items that expired more than five years ago
            // (AWS: "Using time to live").
            _ if waits(before) => now.before_this_second().as_seconds_up(),
            _ => return Ok(None),
        };
        let mut item = item::key_of(&keys::window(&message.phone, &message.person, &message.id));
        item.insert("entity".to_owned(), text("awaited word"));
        item.insert("expires_at".to_owned(), number(until));
        Ok(Some(item::overwrite(&self.table, item)?))
    }

    /// Whether any message of a number may wait for a reply.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable.
    pub async fn has_pending_replies(&self, phone: &PhoneNumberId, now: Timestamp) -> Result<bool, StoreError> {
        let key = item::key_of(&keys::windows(phone));
        let request = self.client().get_item().table_name(&self.table).set_key(Some(key));
        let found = request.send().await.map_err(|error| unavailable(&error))?.item;
        Ok(found.as_ref().is_some_and(|item| is_live(item, now)))
    }

    /// Messages of a number that wait for a reply of one of these people, under whichever name they were sent.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable.
    pub async fn pending_replies_from(
        &self,
        phone: &PhoneNumberId,
        writers: &Names,
        now: Timestamp,
    ) -> Result<Vec<MessageId>, StoreError> {
        let mut names = Names::new();
        for writer in writers {
            if !names.contains(writer) {
                names.extend(self.person(phone, writer, now).await?.names);
            }
        }
        let mut waiting = Vec::new();
        for name in names {
            let prefix = format!("{}{name}#", keys::WINDOW);
            let found = self.items_under(&keys::numbers(phone), &prefix).await?;
            let live = found.iter().filter(|item| is_live(item, now));
            let named =
                live.filter_map(|item| MessageId::parse(item.get("sk")?.as_s().ok()?.strip_prefix(&prefix)?).ok());
            waiting.extend(named);
        }
        Ok(waiting)
    }
}

fn waits(message: &Message) -> bool {
    matches!(message.retry, Retry::AwaitsWindow { .. })
}

fn is_live(item: &item::Item, now: Timestamp) -> bool {
    let until = item.get("expires_at").and_then(|until| until.as_n().ok()?.parse().ok());
    until.is_some_and(|until| now < Timestamp::from_seconds(until))
}
