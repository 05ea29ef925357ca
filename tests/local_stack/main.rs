//! The local stack against AWS's promises, with a function that does what it is told.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that meets the unexpected ends there")]

mod bench;
mod function;
mod http;
mod mapping;
mod refusal;
