//! The dependency graph, as cargo resolves it.

use crate::repository::{paths_below, root};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// The deployment target (the other architecture resolves alike).
const PLATFORM: &str = "x86_64-unknown-linux-gnu";

pub(super) struct Package {
    pub(super) name: String,
    /// Directory below the root with a final `/`, for packages of this workspace.
    pub(super) directory: Option<String>,
    /// Ids of its dependencies of any kind.
    pub(super) dependencies: Vec<String>,
    /// Ids of normal dependencies: without those of tests and build scripts.
    pub(super) linked: Vec<String>,
}

/// Packages by id.
pub(super) struct Graph {
    pub(super) packages: BTreeMap<String, Package>,
}

impl Graph {
    pub(super) fn of_workspace() -> Self {
        let json = cargo(&["metadata", "--format-version", "1", "--filter-platform", PLATFORM]);
        Self::parse(&serde_json::from_str(&json).unwrap())
    }

    fn parse(metadata: &Value) -> Self {
        let workspace = text(metadata, "workspace_root") + "/";
        let resolved = metadata.get("resolve").map(|resolve| list(resolve, "nodes")).unwrap_or_default();
        let mut packages = BTreeMap::new();
        for package in list(metadata, "packages") {
            let id = text(package, "id");
            // Optional crates that are not enabled, or that are for other platforms, are not part of the graph.
            let Some(node) = resolved.iter().find(|node| text(node, "id") == id) else {
                continue;
            };
            let ours = package.get("source").is_none_or(Value::is_null);
            let manifest = text(package, "manifest_path");
            let directory = manifest.strip_prefix(&workspace).and_then(|path| path.strip_suffix("Cargo.toml"));
            let package = Package {
                name: text(package, "name"),
                directory: directory.filter(|_| ours).map(str::to_owned),
                dependencies: list(node, "deps").into_iter().map(|dependency| text(dependency, "pkg")).collect(),
                linked: list(node, "deps")
                    .into_iter()
                    .filter(|dependency| is_linked(dependency))
                    .map(|dependency| text(dependency, "pkg"))
                    .collect(),
            };
            packages.insert(id, package);
        }
        Self { packages }
    }
}

fn is_linked(dependency: &Value) -> bool {
    let kinds = list(dependency, "dep_kinds");
    kinds.is_empty() || kinds.iter().any(|kind| kind.get("kind").is_none_or(Value::is_null))
}

fn list<'a>(value: &'a Value, key: &str) -> Vec<&'a Value> {
    value.get(key).and_then(Value::as_array).into_iter().flatten().collect()
}

fn text(value: &Value, key: &str) -> String {
    value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// Names and versions of the crates linked into the functions, with only the functions' own features.
pub(super) fn shipped() -> Vec<(String, String)> {
    let manifests = paths_below("functions").into_iter().filter(|path| path.ends_with("/Cargo.toml"));
    let names: Vec<String> = manifests.filter_map(|path| path.split('/').nth(1).map(str::to_owned)).collect();
    let mut arguments = vec!["tree", "--edges", "normal,no-proc-macro", "--prefix", "none", "--target", PLATFORM];
    arguments.extend(names.iter().flat_map(|name| ["--package", name]));
    let listing = cargo(&arguments);
    let crates: BTreeSet<(String, String)> = listing.lines().filter_map(linked).collect();
    assert!(crates.len() > names.len(), "cargo tree lists nothing");
    crates.into_iter().collect()
}

/// `name v1.2.3 (…)`.
fn linked(line: &str) -> Option<(String, String)> {
    let mut words = line.split(' ');
    Some((words.next()?.to_owned(), words.next()?.strip_prefix('v')?.to_owned()))
}

fn cargo(arguments: &[&str]) -> String {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(arguments).args(["--locked", "--offline"]).current_dir(root());
    let output = cargo.output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "cargo {arguments:?}: {error}\nBring Cargo.lock up to date (`cargo check`) and fetch what it names (`cargo fetch --locked`)."
    );
    String::from_utf8(output.stdout).unwrap()
}

mod proofs {
    use super::*;

    #[test]
    fn the_graph_knows_our_packages_and_their_edges() {
        let metadata = serde_json::json!({
            "workspace_root": "/r",
            "packages": [
                { "id": "a", "name": "a", "version": "1.0.0", "license": null, "source": null, "manifest_path": "/r/shared/Cargo.toml" },
                { "id": "b", "name": "b", "version": "2.0.0", "license": "MIT", "source": "registry", "manifest_path": "/c/b/Cargo.toml" },
                { "id": "c", "name": "c", "version": "3.0.0", "license": "MIT", "source": "registry", "manifest_path": "/c/c/Cargo.toml" },
            ],
            "resolve": { "nodes": [{ "id": "a", "deps": [{ "pkg": "b" }] }, { "id": "b", "deps": [] }] },
        });
        let graph = Graph::parse(&metadata);
        assert_eq!(graph.packages.keys().collect::<Vec<_>>(), ["a", "b"]);
        let ours = graph.packages.get("a").unwrap();
        assert_eq!((ours.directory.as_deref(), ours.dependencies.as_slice()), (Some("shared/"), &["b".to_owned()][..]));
    }

    #[test]
    fn a_line_of_the_tree_is_a_name_and_a_version() {
        assert_eq!(linked("ring v0.17.14 (*)"), Some(("ring".to_owned(), "0.17.14".to_owned())));
        assert_eq!(linked(""), None);
    }
}
