//! In-process Amazon SQS and AWS Secrets Manager, speaking the wire protocols of the AWS SDKs, boto3 and the AWS CLI.
//!
//! Each service is a cheap, cloneable handle ([`Sqs`], [`SecretsManager`]) that offers an [`axum::Router`] for clients
//! and the same operations in process for an event source mapping or a template engine. State lives in memory;
//! `snapshot` and `restore` carry it from one run to the next. A [`Clock`] supplies the time, so that a test of a
//! delay, a visibility timeout or a recovery window advances a [`ManualClock`] instead of waiting.
//!
//! What an operation accepts, refuses and answers follows the AWS documentation and, where it is silent, recorded
//! responses of the services. A missing operation answers `UnknownOperationException`; nothing is ignored silently.
//! Signatures and IAM are not checked.

mod blob;
mod clock;
mod identifier;
mod protocol;
mod secrets;
mod sqs;

pub use clock::{Clock, ManualClock, ShiftedClock, SystemClock};
pub use secrets::{RandomPassword, SecretsError, SecretsManager};
pub use sqs::{
    MessageAttribute, NewMessage, QueueCounts, ReceivedMessage, SentMessage, Sqs, SqsError, SystemAttributes,
};

/// A snapshot that does not fit the service.
#[derive(Debug, thiserror::Error)]
#[error("snapshot does not describe the state of this service")]
pub struct RestoreError(#[from] serde_json::Error);
