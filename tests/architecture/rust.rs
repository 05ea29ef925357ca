//! Rust source as tokens with lines: comments are removed, strings are literals, and code compiled for tests only can
//! be separated.

use crate::repository::{Offence, paths_below, read};
use proc_macro2::{Delimiter, LineColumn, Spacing, TokenStream, TokenTree};
use std::ops::RangeInclusive;
use std::str::FromStr;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

/// An identifier, literal, bracket or operator; `::` is one token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) text: String,
    pub(crate) line: usize,
}

/// A source file.
pub(crate) struct Source {
    pub(crate) path: String,
    pub(crate) lines: usize,
    pub(crate) file: syn::File,
    tokens: Vec<Token>,
}

impl Source {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        let parsed = TokenStream::from_str(text).map_err(syn::Error::from);
        let parsed = parsed.and_then(|stream| Ok((syn::parse2(stream.clone())?, stream)));
        let (file, stream) = parsed.unwrap_or_else(|error| panic!("{path}:{}: {error}", error.span().start().line));
        let mut tokens = Vec::new();
        flatten(stream, &mut tokens);
        Self { path: path.to_owned(), lines: text.lines().count(), file, tokens }
    }

    /// All tokens, tests included.
    pub(crate) fn tokens(&self) -> &[Token] {
        &self.tokens
    }

    /// Tokens compiled into the product.
    pub(crate) fn shipped(&self) -> Vec<Token> {
        if self.is_for_tests() {
            return Vec::new();
        }
        let tests = self.test_lines();
        self.tokens.iter().filter(|token| !tests.iter().any(|lines| lines.contains(&token.line))).cloned().collect()
    }

    /// Whether the file as a whole belongs to a test binary or a `#[cfg(test)]` module.
    pub(crate) fn is_for_tests(&self) -> bool {
        let crate_tests = self.path.split('/').any(|part| part == "tests") && !self.path.contains("/src/");
        crate_tests || self.path.ends_with("/tests.rs") || self.path.contains("/src/tests/")
    }

    /// Lines of items under `#[cfg(test)]`, attributes included.
    pub(crate) fn test_lines(&self) -> Vec<RangeInclusive<usize>> {
        let mut found = TestItems(Vec::new());
        found.visit_file(&self.file);
        found.0
    }

    /// Where `pattern` occurs in `tokens`, reported as `what`.
    pub(crate) fn offences(&self, tokens: &[Token], pattern: &str, what: &str) -> Vec<Offence> {
        let offence = |line: usize| Offence::new(format!("{}:{line}", self.path), what);
        lines_with(tokens, pattern).into_iter().map(offence).collect()
    }
}

/// Every source file below the directories.
pub(crate) fn sources(directories: &[&str]) -> Vec<Source> {
    let paths = directories.iter().flat_map(|directory| paths_below(directory));
    paths.filter(|path| path.ends_with(".rs")).map(|path| Source::new(&path, &read(&path))).collect()
}

/// Lines where a sequence of tokens begins. Tokens of the pattern are separated by spaces; a final `*` matches any
/// suffix.
pub(crate) fn lines_with(tokens: &[Token], pattern: &str) -> Vec<usize> {
    let pattern: Vec<&str> = pattern.split(' ').collect();
    let fits = |window: &[Token]| window.iter().zip(&pattern).all(|(token, word)| is_like(&token.text, word));
    let hits = tokens.windows(pattern.len()).filter(|window| fits(window));
    hits.filter_map(|window| window.first()).map(|token| token.line).collect()
}

fn is_like(token: &str, word: &str) -> bool {
    match word.strip_suffix('*') {
        Some(start) if !start.is_empty() => token.starts_with(start),
        _ => token == word,
    }
}

struct TestItems(Vec<RangeInclusive<usize>>);

impl<'ast> Visit<'ast> for TestItems {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        let attributes = match item {
            syn::Item::Mod(item) => &item.attrs,
            syn::Item::Fn(item) => &item.attrs,
            syn::Item::Impl(item) => &item.attrs,
            syn::Item::Use(item) => &item.attrs,
            syn::Item::Const(item) => &item.attrs,
            syn::Item::Struct(item) => &item.attrs,
            _ => return visit::visit_item(self, item),
        };
        if attributes.iter().any(is_cfg_test) {
            let (LineColumn { line: first, .. }, LineColumn { line: last, .. }) =
                (item.span().start(), item.span().end());
            self.0.push(first..=last);
        } else {
            visit::visit_item(self, item);
        }
    }
}

fn is_cfg_test(attribute: &syn::Attribute) -> bool {
    let condition = || attribute.parse_args::<syn::Path>();
    attribute.path().is_ident("cfg") && condition().is_ok_and(|path| path.is_ident("test"))
}

fn flatten(stream: TokenStream, into: &mut Vec<Token>) {
    let mut colon = false;
    for tree in stream {
        let line = tree.span().start().line;
        let mut push = |text: String| into.push(Token { text, line });
        match tree {
            TokenTree::Group(group) => {
                let (open, close) = brackets(group.delimiter());
                let end = group.span_close().start().line;
                push(open.to_owned());
                flatten(group.stream(), into);
                into.push(Token { text: close.to_owned(), line: end });
            }
            TokenTree::Punct(punct) if colon && punct.as_char() == ':' => colon = false,
            TokenTree::Punct(punct) => {
                colon = punct.as_char() == ':' && punct.spacing() == Spacing::Joint;
                push(if colon { "::".to_owned() } else { punct.as_char().to_string() });
            }
            TokenTree::Ident(_) | TokenTree::Literal(_) => push(tree.to_string()),
        }
    }
}

const fn brackets(delimiter: Delimiter) -> (&'static str, &'static str) {
    match delimiter {
        Delimiter::Parenthesis => ("(", ")"),
        Delimiter::Brace => ("{", "}"),
        Delimiter::Bracket => ("[", "]"),
        Delimiter::None => ("", ""),
    }
}

mod proofs {
    use super::*;

    const CODE: &str =
        "//! unsafe\nfn a() { std::env::var(\"X unsafe\"); }\n#[cfg(test)]\nmod tests {\n fn b() { now() }\n}\n";

    #[test]
    fn tokens_are_code_only_and_know_their_line() {
        let source = Source::new("shared/src/x.rs", CODE);
        assert_eq!(lines_with(source.tokens(), "std :: env :: v*"), [2]);
        assert_eq!(lines_with(source.tokens(), "now ( )"), [5]);
        assert_eq!(lines_with(source.tokens(), "unsafe"), [] as [usize; 0]);
    }

    #[test]
    fn what_is_for_tests_does_not_ship() {
        let source = Source::new("shared/src/x.rs", CODE);
        assert_eq!(source.test_lines(), [3..=6]);
        assert!(lines_with(&source.shipped(), "now").is_empty());
        for path in ["shared/src/a/tests.rs", "tests/it/main.rs", "infra/x/tests/contract/main.rs"] {
            assert!(Source::new(path, CODE).shipped().is_empty(), "{path}");
        }
        assert!(!Source::new("infra/meta-simulator/src/lib.rs", CODE).shipped().is_empty());
    }
}
