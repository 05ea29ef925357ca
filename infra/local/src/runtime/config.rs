//! What a function's processes are started with.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// A function as the template describes it.
#[derive(Debug, Clone)]
pub(crate) struct FunctionConfig {
    pub(crate) id: String,
    pub(crate) arn: String,
    pub(crate) binary: PathBuf,
    pub(crate) timeout: Duration,
    pub(crate) memory_mb: u64,
    pub(crate) reserved: Option<usize>,
    pub(crate) variables: BTreeMap<String, String>,
}
