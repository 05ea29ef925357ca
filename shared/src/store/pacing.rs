//! Second attempts that depend on the person: who was written to too fast, and who has to write first.

use super::item::{self, Require, number, text};
use super::{Store, StoreError, keys, unavailable};
use crate::domain::ids::{MessageId, PhoneNumberId};
use crate::domain::message::{Message, Retry};
use crate::domain::time::Timestamp;
use std::time::Duration;

/// Meta's word for too many messages to one person.
const TOO_FAST: &str = "graph.131056";
/// Meta: one message in six seconds to a person.
const PAIR_RATE: Duration = Duration::from_secs(6);
/// How often a place in the row is asked for while others ask too.
const CONFLICTS: usize = 5;

impl Store {
    /// Second attempts to a person who was written to too fast, and those that one word of the person sets free, stand in a
    /// row, six seconds apart. A place that cannot be had in time is no reason not to remember the rest.
    pub(super) async fn pace(&self, before: &Message, after: &mut Message, now: Timestamp) -> Result<(), StoreError> {
        let fresh = !matches!(before.retry, Retry::Scheduled { .. });
        let opened = matches!(before.retry, Retry::AwaitsWindow { .. });
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
        let key = keys::pace(phone, person);
        for _ in 0..CONFLICTS {
            let held = self.item(&key).await?.map(|found| item::read::<Timestamp>(found, "pace")).transpose()?;
            let last = held.as_ref().map(|held| held.record.after(PAIR_RATE));
            let place = last.filter(|next| *next > earliest).unwrap_or(earliest);
            let version = held.as_ref().map_or(0, |held| held.version);
            let mut item = item::build(&key, "pace", version.saturating_add(1), &place)?;
            item.insert("expires_at".to_owned(), number(place.max(now).after(PAIR_RATE).as_seconds_up()));
            let require = held.map_or(Require::Absent, |held| Require::Version(held.version));
            let put = item::put(&self.table, item, require)?;
            let write = aws_sdk_dynamodb::types::TransactWriteItem::builder().put(put).build();
            match self.transact(vec![write], None).await {
                Err(StoreError::Conflict) => {}
                saved => return saved.map(|()| place),
            }
        }
        Err(StoreError::Conflict)
    }

    /// A message that waits for somebody's word is found by the number and the person; that anything waits, by the number.
    pub(super) async fn note_window(&self, before: &Message, message: &Message) -> Result<(), StoreError> {
        let waited = matches!(before.retry, Retry::AwaitsWindow { .. });
        let until = match &message.retry {
            Retry::AwaitsWindow { until, .. } => *until,
            _ if waited => Timestamp::default(),
            _ => return Ok(()),
        };
        let mut item = item::key_of(&keys::window(&message.phone, &message.person, &message.id));
        item.insert("entity".to_owned(), text("awaited word"));
        item.insert("expires_at".to_owned(), number(until.as_seconds_up()));
        self.put(item).await?;
        if waited {
            return Ok(());
        }
        let mut item = item::key_of(&keys::windows(&message.phone));
        item.insert("entity".to_owned(), text("awaited words"));
        item.insert("expires_at".to_owned(), number(until.as_seconds_up()));
        self.put(item).await
    }

    async fn put(&self, item: item::Item) -> Result<(), StoreError> {
        let request = self.client().put_item().table_name(&self.table).set_item(Some(item));
        request.send().await.map(drop).map_err(|error| unavailable(&error))
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

fn is_live(item: &item::Item, now: Timestamp) -> bool {
    let until = item.get("expires_at").and_then(|until| until.as_n().ok()?.parse().ok());
    until.is_some_and(|until| now < Timestamp::from_seconds(until))
}
