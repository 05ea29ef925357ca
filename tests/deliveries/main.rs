//! Hostile deliveries: repeated, regrouped, out of order, mixed and large, while processes crash and queues refuse.
//! Everything acknowledged takes effect once, nothing is lost, nothing goes backwards.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "unexpected results fail the test")]

mod facts;
mod hostile;
mod ledger;
mod meta;
