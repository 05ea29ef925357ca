//! The fuzz targets on every build: the kept corpus, and what a deterministic mutation makes of it. `cargo fuzz` looks longer
//! (tests/README.md).

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used, reason = "a test")]

mod mutations;
#[path = "../fuzz/targets.rs"]
mod targets;
