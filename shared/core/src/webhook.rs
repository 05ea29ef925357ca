//! Meta's webhooks: from bytes to verified, routed changes. Pure: nothing here knows where they are stored.

pub mod change;
pub mod cloud_event;
pub mod envelope;
pub mod handshake;
pub mod interpret;
pub mod signature;
pub mod writers;
