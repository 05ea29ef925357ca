//! Flows over the running stack: real binaries, real endpoints, a simulated Meta.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "unexpected results fail the test")]

mod access;
mod assignment;
mod bad_input;
mod bad_webhooks;
mod binding;
mod client_limits;
mod doctor;
mod exit;
mod fields;
mod healing;
mod joining;
mod links;
mod messages;
mod moves;
mod once;
mod operations;
mod partial;
mod persistence;
mod platform;
mod platform_side;
mod reasons;
mod redelivery;
mod rotation;
mod routing;
mod second_attempts;
mod secrecy;
mod signup;
mod spoofing;
mod template;
mod template_editor;
mod timeline;
mod upkeep;
mod waiting;
mod webhook;
mod webhook_domain;
