//! `--data DIR`: queues and secrets in files beside the table's.

use crate::services::Services;
use crate::stack::StackError;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::time::interval;
use tokio_util::sync::CancellationToken;

/// What a killed stack may lose of queues and secrets.
const EVERY: Duration = Duration::from_secs(2);

/// The file of one stack.
#[derive(Debug, Clone)]
pub(crate) struct Snapshot(PathBuf);

impl Snapshot {
    pub(crate) fn new(directory: &Path) -> Self {
        Self(directory.join("services.json"))
    }

    /// Brings back what an earlier run left.
    pub(crate) fn restore(&self, services: &Services) -> Result<(), StackError> {
        let text = match std::fs::read(&self.0) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(source) => return Err(StackError::Data { source }),
        };
        let unreadable = |error: &dyn std::error::Error| StackError::service("the kept state", error);
        let mut state: Value = serde_json::from_slice(&text).map_err(|error| unreadable(&error))?;
        let mut take = |name: &str| state.get_mut(name).map(Value::take).unwrap_or_default();
        services.sqs.restore(take("sqs")).map_err(|error| unreadable(&error))?;
        services.secrets.restore(take("secretsmanager")).map_err(|error| unreadable(&error))
    }

    pub(crate) fn save(&self, services: &Services) -> Result<(), StackError> {
        let state = json!({ "sqs": services.sqs.snapshot(), "secretsmanager": services.secrets.snapshot() });
        let beside = self.0.with_extension("tmp");
        let written = std::fs::write(&beside, state.to_string()).and_then(|()| std::fs::rename(&beside, &self.0));
        written.map_err(|source| StackError::Data { source })
    }

    /// Saves until the stack ends, and then once more.
    pub(crate) async fn run(self, services: Services, ended: CancellationToken) {
        let mut ticks = interval(EVERY);
        while !ended.is_cancelled() {
            tokio::select! {
                () = ended.cancelled() => {}
                _ = ticks.tick() => {}
            }
            // A full disk shows at the end, where it can be told: `Stack::stop` saves again.
            drop(self.save(&services));
        }
    }
}
