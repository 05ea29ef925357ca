//! Prints counts of runs whether or not the test passes.

use std::io::Write;

/// Prints a line.
pub fn say(line: &str) {
    std::io::stdout().write_all(format!("{line}\n").as_bytes()).expect("standard output");
}
