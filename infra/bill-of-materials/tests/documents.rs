//! Compares the documents with what cargo links and locks, read in another way.

#![expect(clippy::unwrap_used, reason = "unexpected results fail the test")]

use bill_of_materials::boms;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// `name version` of everything linked into a function, as cargo prints it for people.
fn tree(function: &str) -> BTreeSet<String> {
    let arguments = ["tree", "-p", function, "-e", "normal,no-proc-macro", "--locked", "--offline"];
    let target = ["--prefix", "none", "--target", "x86_64-unknown-linux-gnu"];
    let output = Command::new(env!("CARGO")).args(arguments).args(target).current_dir(ROOT).output().unwrap();
    let named = |line: &str| line.split(' ').take(2).collect::<Vec<_>>().join(" ").replace(" v", " ");
    String::from_utf8(output.stdout).unwrap().lines().filter(|line| !line.is_empty()).map(named).collect()
}

#[test]
fn every_crate_of_every_function_is_named_with_version_licence_and_checksum() {
    let boms = boms(Path::new(ROOT)).unwrap();
    let lock = std::fs::read_to_string(Path::new(ROOT).join("Cargo.lock")).unwrap();
    assert_eq!(boms.len(), std::fs::read_dir(Path::new(ROOT).join("functions")).unwrap().count());
    for (function, bom) in &boms {
        let own = &bom["metadata"]["component"];
        let all: Vec<&Value> = bom["components"].as_array().unwrap().iter().chain([own]).collect();
        let named = all.iter().map(|it| format!("{} {}", text(&it["name"]), text(&it["version"]))).collect();
        assert_eq!(tree(function), named, "{function}");
        for it in all {
            assert!(it["licenses"][0]["expression"].as_str().is_some_and(|licence| !licence.is_empty()), "{it}");
            let ours = ["graph-client", "onboarding-core", "shared", function.as_str()]
                .contains(&it["name"].as_str().unwrap());
            let head = format!("\nname = {}\nversion = {}\n", it["name"], it["version"]);
            let entry = lock.split("[[package]]").find(|entry| entry.starts_with(&head)).unwrap();
            let checksum = it["hashes"][0]["content"].as_str();
            assert_eq!(checksum.is_none(), ours, "{it}");
            assert!(checksum.is_none_or(|checksum| entry.contains(&format!("checksum = \"{checksum}\""))), "{it}");
        }
    }
}
