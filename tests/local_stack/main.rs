//! The local stack compared with documented AWS behaviour, using a scriptable function.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "unexpected results fail the test")]

mod bench;
mod function;
mod http;
mod mapping;
mod refusal;
