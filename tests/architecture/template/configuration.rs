//! Variables: each one the code reads is set, and none is set that is not read.

use super::tree::entries;
use super::{Resource, Template};
use crate::repository::{Offence, forbid};
use crate::rust::{Source, Token, sources};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use syn::spanned::Spanned;

/// Set by Lambda itself.
const LAMBDA: &str = "AWS_";

/// A reader of variables, for example `GraphConfig::from_lookup`, and what it reads.
type Readers = BTreeMap<String, Reads>;

/// Names of variables, and of nested readers.
#[derive(Default)]
struct Reads {
    variables: BTreeSet<String>,
    readers: BTreeSet<String>,
}

#[test]
fn every_variable_that_is_read_is_set_and_the_reverse() {
    let readers = readers(&sources(&["shared"]));
    let template = Template::of_repository();
    let found = template.functions().flat_map(|function| {
        let directory = function.text(&["CodeUri"]).unwrap_or_else(|| panic!("{} has no CodeUri", function.id));
        let read = variables(&sources(&[directory]), &readers);
        mismatches(&template, &function, &read)
    });
    forbid(
        found.collect(),
        "Set what the code reads, and remove what is not read (from the function or from Globals).",
    );
}

fn mismatches(template: &Template, function: &Resource<'_>, read: &BTreeSet<String>) -> Vec<Offence> {
    let own = entries(function.property(&["Environment", "Variables"]));
    let set: BTreeSet<String> =
        own.chain(entries(template.global(&["Environment", "Variables"]))).map(|(name, _)| name.to_owned()).collect();
    let unset =
        read.difference(&set).map(|name| template.offence(function.id, format!("reads {name}, which is not set")));
    let unread = set
        .difference(read)
        .map(|name| template.offence(function.id, format!("is given {name}, which it does not read")));
    unset.chain(unread).collect()
}

/// The variables that a crate reads, directly and through the readers it calls.
fn variables(sources: &[Source], readers: &Readers) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut open: Vec<Reads> = sources.iter().map(|source| reads(&source.shipped())).collect();
    let mut seen = BTreeSet::new();
    while let Some(reads) = open.pop() {
        found.extend(reads.variables);
        for name in reads.readers {
            if let Some(inner) = readers.get(&name).filter(|_| seen.insert(name)) {
                open.push(Reads { variables: inner.variables.clone(), readers: inner.readers.clone() });
            }
        }
    }
    found.retain(|name| !name.starts_with(LAMBDA));
    found
}

/// Every function of `shared` by its name: `Type::from_lookup`, `telemetry::init`.
fn readers(sources: &[Source]) -> Readers {
    let mut found = Readers::new();
    for source in sources {
        let tokens = source.shipped();
        for (name, lines) in functions(source) {
            let within: Vec<Token> = tokens.iter().filter(|token| lines.contains(&token.line)).cloned().collect();
            found.insert(name, reads(&within));
        }
    }
    found
}

/// Names and lines of a file's functions: free ones by their module, methods by their type.
fn functions(source: &Source) -> Vec<(String, RangeInclusive<usize>)> {
    let module = source.path.rsplit('/').next().and_then(|name| name.strip_suffix(".rs")).unwrap_or_default();
    let lines = |item: &dyn Spanned| item.span().start().line..=item.span().end().line;
    let mut found = Vec::new();
    for item in &source.file.items {
        match item {
            syn::Item::Fn(item) => found.push((format!("{module}::{}", item.sig.ident), lines(item))),
            syn::Item::Impl(block) => {
                let owner = type_name(&block.self_ty);
                let methods = block.items.iter().filter_map(|item| match item {
                    syn::ImplItem::Fn(method) => Some((format!("{owner}::{}", method.sig.ident), lines(method))),
                    _ => None,
                });
                found.extend(methods);
            }
            _ => {}
        }
    }
    found
}

fn type_name(of: &syn::Type) -> String {
    match of {
        syn::Type::Path(of) => of.path.segments.last().map(|last| last.ident.to_string()).unwrap_or_default(),
        _ => String::new(),
    }
}

/// What takes a variable's name as its first argument, or right after `lookup`.
const TAKE_A_NAME: [&str; 8] =
    ["lookup", "environment", "queue", "platform_secret", "required", "parsed", "optional", "optional_or"];

/// `lookup("NAME")`, `(lookup, "NAME", …)`, `environment("NAME")`, `wiring.queue("NAME")`; and what reads further ones:
/// `Type::from_lookup(`, `telemetry::init(`, `wiring.store(`, and `self.store(` within `Wiring`.
fn reads(tokens: &[Token]) -> Reads {
    let mut found = Reads::default();
    for window in tokens.windows(4) {
        let [first, second, third, fourth] =
            [0, 1, 2, 3].map(|at| window.get(at).map_or("", |token| token.text.as_str()));
        let asked = (TAKE_A_NAME.contains(&first) && second == "(") || [first, second] == ["lookup", ","];
        if let Some(name) = third.strip_prefix('"').and_then(|name| name.strip_suffix('"')).filter(|_| asked) {
            found.variables.insert(name.to_owned());
        }
        let reader =
            second == "::" && fourth == "(" && (third == "from_lookup" || [first, third] == ["telemetry", "init"]);
        if reader {
            found.readers.insert(format!("{first}::{third}"));
        }
        if ["wiring", "self"].contains(&first) && second == "." && fourth == "(" {
            found.readers.insert(format!("Wiring::{third}"));
        }
    }
    found
}

mod proofs {
    use super::*;

    const SHARED: &str = "
impl GraphConfig { fn from_lookup(lookup: &Lookup) { problems.parsed(lookup, \"GRAPH_API_BASE\", parse); } }
impl Worker { fn from_lookup(lookup: &Lookup) { GraphConfig::from_lookup(lookup); lookup(\"AWS_REGION\"); } }
";
    const FUNCTION: &str = "
fn app(lookup: &Lookup) { Worker::from_lookup(lookup); problems.required(lookup, \"TABLE_NAME\"); lookup(\"ROLE\"); }
fn main() { telemetry::init(); }
#[cfg(test)]
mod tests { fn t() { problems.required(lookup, \"ABSENT\"); } }
";

    fn read() -> BTreeSet<String> {
        let telemetry = Source::new("shared/src/telemetry.rs", "pub fn init() { environment(\"LOG_LEVEL\"); }");
        let readers = readers(&[Source::new("shared/src/graph.rs", SHARED), telemetry]);
        variables(&[Source::new("functions/a/src/lib.rs", FUNCTION)], &readers)
    }

    #[test]
    fn variables_are_found_through_every_reader() {
        assert_eq!(read().iter().collect::<Vec<_>>(), ["GRAPH_API_BASE", "LOG_LEVEL", "ROLE", "TABLE_NAME"]);
    }

    #[test]
    fn a_variable_unset_or_unread_is_found() {
        let check = |variables: &str| {
            let text = format!(
                "Globals: {{ Function: {{ Environment: {{ Variables: {{ LOG_LEVEL: info }} }} }} }}\n\
                 Resources: {{ A: {{ Type: AWS::Serverless::Function, Properties: {{ Environment: {{ Variables: {{ {variables} }} }} }} }} }}"
            );
            let template = Template::parse(&text);
            template.functions().flat_map(|function| mismatches(&template, &function, &read())).collect::<Vec<_>>()
        };
        assert_eq!(check("GRAPH_API_BASE: x, ROLE: x, TABLE_NAME: x"), []);
        assert_eq!(check("GRAPH_API_BASE: x, TABLE_NAME: x").len(), 1);
        assert_eq!(check("GRAPH_API_BASE: x, ROLE: x, TABLE_NAME: x, OLD: x").len(), 1);
    }
}
