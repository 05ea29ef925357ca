#![doc = include_str!("../README.md")]

pub use graph_client::{tls, transport};
pub use onboarding_core::{domain, secret, webhook};

pub mod aws;
pub mod batch;
pub mod client_limit;
pub mod clock;
pub mod config;
pub mod deadline;
pub mod events;
pub mod gateway;
pub mod graph;
pub mod http;
pub mod perform;
pub mod publishing;
pub mod queue;
pub mod run;
pub mod secrets;
pub mod store;
pub mod telemetry;
pub mod wiring;
