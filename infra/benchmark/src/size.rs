//! Binary sizes and their budgets.

use crate::binaries::{Built, ROOT};
use crate::report;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::io;
use std::path::Path;

/// Why the size check failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SizeError {
    /// A file cannot be read.
    #[error("failed to read sizes: {0}")]
    Io(#[from] io::Error),
    /// A malformed line in the budgets file.
    #[error("infra/size-budgets.txt: `{0}` is not `<function> <bytes>`")]
    Line(String),
    /// A binary exceeds its budget, or binary or budget is missing.
    #[error("{0}")]
    Over(String),
}

fn sizes(built: &Built) -> io::Result<BTreeMap<&str, u64>> {
    built.all().map(|(name, path)| Ok((name, std::fs::metadata(path)?.len()))).collect()
}

/// All sizes, and each as a multiple of the baseline's.
pub(crate) fn table(built: &Built) -> io::Result<String> {
    let sizes = sizes(built)?;
    let baseline = sizes.get("hello").copied().unwrap_or(1);
    let mut text = String::from("Binary size\n  binary                       bytes  x hello\n");
    for (name, size) in &sizes {
        #[expect(clippy::cast_precision_loss, reason = "a ratio with two digits")]
        let ratio = *size as f64 / baseline as f64;
        writeln!(text, "  {name:<20} {size:>13}  {ratio:>6.2}").map_err(io::Error::other)?;
    }
    Ok(text)
}

fn budgets() -> Result<BTreeMap<String, u64>, SizeError> {
    let text = std::fs::read_to_string(Path::new(ROOT).join("infra/size-budgets.txt"))?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let read = |line: &str| {
        let (name, bytes) = line.split_once(' ')?;
        Some((name.to_owned(), bytes.trim().parse().ok()?))
    };
    lines.map(|line| read(line).ok_or_else(|| SizeError::Line(line.to_owned()))).collect()
}

/// Compares every function with its budget.
pub(crate) fn check(built: &Built) -> Result<(), SizeError> {
    let (mut sizes, mut budgets) = (sizes(built)?, budgets()?);
    sizes.remove("hello");
    let mut wrong = Vec::new();
    for (name, size) in sizes {
        match budgets.remove(name) {
            None => wrong.push(format!("{name} has no budget")),
            Some(budget) if size > budget => wrong.push(format!("{name} has {size} bytes, {budget} are budgeted")),
            Some(budget) => report::print(&format!("{name}: {size} of {budget} bytes")),
        }
    }
    wrong.extend(budgets.into_keys().map(|name| format!("{name} has a budget but is not built")));
    if wrong.is_empty() { Ok(()) } else { Err(SizeError::Over(wrong.join("\n"))) }
}
