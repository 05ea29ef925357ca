//! The local stack: everything `template.yaml` describes, on one machine, without Docker and without an AWS account.
//!
//! The real function binaries run over the real Lambda Runtime API. The table, the queues and the secrets are embedded
//! services that speak the AWS wire protocols. This crate implements the HTTP API, the Function URL, the event source
//! mappings and the schedules. Functions, routes, queues and variables are defined in the template only. Anything in it
//! that is not supported here is a start error, never ignored.

mod addresses;
mod authorizer;
mod binaries;
mod client;
mod control;
mod cors;
mod endpoints;
mod error;
mod event;
mod function_url;
mod functions;
mod gateway;
mod issuer;
mod listeners;
mod mapping;
mod options;
mod persistence;
mod physical;
mod resources;
mod runtime;
mod schedule;
mod services;
mod stack;
mod template;
mod webhook_endpoint;

pub mod command_line;
pub mod demo;
pub mod doctor;

pub use binaries::{Binaries, BuildError, Profile, build_binaries, build_functions};
pub use client::{Answer, Client, ClientError};
pub use endpoints::{AwsEndpoints, Endpoints};
pub use error::StackError;
pub use options::{Meta, StackOptions};
pub use runtime::{FunctionCounts, LogLine};
pub use stack::Stack;
pub use template::TemplateError;
