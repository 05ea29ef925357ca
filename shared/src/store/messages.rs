//! Messages and what their second attempt needs.

use super::item::{self, Item, Require, number, text};
use super::{Store, StoreError, Versioned, keys, unavailable};
use crate::domain::ids::MessageId;
use crate::domain::message::{Message, MessageFact, Payload, Retry, advance};
use crate::domain::operation::Operation;
use crate::domain::time::Timestamp;
use aws_sdk_dynamodb::types::TransactWriteItem;
use std::time::Duration;

const ENTITY: &str = "message";

/// How often a fact is applied to a newer record before the caller has to come again.
const CONFLICTS: usize = 5;

/// How long the text of a message is kept at most: a second attempt waits no longer than seven days.
const PAYLOAD_KEPT: Duration = Duration::from_secs(8 * 24 * 3600);

impl Store {
    /// Stores a message and its text before anything is sent.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when there is such a message already.
    pub async fn create_message(&self, message: &Message, payload: &Payload, now: Timestamp) -> Result<(), StoreError> {
        let state = message_item(message, 1, now)?;
        let mut kept = item::key_of(&keys::message_payload(&message.id));
        kept.insert("entity".to_owned(), text("message payload"));
        kept.insert("payload".to_owned(), text(payload.expose()));
        kept.insert("expires_at".to_owned(), number(now.after(PAYLOAD_KEPT).as_seconds_up()));
        let write = |item| Ok(TransactWriteItem::builder().put(item::put(&self.table, item, Require::Absent)?).build());
        self.transact(vec![write(state)?, write(kept)?], None).await
    }

    /// A message.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable or the item undecodable.
    pub async fn message(&self, id: &MessageId) -> Result<Option<Versioned<Message>>, StoreError> {
        let found = self.item(&keys::message(id)).await?;
        found.map(|found| item::read(found, ENTITY)).transpose()
    }

    /// Applies a fact to a message, and again to a newer record while somebody else saves first. `None` when there is no
    /// such message or the fact changes nothing.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable, or others were faster every time.
    pub async fn record_message(
        &self,
        id: &MessageId,
        fact: &MessageFact,
        delay: Duration,
        now: Timestamp,
    ) -> Result<Option<Message>, StoreError> {
        self.record_message_by(id, fact, None, delay, now).await
    }

    /// As [`Store::record_message`]; who asked for the operation is saved with the fact.
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
        for _ in 0..CONFLICTS {
            let Some(held) = self.message(id).await? else { return Ok(None) };
            let mut after = advance(&held.record, fact, delay, now);
            if after == held.record {
                return Ok(None);
            }
            after.outbox.extend(operation.map(|operation| operation.event(now)));
            self.pace(&held.record, &mut after, now).await?;
            match self.save_message(&held.record, &after, held.version, now).await {
                Err(StoreError::Conflict) => {}
                saved => return saved.map(|()| Some(after)),
            }
        }
        Err(StoreError::Conflict)
    }

    async fn save_message(
        &self,
        before: &Message,
        message: &Message,
        version: u64,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let item = message_item(message, version.saturating_add(1), now)?;
        let require = Require::Version(version);
        let request = self.client().put_item().table_name(&self.table).set_item(Some(item));
        let request =
            request.condition_expression(require.expression()).set_expression_attribute_values(require.values());
        request.send().await.map(drop).map_err(|error| unavailable(&error))?;
        self.note_window(before, message).await?;
        if message.is_over() { self.forget_payload(&message.id, now).await } else { Ok(()) }
    }

    /// What is sent, while it may still be needed.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable.
    pub async fn message_payload(&self, id: &MessageId) -> Result<Option<Payload>, StoreError> {
        let found = self.item(&keys::message_payload(id)).await?;
        let payload = found.as_ref().and_then(|item| item.get("payload")).and_then(|payload| payload.as_s().ok());
        Ok(payload.map(|payload| Payload::new(payload.clone())))
    }

    /// A message that is over keeps its history and not its text.
    async fn forget_payload(&self, id: &MessageId, now: Timestamp) -> Result<(), StoreError> {
        let mut item = item::key_of(&keys::message_payload(id));
        item.insert("entity".to_owned(), text("message payload"));
        // Not an earlier time: what expired more than five years ago is kept for ever (AWS: "Using time to live").
        item.insert("expires_at".to_owned(), number(now.as_seconds_up()));
        let request = self.client().put_item().table_name(&self.table).set_item(Some(item));
        request.send().await.map(drop).map_err(|error| unavailable(&error))
    }

    /// Messages whose second attempt waits, the next first, at most `limit`.
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
