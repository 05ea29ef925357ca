//! The binaries that are measured.

use local::{Binaries, BuildError, Profile, build_binaries, build_functions};
use std::io;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The workspace.
pub(crate) const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// The functions and the baseline, each copied to a file in one write, as a deployment unpacks it. A file that the
/// linker wrote in pieces is mapped in pieces, which slows down each start.
pub(crate) struct Built {
    /// Deleted on drop.
    _unpacked: TempDir,
    pub(crate) functions: Binaries,
    pub(crate) hello: PathBuf,
    pub(crate) hello_https: PathBuf,
}

impl Built {
    /// The baseline and every function, with names.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&str, &PathBuf)> {
        let functions = self.functions.iter().map(|(name, path)| (name.as_str(), path));
        std::iter::once(("hello", &self.hello)).chain(functions)
    }
}

pub(crate) async fn build(profile: Profile) -> Result<Built, Box<dyn std::error::Error>> {
    let unpacked = tempfile::tempdir()?;
    let functions = build_functions(&Path::new(ROOT).join("template.yaml"), profile).await?;
    // Built separately: built together, the smaller would get the features of the other.
    let (hello, hello_https) = (baseline("hello", profile).await?, baseline("hello-https", profile).await?);
    let named = |(name, binary): (String, PathBuf)| Ok((name, unpack(&binary, &unpacked)?));
    Ok(Built {
        functions: functions.into_iter().map(named).collect::<io::Result<_>>()?,
        hello: unpack(&hello, &unpacked)?,
        hello_https: unpack(&hello_https, &unpacked)?,
        _unpacked: unpacked,
    })
}

async fn baseline(name: &str, profile: Profile) -> Result<PathBuf, BuildError> {
    let mut built = build_binaries(Path::new(ROOT), &[name.to_owned()], profile).await?;
    built.remove(name).ok_or_else(|| BuildError::Missing(name.to_owned()))
}

fn unpack(binary: &Path, into: &TempDir) -> io::Result<PathBuf> {
    let copy = into.path().join(binary.file_name().unwrap_or_default());
    std::fs::copy(binary, &copy)?;
    Ok(copy)
}
