//! A running stack.

mod deployment;
mod opening;
mod settings;

use crate::addresses::Addresses;
use crate::binaries::build_functions;
use crate::endpoints::Endpoints;
use crate::error::StackError;
use crate::issuer::Issuer;
use crate::listeners::Listeners;
use crate::options::StackOptions;
use crate::persistence::Snapshot;
use crate::physical;
use crate::runtime::{Function, FunctionCounts, LogLine, Logs};
use crate::schedule::Schedule;
use crate::services::Services;
use crate::template::Template;
use aws_emulator::{SecretsManager, Sqs};
use deployment::{Deployment, Setting};
use meta_simulator::Simulator;
use opening::Opening;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The whole template, running.
pub struct Stack {
    issuer: Issuer,
    endpoints: Endpoints,
    services: Services,
    snapshot: Option<Snapshot>,
    functions: Arc<BTreeMap<String, Arc<Function>>>,
    schedules: Arc<BTreeMap<String, Schedule>>,
    switches: BTreeMap<String, watch::Sender<bool>>,
    logs: Arc<Logs>,
    simulator: Option<Simulator>,
    tasks: TaskTracker,
    ended: CancellationToken,
}

impl Stack {
    /// Starts everything; on return every address answers.
    ///
    /// # Errors
    /// [`StackError`]; nothing is left running in that case.
    pub async fn start(options: StackOptions) -> Result<Self, StackError> {
        let template = Template::read(&options.template)?;
        let binaries = match &options.binaries {
            Some(binaries) => binaries.clone(),
            None => build_functions(&options.template, options.profile).await?,
        };
        let listeners = Listeners::bind(options.port).await?;
        let at = Addresses::of(&listeners, options.graph_url.as_deref())?;
        let issuer = Issuer::new(&at.control)?;
        let services = Services::open(options.data.as_deref(), &at)?;
        if let Some(directory) = &options.data {
            Snapshot::new(directory).restore(&services)?;
        }
        let logs = Arc::new(Logs::new(options.capture_logs));
        let setting = Setting { options: &options, at: &at, binaries: &binaries, services: &services, logs: &logs };
        let deployment = Deployment::make(template, &setting)?;
        let endpoints = deployment.endpoints(&setting, &issuer)?;
        Opening { options, endpoints, services, logs, listeners, issuer }.open(deployment).await
    }

    /// Addresses of the stack.
    #[must_use]
    pub fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }

    /// A token of the stack's issuer, valid for an hour, with these claims over `iss`, `iat` and `exp`.
    ///
    /// # Errors
    /// [`StackError::Issuer`].
    pub fn sign(&self, claims: &Value) -> Result<String, StackError> {
        Ok(self.issuer.sign(claims, Duration::from_secs(3600))?)
    }

    /// Advances the clock of the queues and the vault by `seconds`, which may be negative: delays, visibility, ages.
    /// Functions and the table use the machine's clock.
    pub fn shift_time(&self, seconds: i64) {
        self.services.clock.shift(seconds);
    }

    /// The queues, in process.
    #[must_use]
    pub fn sqs(&self) -> &Sqs {
        &self.services.sqs
    }

    /// The secrets, in process.
    #[must_use]
    pub fn secrets(&self) -> &SecretsManager {
        &self.services.secrets
    }

    /// Log lines of the functions, if logs are captured.
    #[must_use]
    pub fn logs(&self) -> Vec<LogLine> {
        self.logs.lines()
    }

    /// Counters of each function, by logical id.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<String, FunctionCounts> {
        self.functions.iter().map(|(id, function)| (id.clone(), function.counts())).collect()
    }

    /// Whether no function is running or about to run: no message waits for an enabled mapping, and no mapping holds a
    /// message that its function has not answered. Messages that back off after a failure or are delayed do not count,
    /// nor does a webhook that the simulated Meta has not posted yet.
    #[must_use]
    pub fn is_at_rest(&self) -> bool {
        // Functions first, then all queues at one instant: whatever ran in between has left its messages in a queue.
        if self.functions.values().any(|function| function.counts().running > 0) {
            return false;
        }
        let counts = self.services.sqs.all_counts();
        !self.switches.iter().any(|(queue, enabled)| {
            let counts = counts.get(&physical::name(queue)).copied().unwrap_or_default();
            counts.held > 0 || (counts.visible > 0 && *enabled.borrow())
        })
    }

    /// Kills every environment of a function, busy ones in the middle of their work. Returns how many.
    pub fn kill(&self, function: &str) -> usize {
        self.functions.get(function).map_or(0, |function| function.kill())
    }

    /// Enables or disables the mapping of a queue, by the queue's logical id. Returns whether there is one.
    pub fn set_mapping(&self, queue: &str, enabled: bool) -> bool {
        self.switches.get(queue).is_some_and(|switch| {
            switch.send_replace(enabled);
            true
        })
    }

    /// Fires a schedule now, by logical id of the function and name of the event, and waits for the function's result.
    ///
    /// # Errors
    /// [`StackError::Service`]: unknown schedule, or the function failed.
    pub async fn fire(&self, function: &str, event: &str) -> Result<Value, StackError> {
        let place = format!("{function}/{event}");
        let schedule = self.schedules.get(&place).ok_or_else(|| StackError::service(&place, "no such schedule"))?;
        let result = schedule.fire().await.map_err(|error| StackError::service(&place, &error))?;
        Ok(serde_json::from_slice(&result).unwrap_or_default())
    }

    /// Stops every process and task.
    ///
    /// # Errors
    /// [`StackError::Data`] if the state could not be saved.
    pub async fn stop(self) -> Result<(), StackError> {
        self.ended.cancel();
        for function in self.functions.values() {
            function.stop().await;
        }
        self.tasks.close();
        self.tasks.wait().await;
        // Pollers have finished by now; this also stops environments that were started meanwhile.
        for function in self.functions.values() {
            function.stop().await;
        }
        let kept = self.snapshot.map_or(Ok(()), |snapshot| snapshot.save(&self.services, self.simulator.as_ref()));
        if let Some(simulator) = self.simulator {
            simulator.stop().await;
        }
        kept
    }
}
