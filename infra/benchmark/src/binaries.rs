//! The binaries that are measured.

use local::{Binaries, BuildError, Profile, build_binaries, build_functions};
use std::path::{Path, PathBuf};

/// The workspace.
pub(crate) const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// The functions, and what they are compared with.
pub(crate) struct Built {
    pub(crate) functions: Binaries,
    pub(crate) hello: PathBuf,
    pub(crate) hello_https: PathBuf,
}

impl Built {
    /// The baseline and every function, with a name.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&str, &PathBuf)> {
        let functions = self.functions.iter().map(|(name, path)| (name.as_str(), path));
        std::iter::once(("hello", &self.hello)).chain(functions)
    }
}

pub(crate) async fn build(profile: Profile) -> Result<Built, BuildError> {
    let functions = build_functions(&Path::new(ROOT).join("template.yaml"), profile).await?;
    // One at a time: built together, the smaller would get the features of the other.
    let (hello, hello_https) = (baseline("hello", profile).await?, baseline("hello-https", profile).await?);
    Ok(Built { functions, hello, hello_https })
}

async fn baseline(name: &str, profile: Profile) -> Result<PathBuf, BuildError> {
    let mut built = build_binaries(Path::new(ROOT), &[name.to_owned()], profile).await?;
    built.remove(name).ok_or_else(|| BuildError::Missing(name.to_owned()))
}
