//! Contract of SQS and Secrets Manager, checked through the real SDK clients.
//!
//! By default the checks run against the emulators of this crate. With `CONTRACT_ENDPOINT_URL=http://127.0.0.1:PORT`
//! they run against that endpoint, assumed to be ministack, whose known deviations are listed in `endpoint.rs`.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a check that cannot continue has failed")]

mod connector;
mod endpoint;
mod secrets;
mod sqs_batches;
mod sqs_messages;
mod sqs_queues;
