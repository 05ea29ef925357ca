//! Forbidden constructs, and the lints every package inherits.

use crate::repository::{Offence, forbid, paths_below, read};
use crate::rust::{Source, sources};

const EVERYWHERE: [&str; 4] = ["# [ allow", "# ! [ allow", "# [ ignore", "unsafe"];
const SHIPPED: [&str; 7] = ["todo !", "unimplemented !", "print !", "println !", "eprint !", "eprintln !", "dbg !"];

#[test]
fn no_code_allows_ignores_or_is_unsafe() {
    let found = sources(&["functions", "shared", "infra", "tests"]).iter().flat_map(excuses).collect();
    forbid(found, "Fix the cause; for a false positive use `#[expect(…, reason = \"…\")]`.");
}

#[test]
fn no_code_that_ships_prints_or_is_unfinished() {
    let found = sources(&["functions", "shared"]).iter().flat_map(prints).collect();
    forbid(found, "Log a `tracing` event with fields, or finish it.");
}

#[test]
fn every_package_inherits_the_lints() {
    let manifests = ["functions", "shared", "infra", "tests"].iter().flat_map(|directory| paths_below(directory));
    let manifests = manifests.filter(|path| path.ends_with("/Cargo.toml"));
    let found = manifests.filter_map(|path| without_lints(&path, &read(&path))).collect();
    forbid(found, "Add `[lints]` with `workspace = true`.");
}

fn excuses(source: &Source) -> Vec<Offence> {
    let offences = |word: &&str| source.offences(source.tokens(), word, &format!("says `{}`", word.replace(' ', "")));
    EVERYWHERE.iter().flat_map(offences).collect()
}

fn prints(source: &Source) -> Vec<Offence> {
    let tokens = source.shipped();
    let offences = |word: &&str| source.offences(&tokens, word, &format!("says `{}`", word.replace(' ', "")));
    SHIPPED.iter().flat_map(offences).collect()
}

fn without_lints(path: &str, manifest: &str) -> Option<Offence> {
    let mut lines = manifest.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let inherits = lines.any(|line| line == "[lints]") && lines.next() == Some("workspace = true");
    // A separate workspace has nothing to inherit from.
    let alone = manifest.lines().any(|line| line == "[workspace]") && path != "Cargo.toml";
    (!inherits && !alone).then(|| Offence::new(path, "does not inherit the workspace's lints"))
}

mod proofs {
    use super::*;

    #[test]
    fn excuses_are_found() {
        for code in
            ["#[allow(dead_code)]\nfn f() {}", "#![allow(unused)]", "#[ignore]\nfn f() {}", "fn f() { unsafe { g() } }"]
        {
            assert_eq!(excuses(&Source::new("tests/it/flows.rs", code)).len(), 1, "{code}");
        }
        let fine = "//! unsafe\n#[expect(dead_code, reason = \"#[allow] unsafe\")]\nfn f() {}";
        assert_eq!(excuses(&Source::new("tests/it/flows.rs", fine)), []);
    }

    #[test]
    fn printing_is_found() {
        for code in
            ["fn f() { println!(\"x\") }", "fn f() { dbg!(x); }", "fn f() { todo!() }", "fn f() { eprintln!() }"]
        {
            assert_eq!(prints(&Source::new("shared/src/run.rs", code)).len(), 1, "{code}");
        }
    }

    #[test]
    fn a_package_with_its_own_lints_is_found() {
        assert!(without_lints("a", "[package]\nname = \"a\"\n").is_some());
        assert!(without_lints("a", "[lints]\nrust.unsafe_code = \"warn\"\n").is_some());
        assert!(without_lints("a", "[package]\n\n[lints]\nworkspace = true\n").is_none());
    }
}
