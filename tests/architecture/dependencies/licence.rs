//! SPDX expressions, as far as manifests use them.

/// Licences that ask for a notice at most.
const PERMISSIVE: [&str; 13] = [
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Zlib",
];

/// Whether an expression can be met with permissive licences alone. `/` is the old way to write `OR`.
pub(super) fn is_permissive(expression: &str) -> bool {
    let expression = expression.replace('/', " OR ");
    any(&expression)
}

fn any(expression: &str) -> bool {
    split(expression, " OR ").into_iter().any(|part| split(part, " AND ").into_iter().all(term))
}

fn term(expression: &str) -> bool {
    let expression = expression.trim();
    match expression.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        Some(inner) => any(inner),
        None => PERMISSIVE.contains(&expression),
    }
}

/// Splits at an operator that stands outside of brackets.
fn split<'a>(expression: &'a str, operator: &str) -> Vec<&'a str> {
    let mut parts = Vec::new();
    let (mut depth, mut start) = (0_i32, 0);
    for (at, byte) in expression.bytes().enumerate() {
        depth += i32::from(byte == b'(') - i32::from(byte == b')');
        if depth == 0 && at >= start && expression.get(at..).is_some_and(|rest| rest.starts_with(operator)) {
            parts.extend(expression.get(start..at));
            start = at + operator.len();
        }
    }
    parts.extend(expression.get(start..));
    parts
}

mod proofs {
    use super::*;

    #[test]
    fn an_expression_is_permissive_when_it_can_be_met_so() {
        for good in [
            "MIT",
            "MIT/Apache-2.0",
            "Unlicense OR MIT",
            "(MIT OR Apache-2.0) AND Unicode-3.0",
            "GPL-3.0 OR (ISC AND MIT)",
        ] {
            assert!(is_permissive(good), "{good}");
        }
        for bad in
            ["", "GPL-3.0", "MIT AND GPL-3.0", "MPL-2.0", "(MIT OR ISC) AND LGPL-2.1", "MITX", "AGPL-3.0 OR SSPL-1.0"]
        {
            assert!(!is_permissive(bad), "{bad}");
        }
    }
}
