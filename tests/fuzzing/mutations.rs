//! Every target over its corpus and deterministic mutations of it.

use crate::targets::TARGETS;
use integration::{Draw, say};
use std::path::Path;

/// Mutations per target.
const MUTATIONS: usize = 20_000;

fn corpus(target: &str) -> Vec<Vec<u8>> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut files: Vec<_> = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.into_iter().map(|file| std::fs::read(file).unwrap()).collect()
}

/// Bytes flipped, cut, duplicated, and joined with those of another input.
fn mutated(draw: &mut Draw, corpus: &[Vec<u8>]) -> Vec<u8> {
    const TOKENS: [&[u8]; 10] =
        [b"null", b"\"", b"{", b"]", b"\\ud800", b"-1", b"1e999", b"\xff\xfe", b"\0", b"18446744073709551616"];
    let mut data = corpus[draw.below(corpus.len())].clone();
    for _ in 0..=draw.below(4) {
        let at = draw.below(data.len() + 1);
        match draw.below(5) {
            0 if at < data.len() => data[at] ^= 1 << draw.below(8),
            1 => data.truncate(at),
            2 => {
                let end = at + draw.below(data.len() - at + 1);
                let piece = data[at..end].to_vec();
                data.splice(at..at, piece);
            }
            3 => drop(data.splice(at..at, TOKENS[draw.below(TOKENS.len())].iter().copied())),
            _ => {
                let other = &corpus[draw.below(corpus.len())];
                data.truncate(at);
                data.extend_from_slice(&other[draw.below(other.len() + 1)..]);
            }
        }
    }
    data
}

#[test]
fn no_bytes_break_what_reads_them() {
    for (name, target) in TARGETS {
        let corpus = corpus(name);
        assert!(!corpus.is_empty(), "{name} has a corpus");
        corpus.iter().for_each(|data| target(data));
        let mut draw = Draw(5);
        for _ in 0..MUTATIONS {
            target(&mutated(&mut draw, &corpus));
        }
        say(&format!("{name}: {} kept inputs, {MUTATIONS} mutations", corpus.len()));
    }
}
