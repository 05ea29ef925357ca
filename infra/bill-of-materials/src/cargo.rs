//! Data from cargo: the crates of a function, their edges, and the lock file.

use crate::{BomError, Edges};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

/// The deployment target (the other architecture resolves alike).
const PLATFORM: &str = "x86_64-unknown-linux-gnu";

/// A crate that is linked into a function.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Crate {
    pub(crate) name: String,
    pub(crate) version: String,
    /// An SPDX expression.
    pub(crate) licence: String,
    /// Whether it belongs to this workspace.
    pub(crate) ours: bool,
}

impl Crate {
    /// Its package URL, also its reference within the document.
    pub(crate) fn reference(&self) -> String {
        format!("pkg:cargo/{}@{}", self.name, self.version)
    }

    /// `name v1.2.3 (/place)|licence`, possibly with `(*)` if it was listed before.
    fn parse(line: &str) -> Option<Self> {
        let (package, licence) = line.trim_end_matches(" (*)").split_once('|')?;
        let mut words = package.split(' ');
        let (name, version) = (words.next()?, words.next()?.strip_prefix('v')?);
        let licence = Some(licence).filter(|licence| !licence.is_empty())?;
        Some(Self {
            name: name.to_owned(),
            version: version.to_owned(),
            licence: licence.to_owned(),
            ours: package.contains(" ("),
        })
    }
}

/// The crates linked into a function, with only the features it needs: no build scripts, no macros.
pub(crate) fn linked(root: &Path, function: &str) -> Result<Vec<Crate>, BomError> {
    let edges = ["tree", "--edges", "normal,no-proc-macro", "--prefix", "none", "--format", "{p}|{l}"];
    let listing = cargo(root, &[&edges[..], &["--target", PLATFORM, "--package", function]].concat())?;
    let read = |line: &str| Crate::parse(line).ok_or_else(|| BomError::Unreadable(format!("`{line}`")));
    let linked: BTreeSet<Crate> =
        listing.lines().filter(|line| !line.is_empty()).map(read).collect::<Result<_, _>>()?;
    Ok(linked.into_iter().collect())
}

/// The resolved dependencies of each package.
pub(crate) fn edges(root: &Path) -> Result<Edges, BomError> {
    let text = cargo(root, &["metadata", "--format-version", "1", "--filter-platform", PLATFORM])?;
    let unreadable = || BomError::Unreadable("cargo's metadata".to_owned());
    let metadata: Value = serde_json::from_str(&text).map_err(|_| unreadable())?;
    let list = |value: &Value, key: &str| value.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let packages = list(&metadata, "packages");
    let names: BTreeMap<String, (String, String)> =
        packages.iter().map(|it| (text(it, "id"), (text(it, "name"), text(it, "version")))).collect();
    let nodes = metadata.get("resolve").map(|resolve| list(resolve, "nodes")).ok_or_else(unreadable)?;
    let targets = |node: &Value| {
        let found = list(node, "deps");
        found.iter().filter_map(|it| names.get(&text(it, "pkg")).cloned()).collect::<Vec<_>>()
    };
    Ok(nodes.iter().filter_map(|node| Some((names.get(&text(node, "id"))?.clone(), targets(node)))).collect())
}

fn cargo(root: &Path, arguments: &[&str]) -> Result<String, BomError> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo).args(arguments).args(["--locked", "--offline"]).current_dir(root).output()?;
    let message = || String::from_utf8_lossy(&output.stderr).into_owned();
    if !output.status.success() {
        return Err(BomError::Cargo { command: arguments.join(" "), message: message() });
    }
    String::from_utf8(output.stdout).map_err(|_| BomError::Unreadable("cargo's output".to_owned()))
}

/// Checksums by name and version.
pub(crate) struct Lock(BTreeMap<(String, String), String>);

impl Lock {
    /// Parses `Cargo.lock`, which cargo writes in one format only.
    pub(crate) fn parse(text: &str) -> Self {
        let value = |block: &str, key: &str| {
            let line = block.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = \""))?;
            line.strip_suffix('"').map(str::to_owned)
        };
        let packages = text
            .split("[[package]]")
            .skip(1)
            .filter_map(|block| Some(((value(block, "name")?, value(block, "version")?), value(block, "checksum")?)));
        Self(packages.collect())
    }

    pub(crate) fn checksum(&self, name: &str, version: &str) -> Option<&str> {
        self.0.get(&(name.to_owned(), version.to_owned())).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_tree_is_a_crate() {
        let ring = Crate::parse("ring v0.17.14|Apache-2.0 AND ISC (*)").unwrap();
        assert_eq!(
            (ring.reference(), ring.licence.as_str(), ring.ours),
            ("pkg:cargo/ring@0.17.14".into(), "Apache-2.0 AND ISC", false)
        );
        assert!(Crate::parse("shared v0.1.0 (/somewhere/shared)|MIT").unwrap().ours);
        assert_eq!(
            (Crate::parse("ring v0.17.14|"), Crate::parse("")),
            (None, None),
            "a crate without a licence is not reported"
        );
    }

    #[test]
    fn checksums_are_found_by_name_and_version() {
        let lock = Lock::parse(
            "version = 4\n\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nchecksum = \"0f\"\n\n[[package]]\nname = \"b\"\nversion = \"1.0.0\"\n",
        );
        assert_eq!(
            (lock.checksum("a", "1.0.0"), lock.checksum("a", "2.0.0"), lock.checksum("b", "1.0.0")),
            (Some("0f"), None, None)
        );
    }
}
