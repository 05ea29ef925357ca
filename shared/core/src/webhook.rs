//! Meta's webhooks: from bytes to verified, routed changes. Pure: independent of storage.

pub mod change;
pub mod cloud_event;
pub mod envelope;
pub mod handshake;
pub mod interpret;
mod members;
pub mod signature;
pub mod vocabulary;
pub mod writers;
