//! Deliveries as hostile as Meta's manners allow, and worse: repeated, cut anew, out of order, mixed, large, while processes
//! die and queues refuse. What was acknowledged takes effect once, none is lost, nothing goes backwards.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that meets the unexpected ends there")]

mod facts;
mod hostile;
mod ledger;
mod meta;
