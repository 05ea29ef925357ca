//! Log lines of the functions.

use std::sync::{Mutex, PoisonError};

/// One line of a function's output.
#[derive(Debug, Clone)]
pub struct LogLine {
    /// Logical id of the function.
    pub function: String,
    /// The line.
    pub text: String,
}

/// Destination of log lines: captured for tests, or printed.
#[derive(Debug)]
pub(crate) struct Logs {
    kept: Option<Mutex<Vec<LogLine>>>,
}

impl Logs {
    pub(crate) fn new(keep: bool) -> Self {
        Self { kept: keep.then(Mutex::default) }
    }

    pub(crate) fn note(&self, function: &str, text: &str) {
        match &self.kept {
            Some(kept) => {
                let line = LogLine { function: function.to_owned(), text: text.to_owned() };
                kept.lock().unwrap_or_else(PoisonError::into_inner).push(line);
            }
            None => print(function, text),
        }
    }

    pub(crate) fn lines(&self) -> Vec<LogLine> {
        let kept = self.kept.as_ref().map(|kept| kept.lock().unwrap_or_else(PoisonError::into_inner).clone());
        kept.unwrap_or_default()
    }
}

#[expect(clippy::print_stderr, reason = "showing the functions' output is what the local stack is for")]
fn print(function: &str, text: &str) {
    eprintln!("{function}: {text}");
}
