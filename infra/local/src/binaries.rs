//! Builds the function binaries as they are deployed: each with its own dependencies' features, `--locked`.

use crate::template::{Template, TemplateError};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use tokio::process::Command;

/// Which build profile runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Profile {
    /// `target/debug`.
    #[default]
    Debug,
    /// `target/release`.
    Release,
}

impl std::str::FromStr for Profile {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "debug" => Ok(Self::Debug),
            "release" => Ok(Self::Release),
            _ => Err(format!("there is no profile {text}")),
        }
    }
}

/// Path of each function's binary, by the binary name in `template.yaml`.
pub type Binaries = BTreeMap<String, PathBuf>;

/// Why the binaries could not be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The template does not name the binaries.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// Cargo could not be started.
    #[error("failed to start cargo: {0}")]
    Start(#[from] std::io::Error),
    /// Cargo failed; its output says why.
    #[error("failed to build the functions: cargo exited with {0}")]
    Failed(ExitStatus),
    /// No package produces a binary that the template names.
    #[error("failed to build the functions: no binary `{0}`")]
    Missing(String),
}

/// Builds the binary of every function in the template and returns their paths.
///
/// # Errors
/// [`BuildError`].
pub async fn build_functions(template: &Path, profile: Profile) -> Result<Binaries, BuildError> {
    let names = Template::read(template)?.binaries()?;
    let directory = template.parent().filter(|parent| !parent.as_os_str().is_empty());
    build_binaries(directory.unwrap_or(Path::new(".")), &names, profile).await
}

/// Builds the named binaries of the workspace at `directory` in one cargo run and returns their paths.
///
/// # Errors
/// [`BuildError`].
pub async fn build_binaries(directory: &Path, names: &[String], profile: Profile) -> Result<Binaries, BuildError> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["build", "--locked", "--quiet", "--message-format=json-render-diagnostics"]);
    command.args(names.iter().flat_map(|name| ["--bin", name]));
    if profile == Profile::Release {
        command.arg("--release");
    }
    // Environment variables of an outer cargo would invalidate this build, and the outer one's next build.
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("CARGO_PKG_")) {
        command.env_remove(name);
    }
    command.current_dir(directory).env_remove("CARGO_MANIFEST_DIR").stderr(Stdio::inherit());
    let output = command.output().await?;
    if !output.status.success() {
        return Err(BuildError::Failed(output.status));
    }
    let built: Binaries = output.stdout.split(|byte| *byte == b'\n').filter_map(executable).collect();
    match names.iter().find(|name| !built.contains_key(*name)) {
        Some(missing) => Err(BuildError::Missing(missing.clone())),
        None => Ok(built),
    }
}

/// The executable named in one of cargo's JSON messages.
fn executable(message: &[u8]) -> Option<(String, PathBuf)> {
    let message: Value = serde_json::from_slice(message).ok()?;
    let path = message.get("executable")?.as_str()?;
    Some((message.get("target")?.get("name")?.as_str()?.to_owned(), PathBuf::from(path)))
}
