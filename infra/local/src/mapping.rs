//! The event source mapping: Lambda polls a queue and invokes a function with batches (AWS: "Using Lambda with Amazon
//! SQS").

use crate::physical::{REGION, queue_arn};
use crate::runtime::{Function, InvokeError};
use aws_emulator::{ReceivedMessage, Sqs, SqsError};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Maximum messages per SQS receive.
const MOST_AT_ONCE: usize = 10;
/// Long-poll wait of an idle poller.
const WAIT: Duration = Duration::from_secs(20);

/// A queue, a function, and how batches are delivered.
#[derive(Clone)]
pub(crate) struct Mapping {
    /// Logical id of the queue.
    pub(crate) queue: String,
    pub(crate) queue_name: String,
    pub(crate) function: Arc<Function>,
    pub(crate) batch_size: usize,
    pub(crate) window: Duration,
    pub(crate) partial_responses: bool,
    pub(crate) pollers: usize,
    pub(crate) sqs: Sqs,
    /// Whether the mapping is enabled; an operator can disable one the same way.
    pub(crate) enabled: watch::Receiver<bool>,
}

/// A function's response under `ReportBatchItemFailures`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct BatchResponse {
    #[serde(default)]
    batch_item_failures: Option<Vec<Failure>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Failure {
    item_identifier: String,
}

impl Mapping {
    /// Polls until the stack stops.
    pub(crate) async fn run(self, ended: CancellationToken) {
        let pollers = (0..self.pollers).map(|_| tokio::spawn(self.clone().poll(ended.clone()))).collect::<Vec<_>>();
        for poller in pollers {
            drop(poller.await);
        }
    }

    async fn poll(mut self, ended: CancellationToken) {
        loop {
            let batch = tokio::select! {
                () = ended.cancelled() => return,
                batch = self.next() => batch,
            };
            // A received batch is always processed: dropping it here would look like a crashed function.
            match batch {
                Ok(batch) if batch.is_empty() => {}
                Ok(batch) => self.deliver(&batch).await,
                Err(_) => return,
            }
        }
    }

    async fn next(&mut self) -> Result<Vec<ReceivedMessage>, SqsError> {
        if self.enabled.wait_for(|enabled| *enabled).await.is_err() {
            return Err(SqsError::QueueDoesNotExist);
        }
        let mut enabled = self.enabled.clone();
        tokio::select! {
            biased;
            _ = enabled.wait_for(|enabled| !*enabled) => Ok(Vec::new()),
            batch = self.gather() => batch,
        }
    }

    /// A batch: full, or whatever arrived within the window.
    async fn gather(&self) -> Result<Vec<ReceivedMessage>, SqsError> {
        let receive = |most: usize, wait| self.sqs.receive(&self.queue_name, most.min(MOST_AT_ONCE), wait, None);
        let mut batch = receive(self.batch_size, WAIT).await?;
        let opened = Instant::now();
        while !batch.is_empty() && batch.len() < self.batch_size {
            let left = self.window.saturating_sub(opened.elapsed());
            if left.is_zero() {
                break;
            }
            batch.extend(receive(self.batch_size - batch.len(), left).await?);
        }
        Ok(batch)
    }

    async fn deliver(&self, batch: &[ReceivedMessage]) {
        let records: Vec<Value> = batch.iter().map(|message| self.record(message)).collect();
        let result = self.function.invoke(Bytes::from(json!({ "Records": records }).to_string())).await;
        if matches!(result, Err(InvokeError::Throttled)) {
            // Lambda's pollers slow down when throttled; the messages return after their visibility timeout.
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        let failed = match result {
            Ok(answer) => self.failed(&answer, batch),
            Err(_) => return,
        };
        for message in batch.iter().filter(|message| !failed.contains(message.message_id.as_str())) {
            // A handle is stale only if the function outlived the visibility timeout; the message is then delivered
            // again.
            drop(self.sqs.delete(&self.queue_name, &message.receipt_handle).await);
        }
    }

    /// The messages that failed. A response that cannot be parsed, or that names an unknown message, fails the whole
    /// batch.
    fn failed<'a>(&self, answer: &[u8], batch: &'a [ReceivedMessage]) -> BTreeSet<&'a str> {
        let all = || batch.iter().map(|message| message.message_id.as_str()).collect();
        if !self.partial_responses || answer.is_empty() || answer == b"null" {
            return BTreeSet::new();
        }
        let Ok(response) = serde_json::from_slice::<BatchResponse>(answer) else {
            return all();
        };
        let named = response.batch_item_failures.unwrap_or_default();
        let find = |failure: &Failure| batch.iter().find(|message| message.message_id == failure.item_identifier);
        let found: Option<BTreeSet<_>> =
            named.iter().map(|failure| find(failure).map(|message| message.message_id.as_str())).collect();
        found.unwrap_or_else(all)
    }

    fn record(&self, message: &ReceivedMessage) -> Value {
        let attributes: Map<String, Value> =
            message.attributes.to_map().into_iter().map(|(name, value)| (name.to_owned(), json!(value))).collect();
        let own: Map<String, Value> = message
            .message_attributes
            .iter()
            .map(|(name, attribute)| {
                let binary = attribute.binary_value.as_ref().map(|value| STANDARD.encode(value));
                let value = json!({ "dataType": attribute.data_type, "stringValue": attribute.string_value, "binaryValue": binary });
                (name.clone(), value)
            })
            .collect();
        json!({
            "messageId": message.message_id,
            "receiptHandle": message.receipt_handle,
            "body": message.body,
            "attributes": attributes,
            "messageAttributes": own,
            "md5OfBody": message.md5_of_body,
            "eventSource": "aws:sqs",
            "eventSourceARN": queue_arn(&self.queue),
            "awsRegion": REGION,
        })
    }
}
