//! Flows over the running stack: real binaries, real doors, a simulated Meta.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that meets the unexpected ends there")]

mod bad_input;
mod bad_webhooks;
mod binding;
mod desk;
mod exit;
mod fields;
mod healing;
mod joining;
mod links;
mod messages;
mod moves;
mod persistence;
mod platform;
mod platform_side;
mod redelivery;
mod routing;
mod second_attempts;
mod secrecy;
mod signup;
mod spoofing;
mod template;
mod upkeep;
mod waiting;
mod webhook;
