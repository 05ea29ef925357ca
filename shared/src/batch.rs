//! SQS batches: each record on its own, only the failed ones come again.

use crate::domain::time::Timestamp;
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use serde::{Deserialize, Serialize};
use std::panic::AssertUnwindSafe;

/// An SQS event. Bodies stay text: one that does not parse must not fail its neighbours.
#[derive(Deserialize)]
pub struct SqsEvent {
    /// The records.
    #[serde(rename = "Records")]
    pub records: Vec<Record>,
}

/// One message.
#[derive(Deserialize)]
pub struct Record {
    /// Its id, which a partial batch response names.
    #[serde(rename = "messageId")]
    pub message_id: String,
    /// Its body.
    pub body: String,
    /// What names this receipt of it.
    #[serde(rename = "receiptHandle", default)]
    pub receipt_handle: String,
    /// What SQS says about it.
    #[serde(default)]
    pub attributes: Attributes,
}

/// What SQS says about a message.
#[derive(Default, Deserialize)]
pub struct Attributes {
    /// How often it was received, this time included.
    #[serde(rename = "ApproximateReceiveCount", default)]
    receive_count: String,
    /// When it was sent, in milliseconds.
    #[serde(rename = "SentTimestamp", default)]
    sent: String,
}

impl Record {
    /// How often it was received, this time included.
    #[must_use]
    pub fn receipts(&self) -> u32 {
        self.attributes.receive_count.parse().unwrap_or(1)
    }

    /// When it was sent.
    #[must_use]
    pub fn sent_at(&self) -> Option<Timestamp> {
        self.attributes.sent.parse().ok().map(Timestamp::from_millis)
    }
}

/// A partial batch response. An id that is not one of the batch makes Lambda repeat all of it.
#[derive(Debug, Default, Serialize, PartialEq, Eq)]
pub struct BatchResponse {
    /// What failed.
    #[serde(rename = "batchItemFailures")]
    pub failures: Vec<ItemFailure>,
}

/// A failed message.
#[derive(Debug, Serialize, PartialEq, Eq)]
pub struct ItemFailure {
    /// Its id.
    #[serde(rename = "itemIdentifier")]
    pub id: String,
}

impl BatchResponse {
    /// Has a message come again.
    pub fn fail(&mut self, record: &Record) {
        self.failures.push(ItemFailure { id: record.message_id.clone() });
    }
}

/// Handles every record, one after the other; an error or a panic fails that record only.
pub async fn each<E: std::error::Error>(
    event: &SqsEvent,
    handle: impl AsyncFn(&Record) -> Result<(), E>,
) -> BatchResponse {
    let mut response = BatchResponse::default();
    for record in &event.records {
        if guarded(record, handle(record).boxed_local()).await.is_none() {
            response.fail(record);
        }
    }
    response
}

/// What some work came to; `None` after a panic.
pub async fn caught<T>(work: LocalBoxFuture<'_, T>) -> Option<T> {
    AssertUnwindSafe(work).catch_unwind().await.ok()
}

/// What the work for a record came to; `None` after an error or a panic, which is logged.
pub async fn guarded<T, E: std::error::Error>(record: &Record, work: LocalBoxFuture<'_, Result<T, E>>) -> Option<T> {
    let failed = match caught(work).await {
        Some(Ok(done)) => return Some(done),
        Some(Err(error)) => crate::telemetry::chain(&error),
        None => "panic".to_owned(),
    };
    tracing::error!(message.id = record.message_id, error = failed, "a message failed");
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("do it")]
    struct Failed;

    #[tokio::test]
    async fn one_bad_record_among_good_ones_fails_alone() {
        let record = |id: &str| Record {
            message_id: id.into(),
            body: id.into(),
            receipt_handle: String::new(),
            attributes: Attributes::default(),
        };
        let event = SqsEvent { records: ["a", "error", "panic", "b"].map(record).into() };
        let response = each(&event, async |record: &Record| match record.body.as_str() {
            "error" => Err(Failed),
            "panic" => panic!("on purpose"),
            _ => Ok(()),
        })
        .await;
        let failed: Vec<_> = response.failures.iter().map(|failure| failure.id.as_str()).collect();
        assert_eq!(failed, ["error", "panic"]);
        assert_eq!(
            serde_json::to_string(&response).unwrap(),
            r#"{"batchItemFailures":[{"itemIdentifier":"error"},{"itemIdentifier":"panic"}]}"#
        );
    }
}
