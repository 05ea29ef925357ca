//! `--data DIR`: saves queues, secrets and the simulated Meta in a file beside the table's.

use crate::error::StackError;
use crate::services::Services;
use meta_simulator::Simulator;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::time::interval;
use tokio_util::sync::CancellationToken;

/// Save interval: what a killed stack may lose of queues and secrets.
const EVERY: Duration = Duration::from_secs(2);

/// The state file of one stack.
#[derive(Debug, Clone)]
pub(crate) struct Snapshot(PathBuf);

impl Snapshot {
    pub(crate) fn new(directory: &Path) -> Self {
        Self(directory.join("services.json"))
    }

    fn read(&self) -> Result<Value, StackError> {
        match std::fs::read(&self.0) {
            Ok(text) => serde_json::from_slice(&text).map_err(|error| unreadable(&error)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Value::Null),
            Err(source) => Err(StackError::Data { source }),
        }
    }

    /// Restores the state of an earlier run.
    pub(crate) fn restore(&self, services: &Services) -> Result<(), StackError> {
        let mut state = self.read()?;
        let mut take = |name: &str| state.get_mut(name).map(Value::take);
        if let (Some(sqs), Some(secrets)) = (take("sqs"), take("secretsmanager")) {
            services.sqs.restore(sqs).map_err(|error| unreadable(&error))?;
            services.secrets.restore(secrets).map_err(|error| unreadable(&error))?;
        }
        Ok(())
    }

    /// The state of the simulated Meta.
    pub(crate) fn simulated(&self) -> Result<Option<Value>, StackError> {
        Ok(self.read()?.get_mut("meta").map(Value::take).filter(|world| !world.is_null()))
    }

    pub(crate) fn save(&self, services: &Services, simulator: Option<&Simulator>) -> Result<(), StackError> {
        let state = json!({
            "sqs": services.sqs.snapshot(),
            "secretsmanager": services.secrets.snapshot(),
            "meta": simulator.map(Simulator::snapshot),
        });
        let beside = self.0.with_extension("tmp");
        let written = std::fs::write(&beside, state.to_string()).and_then(|()| std::fs::rename(&beside, &self.0));
        written.map_err(|source| StackError::Data { source })
    }

    /// Saves periodically until the stack stops, and once more at the end.
    pub(crate) async fn run(self, services: Services, simulator: Option<Simulator>, ended: CancellationToken) {
        let mut ticks = interval(EVERY);
        while !ended.is_cancelled() {
            tokio::select! {
                () = ended.cancelled() => {}
                _ = ticks.tick() => {}
            }
            // Errors such as a full disk are reported by `Stack::stop`, which saves again.
            drop(self.save(&services, simulator.as_ref()));
        }
    }
}

fn unreadable(error: &dyn std::error::Error) -> StackError {
    StackError::service("the saved state", error)
}
