//! Guarantees of `template.yaml`.

mod configuration;
mod functions;
mod parameters;
mod permissions;
mod queues;
mod records;
mod routes;
mod tree;

use crate::repository::{Offence, read};
use serde_norway::Value;
use tree::at;

const FILE: &str = "template.yaml";

/// The template, with the tags of its intrinsic functions.
struct Template {
    text: String,
    tree: Value,
}

/// A resource and its logical id.
#[derive(Clone, Copy)]
struct Resource<'a> {
    id: &'a str,
    whole: &'a Value,
}

impl<'a> Resource<'a> {
    fn property(&self, path: &[&str]) -> Option<&'a Value> {
        at(at(self.whole, &["Properties"])?, path)
    }

    fn whole(&self, path: &[&str]) -> Option<&'a Value> {
        at(self.whole, path)
    }

    fn number(&self, path: &[&str]) -> Option<u64> {
        self.property(path)?.as_u64()
    }

    fn text(&self, path: &[&str]) -> Option<&'a str> {
        self.property(path)?.as_str()
    }

    /// A function's events of a type: name and properties.
    fn events(&self, kind: &'static str) -> impl Iterator<Item = (&'a str, &'a Value)> {
        let events = tree::entries(self.property(&["Events"]));
        let of_kind = events.filter(move |(_, event)| at(event, &["Type"]).and_then(Value::as_str) == Some(kind));
        of_kind.filter_map(|(name, event)| Some((name, at(event, &["Properties"])?)))
    }
}

impl Template {
    fn of_repository() -> Self {
        let template = Self::parse(&read(FILE));
        assert!(template.functions().next().is_some(), "{FILE} has no functions: nothing would be checked");
        template
    }

    fn parse(text: &str) -> Self {
        let tree = serde_norway::from_str(text).unwrap_or_else(|error| panic!("{FILE}: {error}"));
        Self { text: text.to_owned(), tree }
    }

    fn section(&self, name: &str) -> Option<&Value> {
        at(&self.tree, &[name])
    }

    fn all<'a>(&'a self) -> impl Iterator<Item = Resource<'a>> {
        tree::entries(self.section("Resources")).map(|(id, whole)| Resource { id, whole })
    }

    fn of_type<'a>(&'a self, kind: &'static str) -> impl Iterator<Item = Resource<'a>> {
        self.all().filter(move |resource| resource.whole(&["Type"]).and_then(Value::as_str) == Some(kind))
    }

    fn functions<'a>(&'a self) -> impl Iterator<Item = Resource<'a>> {
        self.of_type("AWS::Serverless::Function")
    }

    fn resource<'a>(&'a self, kind: &'static str, id: &str) -> Option<Resource<'a>> {
        self.of_type(kind).find(|resource| resource.id == id)
    }

    /// Defaults of every function.
    fn global(&self, path: &[&str]) -> Option<&Value> {
        at(at(self.section("Globals")?, &["Function"])?, path)
    }

    /// Reports `what` about the block named `id`.
    fn offence(&self, id: &str, what: impl AsRef<str>) -> Offence {
        let heads = |line: &str| {
            line.strip_prefix("  ").and_then(|line| line.strip_prefix(id)).is_some_and(|rest| rest.starts_with(':'))
        };
        let line = self.text.lines().position(heads).map_or(1, |at| at + 1);
        Offence::new(format!("{FILE}:{line}"), format!("{id} {}", what.as_ref()))
    }
}

/// The logical id of a crate directory's function: `code-exchange` is `CodeExchangeFunction`.
fn logical_id(directory: &str) -> String {
    let capital =
        |word: &str| word.chars().take(1).flat_map(char::to_uppercase).chain(word.chars().skip(1)).collect::<String>();
    directory.split('-').map(capital).chain(["Function".to_owned()]).collect()
}

mod proofs {
    use super::*;

    #[test]
    fn an_offence_names_the_line_of_its_block() {
        let template = Template::parse("Resources:\n  AB: { Type: X }\n  A:\n    Type: X\n");
        assert_eq!(template.offence("A", "is bad"), Offence::new("template.yaml:3", "A is bad"));
    }

    #[test]
    fn a_function_is_named_after_its_directory() {
        assert_eq!(logical_id("code-exchange"), "CodeExchangeFunction");
    }
}
