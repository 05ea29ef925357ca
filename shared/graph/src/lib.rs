//! Meta's Graph API: endpoints as values, one client that sends them, one table that says what a failure means. Knows
//! nothing of onboardings or of the table.

pub mod call;
pub mod calls;
pub mod client;
pub mod error;
pub mod tls;
pub mod transport;
mod usage;
