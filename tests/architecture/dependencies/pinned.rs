//! Everything installed beside Rust's crates is pinned by version and hash, whatever the registry.

use crate::repository::{Offence, forbid, read};
use serde_json::Value;

const NPM: &str = "tests/browser/package-lock.json";
const PYTHON: [&str; 3] = [".ci/deny.txt", ".ci/emulator.txt", ".ci/lint.txt"];

#[test]
fn every_npm_package_is_pinned_by_its_hash() {
    let lock = serde_json::from_str(&read(NPM)).unwrap();
    forbid(loose_packages(&lock), "Let `npm install` write the lock file: `.npmrc` keeps the registry's address out.");
}

#[test]
fn every_python_package_is_pinned_by_its_hashes() {
    let found = PYTHON.into_iter().flat_map(|path| loose_requirements(path, &read(path))).collect();
    forbid(found, "Regenerate the file as its header says; `.ci/run` installs with `--require-hashes`.");
}

#[test]
fn the_check_installs_nothing_by_name_alone() {
    let run = read(".ci/run");
    let named = PYTHON.into_iter().filter(|path| !run.contains(path));
    let mut found: Vec<Offence> = named.map(|path| Offence::new(path, "is not what .ci/run installs")).collect();
    if !run.contains("--require-hashes") {
        found.push(Offence::new(".ci/run", "installs without hashes"));
    }
    forbid(found, "Install from the files that name every hash.");
}

#[test]
fn the_check_asks_about_every_crate_and_writes_what_functions_are_made_of() {
    let run = read(".ci/run");
    let wanted = ["check licenses bans sources", "advisories", "--package bill-of-materials"];
    let missing = wanted.into_iter().filter(|part| !run.contains(part));
    let found = missing.map(|part| Offence::new(".ci/run", format!("does without `{part}`"))).collect();
    forbid(found, "Licences, sources, advisories and the bills of materials belong to what has to pass.");
}

fn loose_packages(lock: &Value) -> Vec<Offence> {
    let packages = lock.get("packages").and_then(Value::as_object).into_iter().flatten();
    let mut found = Vec::new();
    for (name, package) in packages.filter(|(name, _)| !name.is_empty()) {
        let hash = package.get("integrity").and_then(Value::as_str).unwrap_or_default();
        if !hash.starts_with("sha512-") {
            found.push(Offence::new(NPM, format!("{name} has no hash")));
        }
        if package.get("resolved").is_some() {
            found.push(Offence::new(NPM, format!("{name} names a registry")));
        }
    }
    found
}

/// A requirement is `name==version`, possibly for some systems only, with its hashes on the lines below.
fn loose_requirements(path: &str, text: &str) -> Vec<Offence> {
    let joined = text.replace("\\\n", " ");
    let lines = joined.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let loose = |line: &&str| line.contains("://") || !line.contains("==") || !line.contains("--hash=sha256:");
    let offence =
        |line: &str| Offence::new(path, format!("`{}` is not pinned", line.split(' ').next().unwrap_or(line)));
    lines.filter(loose).map(offence).collect()
}

mod proofs {
    use super::*;

    #[test]
    fn a_loose_package_is_found() {
        let of = |package: &str| {
            let text = format!(r#"{{"packages":{{"":{{}},"node_modules/a":{package}}}}}"#);
            loose_packages(&serde_json::from_str(&text).unwrap()).len()
        };
        assert_eq!(of(r#"{"version":"1","integrity":"sha512-x"}"#), 0);
        assert_eq!(of(r#"{"version":"1"}"#), 1);
        assert_eq!(of(r#"{"integrity":"sha512-x","resolved":"https://a/b.tgz"}"#), 1);
    }

    #[test]
    fn a_loose_requirement_is_found() {
        let of = |text: &str| loose_requirements("x.txt", text).len();
        assert_eq!(
            of(
                "# head\na==1 ; sys_platform == 'linux' \\\n    --hash=sha256:0 \\\n    --hash=sha256:1\nb==2 \\\n    --hash=sha256:0\n"
            ),
            0
        );
        for bad in
            ["a==1", "a \\\n    --hash=sha256:0", "a @ https://x/a.whl#--hash=sha256:0==", "--index-url https://x"]
        {
            assert_eq!(of(bad), 1, "{bad}");
        }
    }
}
