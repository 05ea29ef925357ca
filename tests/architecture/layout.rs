//! Layout of the repository, length limits, and file names.

use crate::repository::{Offence, forbid, paths_below, top_level};
use crate::rust::{Source, sources};
use std::collections::BTreeSet;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

const TOP_LEVEL: [&str; 7] = ["Cargo.lock", "Cargo.toml", "README.md", "functions", "infra", "shared", "template.yaml"];
const TESTS: &str = "tests";
const CODE: [&str; 4] = ["functions", "shared", "infra", TESTS];
const FILE: usize = 300;
const FUNCTION: usize = 40;
const MAIN: usize = 40;
const DRAWERS: [&str; 9] = ["base", "common", "helper", "helpers", "manager", "misc", "util", "utils", "mod"];

#[test]
fn the_top_level_is_exactly_the_agreed_one() {
    forbid(
        disagreements(&top_level()),
        "Move it into the directory it belongs to (README.md); files of tools begin with a dot.",
    );
}

#[test]
fn files_functions_and_entry_points_are_short() {
    let found = sources(&CODE).iter().flat_map(too_long).collect();
    forbid(found, "Split it by responsibility, not by length.");
}

#[test]
fn entry_points_hold_no_tests() {
    let found = sources(&CODE).iter().filter_map(unheard).collect();
    forbid(found, "Binaries are built without their tests (`test = false`): test the library, or a module of it.");
}

#[test]
fn no_file_has_a_vague_name() {
    let paths: Vec<String> = CODE.iter().flat_map(|directory| paths_below(directory)).collect();
    let modules = sources(&CODE).into_iter().flat_map(|source| inline_modules(&source));
    let found = paths.iter().filter_map(|path| drawer(path)).chain(modules).collect();
    forbid(found, "Name its subject; the root of `module/` is `module.rs`, never mod.rs.");
}

fn disagreements(names: &BTreeSet<String>) -> Vec<Offence> {
    let agreed: BTreeSet<&str> = TOP_LEVEL.into_iter().chain([TESTS]).collect();
    let visible = names.iter().map(String::as_str).filter(|name| !name.starts_with('.')).collect();
    let missing =
        agreed.difference(&visible).map(|name| Offence::new(*name, "is missing, or not under version control"));
    missing.chain(visible.difference(&agreed).map(|name| Offence::new(*name, "is not agreed"))).collect()
}

fn unheard(source: &Source) -> Option<Offence> {
    let holds = source.path.ends_with("/src/main.rs") && !source.test_lines().is_empty();
    holds.then(|| Offence::new(&source.path, "has tests that are never run"))
}

fn too_long(source: &Source) -> Vec<Offence> {
    let first_test = source.test_lines().iter().map(|lines| *lines.start()).min();
    let length = first_test.map_or(source.lines, |line| line.saturating_sub(1));
    let mut found = Functions { path: &source.path, long: Vec::new() };
    found.visit_file(&source.file);
    if !source.is_for_tests() && length >= FILE {
        found.long.push(Offence::new(&source.path, format!("{length} lines before its tests (fewer than {FILE})")));
    }
    if source.path.ends_with("/main.rs") && length >= MAIN {
        found.long.push(Offence::new(&source.path, format!("{length} lines in an entry point (fewer than {MAIN})")));
    }
    found.long
}

struct Functions<'a> {
    path: &'a str,
    long: Vec<Offence>,
}

impl Functions<'_> {
    fn measure(&mut self, signature: &syn::Signature, body: &syn::Block) {
        let (first, last) = (signature.span().start().line, body.span().end().line);
        let length = last.saturating_sub(first) + 1;
        if length >= FUNCTION {
            let what = format!("`{}` has {length} lines (fewer than {FUNCTION})", signature.ident);
            self.long.push(Offence::new(format!("{}:{first}", self.path), what));
        }
    }
}

impl<'ast> Visit<'ast> for Functions<'_> {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.measure(&item.sig, &item.block);
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.measure(&item.sig, &item.block);
        visit::visit_impl_item_fn(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        if let Some(body) = &item.default {
            self.measure(&item.sig, body);
        }
    }
}

fn drawer(path: &str) -> Option<Offence> {
    let stem = |part: &str| part.split('.').next().unwrap_or_default().to_lowercase();
    let named = path.split('/').map(stem).find(|part| DRAWERS.contains(&part.as_str()))?;
    Some(Offence::new(path, format!("`{named}` is not a subject")))
}

fn inline_modules(source: &Source) -> Vec<Offence> {
    let declared = |name: &&&str| !source.offences(source.tokens(), &format!("mod {name} {{"), "").is_empty();
    let found = DRAWERS.iter().filter(declared);
    found.map(|name| Offence::new(&source.path, format!("module `{name}` is not a subject"))).collect()
}

mod proofs {
    use super::*;

    fn places(offences: &[Offence]) -> Vec<&str> {
        offences.iter().map(|offence| offence.place.as_str()).collect()
    }

    #[test]
    fn a_stray_and_a_missing_entry_are_found() {
        let names = TOP_LEVEL.into_iter().skip(1).chain([TESTS, "scripts", ".ci"]);
        assert_eq!(places(&disagreements(&names.map(str::to_owned).collect())), ["Cargo.lock", "scripts"]);
    }

    #[test]
    fn what_is_long_is_found() {
        let function = |lines: usize| format!("fn f() {{\n{}}}\n", "    g();\n".repeat(lines - 2));
        let long = Source::new("shared/src/a.rs", &function(40));
        assert_eq!(places(&too_long(&long)), ["shared/src/a.rs:1"]);
        assert_eq!(too_long(&Source::new("shared/src/a.rs", &function(39))), []);
        let method = format!("struct S;\nimpl S {{\n{}}}\n", function(40));
        assert_eq!(places(&too_long(&Source::new("shared/src/a.rs", &method))), ["shared/src/a.rs:3"]);
        let constants = |lines: usize| "const A: u8 = 1;\n".repeat(lines);
        assert_eq!(places(&too_long(&Source::new("shared/src/a.rs", &constants(300)))), ["shared/src/a.rs"]);
        let tested = format!("{}#[cfg(test)]\nmod tests {{\n{}}}\n", constants(299), constants(50));
        assert_eq!(too_long(&Source::new("shared/src/a.rs", &tested)), []);
        assert_eq!(
            places(&too_long(&Source::new("functions/a/src/main.rs", &constants(40)))),
            ["functions/a/src/main.rs"]
        );
    }

    #[test]
    fn a_test_that_is_never_run_is_found() {
        let tested = "fn main() {}\n#[cfg(test)]\nmod tests {\n#[test]\nfn a() {}\n}\n";
        assert!(unheard(&Source::new("functions/a/src/main.rs", tested)).is_some());
        assert!(unheard(&Source::new("functions/a/src/lib.rs", tested)).is_none());
        assert!(unheard(&Source::new("tests/flows/main.rs", tested)).is_none(), "a test of its own");
    }

    #[test]
    fn vague_names_are_found() {
        for bad in ["shared/src/utils.rs", "shared/src/graph/mod.rs", "shared/src/common/a.rs", "tests/it/helpers.rs"] {
            assert!(drawer(bad).is_some(), "{bad}");
        }
        assert!(drawer("shared/src/model.rs").is_none() && drawer("shared/src/database.rs").is_none());
        assert_eq!(inline_modules(&Source::new("shared/src/a.rs", "mod misc { }\nmod model { }")).len(), 1);
    }
}
