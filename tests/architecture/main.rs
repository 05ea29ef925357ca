//! The rules of this repository as tests: how the code is laid out, what it may name, what it may depend on, and what
//! the template guarantees. Every failure lists each offender and says what to do.
//!
//! Each check is a function over values, so that a test next to each rule proves that the rule can fail.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a rule that cannot be checked has failed")]

mod adding;
mod boundaries;
mod dependencies;
mod hygiene;
mod layout;
mod logging;
mod readme;
mod repository;
mod rust;
mod secrecy;
mod template;
