//! The dependencies of each function: the crates linked into it, with version, licence and the checksum from
//! `Cargo.lock`, as one CycloneDX 1.6 document per function. The same lock file yields the same documents.

mod cargo;

use cargo::{Crate, Lock};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

/// Why a document could not be created.
#[derive(Debug, thiserror::Error)]
pub enum BomError {
    /// A file or directory cannot be read or written, or cargo cannot be started.
    #[error("failed to read the workspace: {0}")]
    Io(#[from] std::io::Error),
    /// Cargo failed.
    #[error("cargo {command}: {message}")]
    Cargo {
        /// The cargo command.
        command: String,
        /// Cargo's message.
        message: String,
    },
    /// Unexpected output of cargo.
    #[error("failed to parse {0}")]
    Unreadable(String),
    /// A registry crate is missing from `Cargo.lock`, or has no checksum there.
    #[error("no checksum found for {0}")]
    NoChecksum(String),
}

/// The document of every function, by the function's name.
///
/// # Errors
/// [`BomError`] if the workspace cannot be read, or something in it is not pinned.
pub fn boms(root: &Path) -> Result<BTreeMap<String, Value>, BomError> {
    let lock = Lock::parse(&std::fs::read_to_string(root.join("Cargo.lock"))?);
    let edges = cargo::edges(root)?;
    let mut boms = BTreeMap::new();
    for entry in std::fs::read_dir(root.join("functions"))? {
        let entry = entry?;
        if entry.path().join("Cargo.toml").is_file() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let linked = cargo::linked(root, &name)?;
            boms.insert(name.clone(), bom(&name, &linked, &edges, &lock)?);
        }
    }
    Ok(boms)
}

/// Names, versions and dependencies.
type Edges = BTreeMap<(String, String), Vec<(String, String)>>;

fn bom(function: &str, linked: &[Crate], edges: &Edges, lock: &Lock) -> Result<Value, BomError> {
    let own = linked.iter().find(|it| it.name == function);
    let own = own.ok_or_else(|| BomError::Unreadable(format!("the tree of {function}")))?;
    let others = linked.iter().filter(|it| it.name != function);
    let components = others.map(|it| component(it, "library", lock)).collect::<Result<Vec<_>, _>>()?;
    let dependencies: Vec<Value> = linked.iter().map(|it| dependency(it, linked, edges)).collect();
    Ok(json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": { "component": component(own, "application", lock)? },
        "components": components,
        "dependencies": dependencies,
    }))
}

fn component(it: &Crate, kind: &str, lock: &Lock) -> Result<Value, BomError> {
    let mut component = json!({
        "type": kind,
        "bom-ref": it.reference(),
        "name": it.name,
        "version": it.version,
        "licenses": [{ "expression": it.licence.replace('/', " OR ") }],
    });
    // Workspace crates have neither a registry location nor a checksum.
    if !it.ours
        && let Some(members) = component.as_object_mut()
    {
        let checksum = lock.checksum(&it.name, &it.version).ok_or_else(|| BomError::NoChecksum(it.reference()))?;
        members.insert("purl".to_owned(), json!(it.reference()));
        members.insert("hashes".to_owned(), json!([{ "alg": "SHA-256", "content": checksum }]));
    }
    Ok(component)
}

fn dependency(it: &Crate, linked: &[Crate], edges: &Edges) -> Value {
    let needed = edges.get(&(it.name.clone(), it.version.clone())).into_iter().flatten();
    let found = needed.filter_map(|(name, version)| {
        linked.iter().find(|other| other.name == *name && other.version == *version).map(Crate::reference)
    });
    json!({ "ref": it.reference(), "dependsOn": found.collect::<Vec<_>>() })
}
