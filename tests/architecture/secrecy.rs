//! Secrets cannot be shown: neither by their own type nor by types that hold them.

use crate::repository::{Offence, forbid, read};
use crate::rust::{Source, sources};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

const SECRET: &str = "shared/core/src/secret.rs";
const SECRET_DERIVES: [&str; 1] = ["Clone"];
const SECRET_TRAITS: [&str; 2] = ["Debug", "Drop"];
/// Field names under which plain text would be an unprotected secret.
const SECRET_NAMES: [&str; 9] = [
    "token",
    "access_token",
    "bearer",
    "app_secret",
    "system_token",
    "business_token",
    "verify_token",
    "pin",
    "password",
];
const TEXT: [&str; 5] = ["String", "str", "Bytes", "Vec", "Value"];
/// Fields that hold a whole request or response, including any secret in it.
const WHOLE: [&str; 2] = ["body", "json"];

#[test]
fn the_secret_type_cannot_show_itself() {
    let found = talkative(&Source::new(SECRET, &read(SECRET)));
    forbid(found, "Clone, drop and expose a secret explicitly; write `Debug` by hand, to print its kind only.");
}

#[test]
fn what_holds_a_secret_can_be_neither_stored_nor_printed() {
    let found = sources(&["functions", "shared"]).iter().flat_map(holders).collect();
    forbid(
        found,
        "Hold a `Secret`; do not derive `Serialize` on its holder, nor `Debug` on the holder of a body (write it by hand).",
    );
}

fn talkative(source: &Source) -> Vec<Offence> {
    let mut found = Vec::new();
    for item in &source.file.items {
        let mut report = |what: String| {
            found.push(Offence::new(format!("{}:{}", source.path, item.span().start().line), what));
        };
        match item {
            syn::Item::Struct(item) => {
                let extra = derives(&item.attrs).into_iter().filter(|name| !SECRET_DERIVES.contains(&name.as_str()));
                extra.for_each(|name| report(format!("`{}` derives {name}", item.ident)));
            }
            syn::Item::Impl(item) => {
                let name = item
                    .trait_
                    .as_ref()
                    .and_then(|(_, path, _)| path.segments.last())
                    .map(|last| last.ident.to_string());
                name.filter(|name| !SECRET_TRAITS.contains(&name.as_str()))
                    .into_iter()
                    .for_each(|name| report(format!("implements {name}")));
            }
            _ => {}
        }
    }
    found
}

fn derives(attributes: &[syn::Attribute]) -> Vec<String> {
    let mut names = Vec::new();
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("derive")) {
        let collected = attribute.parse_nested_meta(|meta| {
            names.extend(meta.path.segments.last().map(|segment| segment.ident.to_string()));
            Ok(())
        });
        collected.unwrap();
    }
    names
}

fn holders(source: &Source) -> Vec<Offence> {
    let mut found = Holders { path: &source.path, found: Vec::new() };
    if !source.is_for_tests() {
        found.visit_file(&source.file);
    }
    found.found
}

struct Holders<'a> {
    path: &'a str,
    found: Vec<Offence>,
}

impl Holders<'_> {
    fn check(&mut self, derives: &[String], name: &syn::Ident, fields: &syn::Fields) {
        for field in fields {
            let field_name = field.ident.as_ref().map(ToString::to_string).unwrap_or_default();
            let words = words_of(&field.ty);
            let derived = |name: &str| derives.iter().any(|derived| derived == name);
            let holds = |what: &str| words.iter().any(|word| word == what);
            let mut report = |what: String| {
                self.found.push(Offence::new(format!("{}:{}", self.path, field.span().start().line), what));
            };
            if holds("Secret") && derived("Serialize") {
                report(format!("`{name}` holds a secret and derives Serialize"));
            }
            if WHOLE.contains(&field_name.as_str()) && derived("Debug") {
                report(format!("`{name}` holds `{field_name}` whole and derives Debug"));
            }
            if SECRET_NAMES.contains(&field_name.as_str()) && TEXT.iter().any(|text| holds(text)) {
                report(format!("`{name}.{field_name}` is plain text"));
            }
        }
    }
}

impl<'ast> Visit<'ast> for Holders<'_> {
    fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
        self.check(&derives(&item.attrs), &item.ident, &item.fields);
        visit::visit_item_struct(self, item);
    }

    fn visit_item_enum(&mut self, item: &'ast syn::ItemEnum) {
        for variant in &item.variants {
            self.check(&derives(&item.attrs), &item.ident, &variant.fields);
        }
    }
}

/// The names a type consists of.
fn words_of(held: &syn::Type) -> Vec<String> {
    struct Names(Vec<String>);
    impl<'ast> Visit<'ast> for Names {
        fn visit_path_segment(&mut self, segment: &'ast syn::PathSegment) {
            self.0.push(segment.ident.to_string());
            visit::visit_path_segment(self, segment);
        }
    }
    let mut names = Names(Vec::new());
    names.visit_type(held);
    names.0
}

mod proofs {
    use super::*;

    fn shared(code: &str) -> Source {
        Source::new("shared/src/run.rs", code)
    }

    #[test]
    fn a_secret_that_shows_itself_is_found() {
        for code in [
            "#[derive(Clone, Debug)]\nstruct Secret(String);",
            "#[derive(serde::Serialize)]\nstruct Secret(String);",
            "impl fmt::Display for Secret {}",
            "impl std::ops::Deref for Secret {}",
        ] {
            assert_eq!(talkative(&shared(code)).len(), 1, "{code}");
        }
        assert_eq!(talkative(&shared("#[derive(Clone)]\nstruct Secret(String);\nimpl fmt::Debug for Secret {}")), []);
    }

    #[test]
    fn a_type_that_reveals_its_secret_is_found() {
        for code in [
            "#[derive(Serialize)]\nstruct Stored { key: Option<Secret> }",
            "#[derive(Debug)]\nstruct Outgoing { json: Option<Value> }",
            "struct Reply { access_token: String }",
            "enum Auth<'a> { Bearer { token: &'a str } }",
        ] {
            assert_eq!(holders(&shared(code)).len(), 1, "{code}");
        }
        assert_eq!(
            holders(&shared(
                "struct Outgoing { token: Secret, json: Value }\n#[derive(Serialize)]\nstruct Reply { id: String }"
            )),
            []
        );
    }
}
