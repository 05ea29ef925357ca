//! What log lines may contain: ids, codes and counts.

use crate::repository::{Offence, forbid};
use crate::rust::{Source, Token, lines_with, sources};

const LEVELS: [&str; 5] = ["error", "warn", "info", "debug", "trace"];
/// Last parts of field names that are never logged. A bare `code` is the popup's code; `error.code` and `graph.code`
/// are not.
const UNLOGGED: [&str; 9] = ["token", "secret", "pin", "body", "url", "query", "headers", "payload", "password"];

#[test]
fn log_lines_carry_no_secret_and_no_whole_input() {
    let found = sources(&["functions", "shared"]).iter().flat_map(indiscreet).collect();
    forbid(
        found,
        "Log ids, codes and counts under dotted names with `%` or plain values: never a token, code, PIN, body or URL.",
    );
}

fn indiscreet(source: &Source) -> Vec<Offence> {
    let tokens = source.shipped();
    let mut found = source.offences(&tokens, "instrument", "uses `instrument`, which records arguments");
    for line in log_lines(&tokens) {
        let place = || format!("{}:{}", source.path, line.first().map_or(0, |token| token.line));
        let unlogged = fields(line).into_iter().filter(|name| is_unlogged(name));
        found.extend(unlogged.map(|name| Offence::new(place(), format!("logs `{name}`"))));
        if !lines_with(line, "expose (").is_empty() {
            found.push(Offence::new(place(), "exposes a secret to the log"));
        }
        if ["= ?", ", ?", "( ?"].iter().any(|sigil| !lines_with(line, sigil).is_empty()) {
            found.push(Offence::new(place(), "logs a value's `Debug` form"));
        }
    }
    found
}

/// The tokens of each `tracing` macro's arguments, with the opening bracket.
fn log_lines(tokens: &[Token]) -> Vec<&[Token]> {
    let begins = |window: &[Token]| match window {
        [level, bang, open] => LEVELS.contains(&level.text.as_str()) && bang.text == "!" && open.text == "(",
        _ => false,
    };
    let starts = tokens.windows(3).enumerate().filter(|(_, window)| begins(window)).map(|(at, _)| at + 2);
    starts.filter_map(|start| tokens.get(start..start + closing(tokens.get(start..)?)?)).collect()
}

/// Where the bracket opened by the first token closes.
fn closing(tokens: &[Token]) -> Option<usize> {
    let mut depth = 0_usize;
    tokens.iter().position(|token| {
        match token.text.as_str() {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth -= 1,
            _ => {}
        }
        depth == 0
    })
}

/// Names of the fields of a log line: `a.b = …`, `a.b`, `%a.b`, and `{a}` in its message.
fn fields(line: &[Token]) -> Vec<String> {
    let mut names = Vec::new();
    let (mut depth, mut name, mut is_name) = (0_i32, String::new(), false);
    for token in line {
        match token.text.as_str() {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth -= 1,
            text if text.starts_with('"') => names.extend(placeholders(text)),
            _ => {}
        }
        match token.text.as_str() {
            "(" | "," if depth == 1 => {
                names.push(std::mem::take(&mut name));
                is_name = true;
            }
            "=" | "(" => is_name = false,
            "%" | "?" => {}
            text if is_name && !text.starts_with('"') => name.push_str(text),
            _ => {}
        }
    }
    names.push(name);
    names.retain(|name| !name.is_empty());
    names
}

/// Names interpolated in a message.
fn placeholders(text: &str) -> Vec<String> {
    let named = |part: &str| part.split(['}', ':']).next().unwrap_or_default().to_owned();
    text.split('{').skip(1).map(named).collect()
}

fn is_unlogged(name: &str) -> bool {
    name == "code" || name.rsplit('.').next().is_some_and(|last| UNLOGGED.contains(&last))
}

mod proofs {
    use super::*;

    fn shared(code: &str) -> Source {
        Source::new("shared/src/run.rs", code)
    }

    #[test]
    fn a_log_line_that_reveals_a_secret_is_found() {
        for line in [
            "tracing::info!(token, \"x\")",
            "tracing::info!(%code, \"x\")",
            "tracing::warn!(request.body = text, \"x\")",
            "tracing::error!(waba.id = %id, url = %url, \"x\")",
            "error!(\"sent {pin}\")",
            "tracing::info!(id = secret.expose(), \"x\")",
            "tracing::info!(error = ?error, \"x\")",
        ] {
            assert_eq!(indiscreet(&shared(&format!("fn f() {{ {line}; }}"))).len(), 1, "{line}");
        }
        for line in [
            "tracing::info!(bytes = envelope.body.len(), error.code = code, %method, \"the token is not there\")",
            "tracing::warn!(waba.id = %waba.id(), found = parse(text)?, \"a {kind}\")",
        ] {
            assert_eq!(indiscreet(&shared(&format!("fn f() {{ {line}; }}"))), [], "{line}");
        }
    }
}
