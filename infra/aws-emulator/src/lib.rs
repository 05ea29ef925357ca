//! Amazon SQS and AWS Secrets Manager in process, behind the wire protocols the AWS SDKs, boto3 and the AWS CLI speak.
//!
//! Each service is a cheap, cloneable handle ([`Sqs`], [`SecretsManager`]) that offers an [`axum::Router`] for clients
//! and the same operations in process for an event source mapping or a template engine. State lives in memory;
//! `snapshot` and `restore` carry it from one run to the next. Time comes from a [`Clock`], so that a test of a delay,
//! a visibility timeout or a recovery window advances a [`ManualClock`] instead of waiting.
//!
//! What an operation accepts, refuses and says follows the AWS documents and, where they are silent, recorded answers
//! of the services. An operation that is not written answers `UnknownOperationException`; nothing is ignored silently.
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

/// A snapshot that does not fit the service it is given to.
#[derive(Debug, thiserror::Error)]
#[error("snapshot does not describe the state of this service")]
pub struct RestoreError(#[from] serde_json::Error);
