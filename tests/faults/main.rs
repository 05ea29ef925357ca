//! Every call of every function, spoiled in every way, one at a time and in pairs: what is promised holds all the same.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that meets the unexpected ends there")]

mod customer;
mod journey;
mod matrix;
mod migration;
mod pairs;
mod sending;
mod spoiled;
