//! SQS: jobs that carry ids, envelopes and events.

use crate::aws::AwsConfig;
use crate::domain::ids::{MessageId, MigrationId, OnboardingId, WabaId};
use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sqs::types::{QueueAttributeName, SendMessageBatchRequestEntry};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The longest delay SQS takes: fifteen minutes. What is due later is found by the sweeper.
pub const LONGEST_DELAY: Duration = Duration::from_secs(900);

/// SQS: messages in one request.
pub const MOST_AT_ONCE: usize = 10;
/// SQS: bytes of all messages in one request.
pub const LARGEST_REQUEST: usize = 1024 * 1024;

/// How often a message of a batch is offered.
const ATTEMPTS: usize = 2;

/// A message of the worker queues. It says where to look, never what is true: the record is read again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "bell")]
pub enum Job {
    /// Look at this onboarding.
    #[serde(rename = "onboarding.v1")]
    Onboarding {
        /// Which.
        id: OnboardingId,
    },
    /// Meta announced this account some time ago: look whether a signup has it.
    #[serde(rename = "announced.v1")]
    Announced {
        /// Which.
        waba: WabaId,
    },
    /// Changes of this account wait for its record: try them again.
    #[serde(rename = "parked.v1")]
    Parked {
        /// Which.
        waba: WabaId,
    },
    /// Look at this message.
    #[serde(rename = "message.v1")]
    Message {
        /// Which.
        id: MessageId,
    },
    /// Advance this phone number migration.
    #[serde(rename = "move.v1")]
    Migration {
        /// Which.
        id: MigrationId,
    },
    /// Look whether Meta's side of the platform is set up, as far as that takes the system token.
    #[serde(rename = "examine.v1")]
    Doctor,
    /// Poll the templates of this account.
    #[serde(rename = "templates.v1")]
    Templates {
        /// Which.
        waba: WabaId,
        /// The onboarding that holds its token.
        onboarding: OnboardingId,
    },
}

impl Job {
    /// Reads a message that may be a job. What does not begin as one is not looked at further: it may be large.
    #[must_use]
    pub fn read(message: &str) -> Option<Self> {
        message.starts_with(r#"{"bell":"#).then(|| serde_json::from_str(message).ok()).flatten()
    }
}

/// The queue did not take the message; holds the service's error code only.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("send to the queue ({0})")]
pub struct QueueError(pub String);

impl QueueError {
    /// Whether the queue refuses this message, now and later (SQS: `SendMessage`, errors).
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
    /// The queue behind `url`.
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
    /// [`QueueError`]; a job that was not taken is enqueued again by the sweeper.
    pub async fn enqueue(&self, job: &Job, wait: Duration) -> Result<(), QueueError> {
        let body = serde_json::to_string(job).map_err(|_| QueueError("encode".to_owned()))?;
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
    /// [`QueueError`] when SQS did not say yes; it may have the message all the same.
    pub async fn send(&self, body: String) -> Result<(), QueueError> {
        let sent = self.client().send_message().queue_url(&self.url).message_body(body).send().await;
        sent.map(drop).map_err(|error| reduce(&error))
    }
}

impl Queue {
    /// Sends many messages with as few requests as SQS allows: ten, or one mebibyte, at a time. Says of each whether SQS
    /// has it.
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

    /// What SQS refuses of a request for reasons of its own is offered once more; the SDK repeats whole requests only.
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

    /// Messages that can be received, about.
    ///
    /// # Errors
    /// [`QueueError`] when SQS did not say.
    pub async fn depth(&self) -> Result<u64, QueueError> {
        let depth = self.attribute(QueueAttributeName::ApproximateNumberOfMessages).await?;
        depth.parse().map_err(|_| QueueError("unreadable".to_owned()))
    }

    /// Has SQS move all messages of this dead-letter queue back to where they came from.
    ///
    /// # Errors
    /// [`QueueError`] when SQS did not begin; a task that runs already is one.
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

    /// Lets a received message rest for `wait` before it comes again.
    ///
    /// # Errors
    /// [`QueueError`]; then it comes again after the queue's own time.
    pub async fn postpone(&self, receipt_handle: &str, wait: Duration) -> Result<(), QueueError> {
        let seconds = i32::try_from(wait.as_secs()).unwrap_or(i32::MAX);
        let request = self.client().change_message_visibility().queue_url(&self.url).receipt_handle(receipt_handle);
        request.visibility_timeout(seconds).send().await.map(drop).map_err(|error| reduce(&error))
    }
}

/// Notes what became of the message with this id, its place in the batch.
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
    fn a_bell_carries_ids_only() {
        let id = OnboardingId::parse("onb_01jd0000000000000000000000").unwrap();
        let json = serde_json::to_string(&Job::Onboarding { id }).unwrap();
        assert_eq!(json, r#"{"bell":"onboarding.v1","id":"onb_01jd0000000000000000000000"}"#);
        assert!(serde_json::from_str::<Job>(r#"{"bell":"onboarding.v2","id":"x"}"#).is_err());
    }
}
