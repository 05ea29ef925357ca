//! SQS batches: each record is processed independently, and only failed records are redelivered.

use crate::domain::time::Timestamp;
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use serde::{Deserialize, Serialize};
use std::panic::AssertUnwindSafe;

/// An SQS event. Bodies stay text, so that one that does not parse cannot fail the rest of the batch.
#[derive(Deserialize)]
pub struct SqsEvent {
    /// The records.
    #[serde(rename = "Records")]
    pub records: Vec<Record>,
}

/// One message.
#[derive(Deserialize)]
pub struct Record {
    /// Its id, as reported in a partial batch response.
    #[serde(rename = "messageId")]
    pub message_id: String,
    /// Its body.
    pub body: String,
    /// The receipt handle of this delivery.
    #[serde(rename = "receiptHandle", default)]
    pub receipt_handle: String,
    /// SQS attributes.
    #[serde(default)]
    pub attributes: Attributes,
}

/// Attributes that SQS sets on a message.
#[derive(Default, Deserialize)]
pub struct Attributes {
    /// Number of receives, including this one.
    #[serde(rename = "ApproximateReceiveCount", default)]
    receive_count: String,
    /// When it was sent, in milliseconds.
    #[serde(rename = "SentTimestamp", default)]
    sent: String,
}

impl Record {
    /// Number of receives, including this one.
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

/// A partial batch response. Lambda retries the whole batch if it contains an id that is not part of it.
#[derive(Debug, Default, Serialize, PartialEq, Eq)]
pub struct BatchResponse {
    /// The failed messages.
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
    /// Has a message redelivered.
    pub fn fail(&mut self, record: &Record) {
        self.failures.push(ItemFailure { id: record.message_id.clone() });
    }
}

/// Handles every record in turn; an error or a panic fails only that record.
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

/// The result of `work`; `None` after a panic.
pub async fn caught<T>(work: LocalBoxFuture<'_, T>) -> Option<T> {
    AssertUnwindSafe(work).catch_unwind().await.ok()
}

/// The result of handling a record; `None` after an error or a panic, which is logged.
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
