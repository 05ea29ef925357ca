//! The fuzz targets on every build: the saved corpus and deterministic mutations of it. `cargo fuzz` runs longer
//! (tests/README.md).

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used, reason = "a test")]

mod mutations;
#[path = "../fuzz/targets.rs"]
mod targets;
