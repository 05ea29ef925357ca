//! SQS: jobs (which carry only ids), webhook envelopes and events.

use crate::aws::AwsConfig;
use crate::domain::ids::{MessageId, MigrationId, OnboardingId, WabaId};
use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sqs::types::{QueueAttributeName, SendMessageBatchRequestEntry};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The longest delay of SQS: fifteen minutes. The sweeper enqueues what is due later.
pub const LONGEST_DELAY: Duration = Duration::from_secs(900);

/// SQS limit: messages per request.
pub const MOST_AT_ONCE: usize = 10;
/// SQS limit: bytes of all messages in a request.
pub const LARGEST_REQUEST: usize = 1024 * 1024;

/// How often a message of a batch is sent.
const ATTEMPTS: usize = 2;

/// A message of the worker queues. It only says which record to process; the record itself is always read again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "bell")]
pub enum Job {
    /// Process this onboarding.
    #[serde(rename = "onboarding.v1")]
    Onboarding {
        /// Its id.
        id: OnboardingId,
    },
    /// Check whether a signup has claimed this account, which Meta announced some time ago.
    #[serde(rename = "announced.v1")]
    Announced {
        /// Its id.
        waba: WabaId,
    },
    /// Retry the parked changes of this account.
    #[serde(rename = "parked.v1")]
    Parked {
        /// Its id.
        waba: WabaId,
    },
    /// Process this message.
    #[serde(rename = "message.v1")]
    Message {
        /// Its id.
        id: MessageId,
    },
    /// Advance this phone number migration.
    #[serde(rename = "move.v1")]
    Migration {
        /// Its id.
        id: MigrationId,
    },
    /// Run the doctor's checks of Meta's side that need the system token.
    #[serde(rename = "examine.v1")]
    Doctor,
    /// Poll the templates of this account.
    #[serde(rename = "templates.v1")]
    Templates {
        /// Its id.
        waba: WabaId,
        /// The onboarding that holds its token.
        onboarding: OnboardingId,
    },
}

impl Job {
    /// Parses a message that may be a job. A message that does not begin like one is not parsed further: it may be
    /// large.
    #[must_use]
    pub fn read(message: &str) -> Option<Self> {
        message.starts_with(r#"{"bell":"#).then(|| serde_json::from_str(message).ok()).flatten()
    }
}

/// The queue did not accept the message; holds only the service's error code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("failed to send to the queue ({0})")]
pub struct QueueError(pub String);

impl QueueError {
    /// Whether the queue would reject this message on every attempt (SQS: `SendMessage`, errors).
    #[must_use]
    pub fn is_of_the_message(&self) -> bool {
        ["InvalidMessageContents", "InvalidParameterValue"].contains(&self.0.as_str())
    }
}

/// One queue.
#[derive(Debug, Clone)]
pub struct Queue {
    aws: AwsConfig,
    url: String,
}

impl Queue {
    /// The queue at `url`.
    #[must_use]
    pub fn new(aws: &AwsConfig, url: &str) -> Self {
        Self { aws: aws.clone(), url: url.to_owned() }
    }

    fn client(&self) -> &Client {
        self.aws.sqs()
    }

    /// Enqueues a job, after `wait` (at most [`LONGEST_DELAY`]).
    ///
    /// # Errors
    /// [`QueueError`]; the sweeper enqueues the job again.
    pub async fn enqueue(&self, job: &Job, wait: Duration) -> Result<(), QueueError> {
        let body = serde_json::to_string(job).map_err(|_| QueueError("encode".to_owned()))?;
        self.send_after(body, wait).await
    }

    /// Stores a message that can be received after `wait` (at most [`LONGEST_DELAY`]).
    ///
    /// # Errors
    /// As [`Queue::send`].
    pub async fn send_after(&self, body: String, wait: Duration) -> Result<(), QueueError> {
        let seconds = i32::try_from(wait.min(LONGEST_DELAY).as_secs()).unwrap_or_default();
        let request = self.client().send_message().queue_url(&self.url).message_body(body);
        let sent = request.delay_seconds(seconds).send().await;
        sent.map(drop).map_err(|error| reduce(&error))
    }

    /// Enqueues many jobs at once, with as few requests as SQS allows. Says of each whether SQS has it.
    pub async fn enqueue_all(&self, jobs: &[Job]) -> Vec<Result<(), QueueError>> {
        let bodies: Result<Vec<_>, _> = jobs.iter().map(serde_json::to_string).collect();
        match bodies {
            Ok(bodies) => self.send_all(bodies).await,
            Err(_) => vec![Err(QueueError("encode".to_owned())); jobs.len()],
        }
    }

    /// Stores a message durably: when this returns, SQS has it.
    ///
    /// # Errors
    /// [`QueueError`] when SQS did not confirm; it may have stored the message all the same.
    pub async fn send(&self, body: String) -> Result<(), QueueError> {
        let sent = self.client().send_message().queue_url(&self.url).message_body(body).send().await;
        sent.map(drop).map_err(|error| reduce(&error))
    }
}

impl Queue {
    /// Sends many messages with as few requests as SQS allows: ten messages, or one mebibyte, per request. Returns the
    /// outcome of each.
    pub async fn send_all(&self, bodies: Vec<String>) -> Vec<Result<(), QueueError>> {
        let mut outcomes = Vec::with_capacity(bodies.len());
        let mut batch = Vec::new();
        let mut bytes = 0;
        for body in bodies {
            if batch.len() == MOST_AT_ONCE || (!batch.is_empty() && bytes + body.len() > LARGEST_REQUEST) {
                outcomes.extend(self.send_batch(std::mem::take(&mut batch)).await);
                bytes = 0;
            }
            bytes += body.len();
            batch.push(body);
        }
        if !batch.is_empty() {
            outcomes.extend(self.send_batch(batch).await);
        }
        outcomes
    }

    /// Messages that SQS rejects within a request because of its own errors are sent once more; the SDK retries whole
    /// requests only.
    async fn send_batch(&self, bodies: Vec<String>) -> Vec<Result<(), QueueError>> {
        let mut outcomes = vec![Err(QueueError("unanswered".to_owned())); bodies.len()];
        let entry = |(index, body): (usize, String)| {
            SendMessageBatchRequestEntry::builder().id(index.to_string()).message_body(body).build().ok()
        };
        let mut entries: Vec<_> = bodies.into_iter().enumerate().filter_map(entry).collect();
        for _ in 0..ATTEMPTS {
            let request = self.client().send_message_batch().queue_url(&self.url);
            let reply = match request.set_entries(Some(entries.clone())).send().await {
                Ok(reply) => reply,
                Err(error) => {
                    let error = reduce(&error);
                    entries.iter().for_each(|entry| note(&mut outcomes, entry.id(), Err(error.clone())));
                    break;
                }
            };
            reply.successful().iter().for_each(|taken| note(&mut outcomes, taken.id(), Ok(())));
            for refused in reply.failed() {
                note(&mut outcomes, refused.id(), Err(QueueError(refused.code().to_owned())));
            }
            let again = |entry: &SendMessageBatchRequestEntry| {
                reply.failed().iter().any(|refused| refused.id() == entry.id() && !refused.sender_fault())
            };
            entries.retain(again);
            if entries.is_empty() {
                break;
            }
        }
        outcomes
    }

    /// The approximate number of messages that can be received.
    ///
    /// # Errors
    /// [`QueueError`] when SQS did not return it.
    pub async fn depth(&self) -> Result<u64, QueueError> {
        let depth = self.attribute(QueueAttributeName::ApproximateNumberOfMessages).await?;
        depth.parse().map_err(|_| QueueError("unreadable".to_owned()))
    }

    /// Has SQS move all messages of this dead-letter queue back to their source queue.
    ///
    /// # Errors
    /// [`QueueError`] when SQS did not start the task, for example because one is already running.
    pub async fn redrive(&self) -> Result<(), QueueError> {
        let source = self.attribute(QueueAttributeName::QueueArn).await?;
        let started = self.client().start_message_move_task().source_arn(source).send().await;
        started.map(drop).map_err(|error| reduce(&error))
    }

    async fn attribute(&self, name: QueueAttributeName) -> Result<String, QueueError> {
        let request = self.client().get_queue_attributes().queue_url(&self.url).attribute_names(name.clone());
        let reply = request.send().await.map_err(|error| reduce(&error))?;
        let found = reply.attributes().and_then(|attributes| attributes.get(&name)).cloned();
        found.ok_or_else(|| QueueError("unanswered".to_owned()))
    }

    /// Hides a received message for `wait` before it is redelivered.
    ///
    /// # Errors
    /// [`QueueError`]; the message is then redelivered after the queue's visibility timeout.
    pub async fn postpone(&self, receipt_handle: &str, wait: Duration) -> Result<(), QueueError> {
        let seconds = i32::try_from(wait.as_secs()).unwrap_or(i32::MAX);
        let request = self.client().change_message_visibility().queue_url(&self.url).receipt_handle(receipt_handle);
        request.visibility_timeout(seconds).send().await.map(drop).map_err(|error| reduce(&error))
    }
}

/// Records the outcome of the message with this id, its position in the batch.
fn note(outcomes: &mut [Result<(), QueueError>], id: &str, outcome: Result<(), QueueError>) {
    if let Some(own) = id.parse().ok().and_then(|index: usize| outcomes.get_mut(index)) {
        *own = outcome;
    }
}

fn reduce<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> QueueError {
    let fallback = if matches!(error, SdkError::TimeoutError(_)) { "timeout" } else { "unreachable" };
    QueueError(error.as_service_error().and_then(ProvideErrorMetadata::code).unwrap_or(fallback).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_carries_ids_only() {
        let id = OnboardingId::parse("onb_01jd0000000000000000000000").unwrap();
        let json = serde_json::to_string(&Job::Onboarding { id }).unwrap();
        assert_eq!(json, r#"{"bell":"onboarding.v1","id":"onb_01jd0000000000000000000000"}"#);
        assert!(serde_json::from_str::<Job>(r#"{"bell":"onboarding.v2","id":"x"}"#).is_err());
    }
}
