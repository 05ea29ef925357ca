//! Messages, and the data needed for their second attempt.

use super::item::{self, Item, Require, number, text};
use super::update::{Record, next_version};
use super::{Store, StoreError, Versioned, keys, unavailable};
use crate::domain::ids::MessageId;
use crate::domain::message::{Message, MessageFact, Payload, Retry, advance};
use crate::domain::operation::Operation;
use crate::domain::time::Timestamp;
use aws_sdk_dynamodb::types::TransactWriteItem;
use std::time::Duration;

const ENTITY: &str = "message";

/// How long the text of a message is stored at most: a second attempt is made within seven days.
const PAYLOAD_RETENTION: Duration = Duration::from_secs(8 * 24 * 3600);

impl Record for Message {
    type Key = MessageId;
    type Beside = Timestamp;

    async fn load(store: &Store, key: &MessageId) -> Result<Option<Versioned<Self>>, StoreError> {
        store.message(key).await
    }

    /// One transaction with the items that the second attempt needs, so that a crash leaves nothing half done.
    async fn save(
        store: &Store,
        _key: &MessageId,
        held: Option<&Versioned<Self>>,
        mut after: Self,
        now: Timestamp,
    ) -> Result<Versioned<Self>, StoreError> {
        // A message is created together with its text by `create_message`.
        let before = &held.ok_or(StoreError::Conflict)?.record;
        store.pace(before, &mut after, now).await?;
        store.announce_window(before, &after).await?;
        let version = next_version(held);
        let put = item::put(&store.table, message_item(&after, version, now)?, Require::of(held))?;
        let mut writes = vec![TransactWriteItem::builder().put(put).build()];
        writes.extend(store.window_write(before, &after, now)?);
        if after.is_over() && !before.is_over() {
            writes.push(store.payload_end(&after.id, now)?);
        }
        store.transact(writes, None).await?;
        Ok(Versioned { record: after, version })
    }
}

impl Store {
    /// Stores a message and its text before anything is sent.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the message already exists.
    pub async fn create_message(&self, message: &Message, payload: &Payload, now: Timestamp) -> Result<(), StoreError> {
        let state = message_item(message, 1, now)?;
        let mut stored = item::key_of(&keys::message_payload(&message.id));
        stored.insert("entity".to_owned(), text("message payload"));
        stored.insert("payload".to_owned(), text(payload.expose()));
        stored.insert("expires_at".to_owned(), number(now.after(PAYLOAD_RETENTION).as_seconds_up()));
        let write = |item| Ok(TransactWriteItem::builder().put(item::put(&self.table, item, Require::Absent)?).build());
        self.transact(vec![write(state)?, write(stored)?], None).await
    }

    /// A message.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable or the item undecodable.
    pub async fn message(&self, id: &MessageId) -> Result<Option<Versioned<Message>>, StoreError> {
        let found = self.item(&keys::message(id)).await?;
        found.map(|found| item::read(found, ENTITY)).transpose()
    }

    /// Applies a fact to a message; after a version conflict, to the newer record. `None` when the message does not
    /// exist or the fact changes nothing.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable, or every attempt ended in a version conflict.
    pub async fn record_message(
        &self,
        id: &MessageId,
        fact: &MessageFact,
        delay: Duration,
        now: Timestamp,
    ) -> Result<Option<Message>, StoreError> {
        self.record_message_by(id, fact, None, delay, now).await
    }

    /// Like [`Store::record_message`]; also saves who requested the operation.
    ///
    /// # Errors
    /// As [`Store::record_message`].
    pub async fn record_message_by(
        &self,
        id: &MessageId,
        fact: &MessageFact,
        operation: Option<&Operation>,
        delay: Duration,
        now: Timestamp,
    ) -> Result<Option<Message>, StoreError> {
        let decide = |before: Option<&Message>| {
            let changed = |before: &Message| {
                let mut after = advance(before, fact, delay, now);
                if after != *before {
                    after.outbox.extend(operation.map(|operation| operation.event(now)));
                }
                (after, now)
            };
            Ok::<_, StoreError>(before.map(changed))
        };
        Ok(self.update(id, decide).await?.saved().map(|saved| saved.record))
    }

    /// The text of a message, while it may still be needed.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable.
    pub async fn message_payload(&self, id: &MessageId) -> Result<Option<Payload>, StoreError> {
        let found = self.item(&keys::message_payload(id)).await?;
        let payload = found.as_ref().and_then(|item| item.get("payload")).and_then(|payload| payload.as_s().ok());
        Ok(payload.map(|payload| Payload::new(payload.clone())))
    }

    /// Expires the text of a message in a final state; its history remains.
    fn payload_end(&self, id: &MessageId, now: Timestamp) -> Result<TransactWriteItem, StoreError> {
        let mut item = item::key_of(&keys::message_payload(id));
        item.insert("entity".to_owned(), text("message payload"));
        // Not 0: DynamoDB never deletes items that expired more than five years ago (AWS: "Using time to live").
        item.insert("expires_at".to_owned(), number(now.as_seconds_up()));
        item::overwrite(&self.table, item)
    }

    /// Messages that wait for a second attempt, the next one first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable or an item undecodable.
    pub async fn retries(&self, limit: i32) -> Result<Vec<Message>, StoreError> {
        let request = self.client().query().table_name(&self.table).index_name("ByList").limit(limit);
        let request = request
            .key_condition_expression("#list = :list")
            .expression_attribute_names("#list", "list")
            .expression_attribute_values(":list", text(keys::RETRIES));
        let found = request.send().await.map_err(|error| unavailable(&error))?.items.unwrap_or_default();
        found.into_iter().map(|item| item::read::<Message>(item, ENTITY).map(|held| held.record)).collect()
    }

    /// Messages that are due at `now`, the longest overdue first.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable.
    pub async fn due_messages(&self, now: Timestamp, limit: i32) -> Result<Vec<MessageId>, StoreError> {
        let found = self.due_keys(keys::DUE_MESSAGES, now, limit).await?;
        Ok(found.iter().filter_map(|pk| MessageId::parse(pk.strip_prefix("MESSAGE#")?).ok()).collect())
    }
}

fn message_item(message: &Message, version: u64, now: Timestamp) -> Result<Item, StoreError> {
    let mut item = item::build(&keys::message(&message.id), ENTITY, version, message)?;
    if let Some(due) = message.due_at(now) {
        item.insert("due_kind".to_owned(), text(keys::DUE_MESSAGES));
        item.insert("due_at".to_owned(), number(due.as_seconds_up()));
    }
    if let Retry::Scheduled { due, .. } | Retry::AwaitsWindow { until: due, .. } = &message.retry {
        item.insert("list".to_owned(), text(keys::RETRIES));
        item.insert("list_order".to_owned(), text(&format!("{}#{}", due.to_rfc3339(), message.id)));
    }
    item.insert("expires_at".to_owned(), number(message.expires_at().as_seconds_up()));
    Ok(item)
}
