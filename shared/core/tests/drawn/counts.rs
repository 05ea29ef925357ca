//! Prints counts to standard output, so that they are visible even when the test passes.

use std::io::Write;

/// Prints a line.
pub(crate) fn say(line: &str) {
    std::io::stdout().write_all(format!("{line}\n").as_bytes()).unwrap();
}
