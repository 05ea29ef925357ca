//! SQS: bells that carry ids, envelopes and events.

use crate::aws::AwsConfig;
use crate::domain::ids::{OnboardingId, WabaId};
use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The longest delay SQS takes: fifteen minutes. What is due later is found by the sweeper.
pub const LONGEST_DELAY: Duration = Duration::from_secs(900);

/// A message of the worker queues. It says where to look, never what is true: the record is read again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "bell")]
pub enum Bell {
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
    /// Look whether Meta's side of the platform is set up, as far as that takes the system token.
    #[serde(rename = "examine.v1")]
    Examine,
    /// Poll the templates of this account.
    #[serde(rename = "templates.v1")]
    Templates {
        /// Which.
        waba: WabaId,
        /// The onboarding that holds its token.
        onboarding: OnboardingId,
    },
}

/// The queue did not take the message; holds the service's error code only.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("send to the queue ({0})")]
pub struct QueueError(pub String);

/// One queue.
#[derive(Debug, Clone)]
pub struct Queue {
    client: Client,
    url: String,
}

impl Queue {
    /// The queue behind `url`.
    #[must_use]
    pub fn new(aws: &AwsConfig, url: &str) -> Self {
        Self { client: aws.sqs(), url: url.to_owned() }
    }

    /// Rings, after `wait` (at most [`LONGEST_DELAY`]).
    ///
    /// # Errors
    /// [`QueueError`]; a bell that was not taken is rung again by the sweeper.
    pub async fn ring(&self, bell: &Bell, wait: Duration) -> Result<(), QueueError> {
        let body = serde_json::to_string(bell).map_err(|_| QueueError("encode".to_owned()))?;
        let seconds = i32::try_from(wait.min(LONGEST_DELAY).as_secs()).unwrap_or_default();
        let request = self.client.send_message().queue_url(&self.url).message_body(body);
        let sent = request.delay_seconds(seconds).send().await;
        sent.map(drop).map_err(|error| reduce(&error))
    }

    /// Stores a message durably: when this returns, SQS has it.
    ///
    /// # Errors
    /// [`QueueError`] when SQS did not say yes; it may have the message all the same.
    pub async fn send(&self, body: String) -> Result<(), QueueError> {
        let sent = self.client.send_message().queue_url(&self.url).message_body(body).send().await;
        sent.map(drop).map_err(|error| reduce(&error))
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
        let json = serde_json::to_string(&Bell::Onboarding { id }).unwrap();
        assert_eq!(json, r#"{"bell":"onboarding.v1","id":"onb_01jd0000000000000000000000"}"#);
        assert!(serde_json::from_str::<Bell>(r#"{"bell":"onboarding.v2","id":"x"}"#).is_err());
    }
}
