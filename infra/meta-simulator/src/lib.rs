//! A simulated Meta: the Graph API this project calls, the popup a customer clicks through, and signed webhooks.
//!
//! Its responses follow Meta's documentation and, where that is silent, observed behaviour. Every exchange is checked
//! against Meta's own OpenAPI document where that covers the path ([`openapi`]). Tests and people script it through
//! `/_sim/`.

mod clock;
mod control;
mod faults;
mod graph;
mod http;
mod journal;
mod meta;
mod options;
mod popup;
mod refusal;
mod signup;
mod simulator;
mod webhooks;
mod world;

pub mod connection;
pub mod openapi;

pub use options::Options;
pub use simulator::{Simulator, StartError};
