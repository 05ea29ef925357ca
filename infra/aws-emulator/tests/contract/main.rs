//! What SQS and Secrets Manager must do, asked through the real SDK clients.
//!
//! By default the emulators of this crate are asked. With `CONTRACT_ENDPOINT_URL=http://127.0.0.1:PORT` the same checks
//! ask what listens there, which is taken to be ministack: its known deviations are listed in `endpoint.rs`.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a check that cannot go on has failed")]

mod connector;
mod endpoint;
mod secrets;
mod sqs_batches;
mod sqs_messages;
mod sqs_queues;
