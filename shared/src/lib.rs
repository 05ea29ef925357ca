#![doc = include_str!("../README.md")]

pub mod aws;
pub mod batch;
pub mod clock;
pub mod config;
pub mod domain;
pub mod events;
pub mod graph;
pub mod perform;
pub mod queue;
pub mod run;
pub mod secret;
pub mod secrets;
pub mod store;
pub mod telemetry;
pub mod transport;
pub mod webhook;
