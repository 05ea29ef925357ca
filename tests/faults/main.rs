//! Fault injection: every call of every function, every kind of fault, one at a time and in pairs.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "unexpected results fail the test")]

mod customer;
mod journey;
mod matrix;
mod migration;
mod pairs;
mod sending;
mod spoiled;
