//! Location and contents of the repository, and how violations are reported.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A violation of a rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Offence {
    /// `file`, or `file:line`.
    pub(crate) place: String,
    pub(crate) what: String,
}

impl Offence {
    pub(crate) fn new(place: impl Into<String>, what: impl Into<String>) -> Self {
        Self { place: place.into(), what: what.into() }
    }
}

impl fmt::Display for Offence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}

/// Fails with every offender and the remedy.
#[track_caller]
pub(crate) fn forbid(mut offences: Vec<Offence>, what_to_do: &str) {
    offences.sort();
    let list: String = offences.iter().map(|offence| format!("  {offence}\n")).collect();
    assert!(offences.is_empty(), "{} found:\n{list}{what_to_do}\n", offences.len());
}

/// The directory of `template.yaml`.
pub(crate) fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = package.ancestors().find(|directory| directory.join("template.yaml").is_file());
    root.unwrap_or_else(|| panic!("no template.yaml above {}", package.display())).to_owned()
}

/// The text of a file of the repository.
pub(crate) fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("failed to read {path}: {error}"))
}

/// Paths below `directory`, relative to the root, sorted; without build output and dotfiles.
pub(crate) fn paths_below(directory: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![directory.to_owned()];
    while let Some(inner) = open.pop() {
        let entries =
            std::fs::read_dir(root().join(&inner)).unwrap_or_else(|error| panic!("failed to list {inner}: {error}"));
        for entry in entries.map(Result::unwrap) {
            let name = entry.file_name().into_string().unwrap();
            if name.starts_with('.') || ["target", "node_modules"].contains(&name.as_str()) {
                continue;
            }
            let path = format!("{inner}/{name}");
            if entry.path().is_dir() {
                open.push(path);
            } else {
                found.push(path);
            }
        }
    }
    assert!(!found.is_empty(), "{directory} is empty: nothing would be checked");
    found.sort();
    found
}

/// Top-level names of the repository: of files under version control or, in a copy without history, of everything
/// except build output.
pub(crate) fn top_level() -> BTreeSet<String> {
    let first = |path: &str| path.split('/').next().unwrap_or_default().to_owned();
    if root().join(".git").exists() {
        let git =
            Command::new("git").args(["-c", "safe.directory=*", "ls-files"]).current_dir(root()).output().unwrap();
        assert!(git.status.success(), "git ls-files: {}", String::from_utf8_lossy(&git.stderr));
        return String::from_utf8(git.stdout).unwrap().lines().map(first).collect();
    }
    let entries = std::fs::read_dir(root()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    entries.filter(|name| name != "target").collect()
}

mod proofs {
    use super::*;

    #[test]
    fn a_failure_names_every_offender_and_the_remedy() {
        let offences = vec![Offence::new("b.rs:2", "second"), Offence::new("a.rs:1", "first")];
        let failure = std::panic::catch_unwind(|| forbid(offences, "mend it")).unwrap_err();
        assert_eq!(failure.downcast_ref::<String>().unwrap(), "2 found:\n  a.rs:1: first\n  b.rs:2: second\nmend it\n");
    }
}
