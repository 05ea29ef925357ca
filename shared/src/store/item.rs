//! Items as they are stored: keys and index attributes next to the record, which is one nested map.

use super::keys::Key;
use super::{StoreError, Versioned};
use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::HashMap;

pub(super) type Item = HashMap<String, AttributeValue>;

pub(super) fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

pub(super) fn number(value: impl std::fmt::Display) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

pub(super) fn key_of(key: &Key) -> Item {
    HashMap::from([("pk".to_owned(), text(&key.pk)), ("sk".to_owned(), text(&key.sk))])
}

/// An item of kind `entity` in `version`. `shape` is raised when an old writer would drop what a new one stored.
pub(super) fn build<T: Serialize>(
    key: &Key,
    entity: &'static str,
    version: u64,
    record: &T,
) -> Result<Item, StoreError> {
    let record: AttributeValue =
        serde_dynamo::aws_sdk_dynamodb_1::to_attribute_value(record).map_err(|_| StoreError::Undecodable(entity))?;
    let mut item = key_of(key);
    item.insert("entity".to_owned(), text(entity));
    item.insert("shape".to_owned(), number(1));
    item.insert("version".to_owned(), number(version));
    item.insert("record".to_owned(), record);
    Ok(item)
}

/// The record of an item.
pub(super) fn read<T: DeserializeOwned>(mut item: Item, entity: &'static str) -> Result<Versioned<T>, StoreError> {
    let undecodable = StoreError::Undecodable(entity);
    let version = item.get("version").and_then(|value| value.as_n().ok()).and_then(|text| text.parse().ok());
    let record = item.remove("record").ok_or_else(|| undecodable.clone())?;
    let record = serde_dynamo::aws_sdk_dynamodb_1::from_attribute_value(record).map_err(|_| undecodable.clone())?;
    Ok(Versioned { record, version: version.ok_or(undecodable)? })
}

/// The condition on the item that a put replaces.
#[derive(Debug, Clone, Copy)]
pub(super) enum Require {
    /// It must not exist.
    Absent,
    /// It must have this version.
    Version(u64),
}

impl Require {
    pub(super) fn expression(self) -> &'static str {
        match self {
            Self::Absent => "attribute_not_exists(pk)",
            Self::Version(_) => "version = :version",
        }
    }

    pub(super) fn values(self) -> Option<HashMap<String, AttributeValue>> {
        match self {
            Self::Absent => None,
            Self::Version(version) => Some(HashMap::from([(":version".to_owned(), number(version))])),
        }
    }
}

pub(super) fn put(table: &str, item: Item, require: Require) -> Result<Put, StoreError> {
    Put::builder()
        .table_name(table)
        .set_item(Some(item))
        .condition_expression(require.expression())
        .set_expression_attribute_values(require.values())
        .build()
        .map_err(|_| StoreError::Undecodable("request"))
}

/// One write among others that replaces whatever is there.
pub(super) fn overwrite(table: &str, item: Item) -> Result<TransactWriteItem, StoreError> {
    let put = Put::builder().table_name(table).set_item(Some(item)).build();
    Ok(TransactWriteItem::builder().put(put.map_err(|_| StoreError::Undecodable("request"))?).build())
}
