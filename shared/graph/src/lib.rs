//! Client for Meta's Graph API: calls as values, one client that sends them, one table that classifies errors.
//! Independent of onboardings and of storage.

pub mod call;
pub mod calls;
pub mod client;
pub mod download;
pub mod error;
pub mod tls;
pub mod transport;
mod usage;
