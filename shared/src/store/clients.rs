//! Attempts of clients, counted in windows, and the key of the hash that hides their addresses.

use super::item::{self, Require, number, text};
use super::{Store, StoreError, keys, unavailable};
use crate::domain::time::Timestamp;
use aws_sdk_dynamodb::types::AttributeValue;

impl Store {
    /// The key that clients' addresses are hashed with; `fresh` is stored if there is none yet.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable.
    pub async fn client_key(&self, fresh: [u8; 32]) -> Result<Vec<u8>, StoreError> {
        let key = keys::client_key();
        if let Some(known) = self.item(&key).await? {
            return read(&known);
        }
        let mut item = item::key_of(&key);
        item.insert("entity".to_owned(), text("client key"));
        item.insert("key".to_owned(), text(&hex::encode(fresh)));
        let request = self.client().put_item().table_name(&self.table).set_item(Some(item));
        let sent = request.condition_expression(Require::Absent.expression()).send().await;
        match sent.map_err(|error| unavailable(&error)) {
            Ok(_) => Ok(fresh.to_vec()),
            Err(StoreError::Conflict) => read(&self.item(&key).await?.unwrap_or_default()),
            Err(error) => Err(error),
        }
    }

    /// Counts an attempt of a client; `false` when `most` are already counted. The count expires after `until`.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable.
    pub async fn count_attempt(
        &self,
        client: &str,
        kind: &str,
        most: u32,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        let request = self.client().update_item().table_name(&self.table);
        let request = request
            .set_key(Some(item::key_of(&keys::client(client, kind))))
            .update_expression("ADD attempts :one SET expires_at = :until, entity = :entity")
            .condition_expression("attribute_not_exists(attempts) OR attempts < :most")
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":most", number(most))
            .expression_attribute_values(":until", number(until.as_seconds_up()))
            .expression_attribute_values(":entity", text("client attempts"));
        match request.send().await.map_err(|error| unavailable(&error)) {
            Ok(_) => Ok(true),
            Err(StoreError::Conflict) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Uncounts one attempt of a client.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable.
    pub async fn forget_attempt(&self, client: &str, kind: &str) -> Result<(), StoreError> {
        let request = self.client().update_item().table_name(&self.table);
        let request = request
            .set_key(Some(item::key_of(&keys::client(client, kind))))
            .update_expression("ADD attempts :less")
            .condition_expression("attempts > :none")
            .expression_attribute_values(":less", number(-1))
            .expression_attribute_values(":none", number(0));
        match request.send().await.map_err(|error| unavailable(&error)) {
            Ok(_) | Err(StoreError::Conflict) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

fn read(item: &item::Item) -> Result<Vec<u8>, StoreError> {
    let key = item.get("key").and_then(|key: &AttributeValue| key.as_s().ok());
    key.and_then(|key| hex::decode(key).ok()).ok_or(StoreError::Undecodable("client key"))
}
