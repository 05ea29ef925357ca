//! Counts are part of the result: printed where everybody sees them, whether or not the test passes.

use std::io::Write;

/// Prints a line.
pub(crate) fn say(line: &str) {
    std::io::stdout().write_all(format!("{line}\n").as_bytes()).unwrap();
}
