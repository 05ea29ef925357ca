//! `cargo run -p bill-of-materials -- DIRECTORY`: writes one CycloneDX document per function, for the release built
//! from the same `Cargo.lock`.

use bill_of_materials::{BomError, boms};
use lexopt::{Arg, Parser, ValueExt};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The workspace.
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

fn main() -> ExitCode {
    let directory: Option<PathBuf> = match Parser::from_env().next() {
        Ok(Some(Arg::Value(directory))) => directory.parse().ok(),
        _ => None,
    };
    let Some(directory) = directory else { return end("usage: bill-of-materials DIRECTORY", ExitCode::FAILURE) };
    match write(&directory) {
        Ok(count) => end(&format!("{count} documents in {}", directory.display()), ExitCode::SUCCESS),
        Err(error) => end(&format!("bill-of-materials: {error}"), ExitCode::FAILURE),
    }
}

fn write(directory: &Path) -> Result<usize, BomError> {
    let boms = boms(Path::new(ROOT))?;
    std::fs::create_dir_all(directory)?;
    for (function, bom) in &boms {
        std::fs::write(directory.join(format!("{function}.cdx.json")), format!("{bom:#}\n"))?;
    }
    Ok(boms.len())
}

#[expect(clippy::print_stderr, reason = "the program's output")]
fn end(text: &str, code: ExitCode) -> ExitCode {
    eprintln!("{text}");
    code
}
