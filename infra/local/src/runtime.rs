//! Lambda: each function is a pool of execution environments, each a process of the real binary with its own Runtime
//! API.

mod api;
mod config;
mod environment;
mod logs;

pub(crate) use config::FunctionConfig;
pub use logs::LogLine;
pub(crate) use logs::Logs;

use bytes::Bytes;
use environment::Environment;
use serde::Serialize;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{Semaphore, watch};

/// Maximum environments of a function without reserved concurrency, to spare the developer's machine.
const DEFAULT_CONCURRENCY: usize = 10;

/// Maximum request and response size of a synchronous invocation (Lambda quota: 6 MB).
pub(crate) const LARGEST_PAYLOAD: usize = 6 * 1024 * 1024;

/// Why an invocation failed.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum InvokeError {
    /// Every allowed environment is busy.
    #[error("no free execution environment")]
    Throttled,
    /// The request or response exceeds Lambda's limit.
    #[error("payload too large")]
    TooLarge,
    /// The function returned an error, timed out, or crashed.
    #[error("function failed: {0}")]
    Function(Value),
}

/// Counters of a function.
#[derive(Debug, Clone, Default, Serialize)]
pub struct FunctionCounts {
    /// Invocations started.
    pub invocations: u64,
    /// Invocations that failed.
    pub errors: u64,
    /// Invocations throttled.
    pub throttles: u64,
    /// Processes started.
    pub starts: u64,
    /// Invocations in progress, or waiting for an environment.
    pub running: u64,
}

#[derive(Debug, Default)]
struct Counters {
    invocations: AtomicU64,
    errors: AtomicU64,
    throttles: AtomicU64,
    starts: AtomicU64,
    running: AtomicU64,
}

/// Counts an invocation as in progress while its caller waits for it.
struct Running<'a>(&'a Counters);

impl<'a> Running<'a> {
    fn of(counters: &'a Counters) -> Self {
        counters.running.fetch_add(1, Ordering::Relaxed);
        Self(counters)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A deployed function.
#[derive(Debug)]
pub(crate) struct Function {
    pub(crate) config: FunctionConfig,
    permits: Semaphore,
    idle: Mutex<Vec<Environment>>,
    /// Kill switches of every environment, including busy ones.
    ends: Mutex<Vec<watch::Sender<bool>>>,
    counters: Counters,
    logs: Arc<Logs>,
}

impl Function {
    pub(crate) fn new(config: FunctionConfig, logs: Arc<Logs>) -> Self {
        let permits = Semaphore::new(config.reserved.unwrap_or(DEFAULT_CONCURRENCY));
        Self { config, permits, idle: Mutex::default(), ends: Mutex::default(), counters: Counters::default(), logs }
    }

    /// Invokes the function and waits for its result.
    pub(crate) async fn invoke(&self, payload: Bytes) -> Result<Bytes, InvokeError> {
        if payload.len() > LARGEST_PAYLOAD {
            return Err(InvokeError::TooLarge);
        }
        let result = {
            let _running = Running::of(&self.counters);
            self.run_permitted(payload).await
        };
        if matches!(result, Err(InvokeError::Throttled)) {
            self.counters.throttles.fetch_add(1, Ordering::Relaxed);
            return result;
        }
        if result.is_err() {
            self.counters.errors.fetch_add(1, Ordering::Relaxed);
        }
        result
    }

    /// Reserved concurrency throttles what exceeds it. The local limit makes invocations wait instead, because Lambda
    /// would start another environment.
    async fn run_permitted(&self, payload: Bytes) -> Result<Bytes, InvokeError> {
        let _permit = match self.config.reserved {
            Some(_) => self.permits.try_acquire().map_err(|_| InvokeError::Throttled)?,
            None => self.permits.acquire().await.map_err(|_| InvokeError::Throttled)?,
        };
        self.counters.invocations.fetch_add(1, Ordering::Relaxed);
        self.run(payload).await
    }

    async fn run(&self, payload: Bytes) -> Result<Bytes, InvokeError> {
        let environment = self.environment().await?;
        let result = match tokio::time::timeout(self.config.timeout, environment.invoke(payload, self.config.timeout))
            .await
        {
            Ok(result) => result,
            Err(_) => {
                environment.kill();
                let seconds = self.config.timeout.as_secs_f64();
                Err(
                    json!({ "errorType": "Sandbox.Timedout", "errorMessage": format!("Task timed out after {seconds:.2} seconds") }),
                )
            }
        };
        if environment.is_alive() {
            lock(&self.idle).push(environment);
        }
        match result {
            Ok(response) if response.len() > LARGEST_PAYLOAD => Err(InvokeError::TooLarge),
            Ok(response) => Ok(response),
            Err(error) => {
                self.logs.note(&self.config.id, &format!("invocation failed: {error}"));
                Err(InvokeError::Function(error))
            }
        }
    }

    /// A warm environment, or a new one.
    async fn environment(&self) -> Result<Environment, InvokeError> {
        while let Some(environment) = self.pop() {
            if environment.is_alive() {
                return Ok(environment);
            }
        }
        self.counters.starts.fetch_add(1, Ordering::Relaxed);
        let failed = |error: std::io::Error| {
            let error = json!({ "errorType": "Runtime.InvalidEntrypoint", "errorMessage": error.to_string() });
            InvokeError::Function(error)
        };
        let started = Environment::start(&self.config, &self.logs).await.map_err(failed)?;
        {
            let mut ends = lock(&self.ends);
            ends.retain(|end| !end.is_closed());
            ends.push(started.end());
        }
        started.initialised().await.map_err(InvokeError::Function)?;
        Ok(started)
    }

    fn pop(&self) -> Option<Environment> {
        lock(&self.idle).pop()
    }

    /// Kills every environment, busy or idle, and returns how many.
    pub(crate) fn kill(&self) -> usize {
        let ends = std::mem::take(&mut *lock(&self.ends));
        ends.iter().filter(|end| !end.is_closed()).map(|end| end.send_replace(true)).filter(|ended| !ended).count()
    }

    /// Stops every idle environment gracefully and waits for the processes to exit.
    pub(crate) async fn stop(&self) {
        self.permits.close();
        while let Some(environment) = self.pop() {
            environment.stop().await;
        }
    }

    pub(crate) fn counts(&self) -> FunctionCounts {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        FunctionCounts {
            invocations: read(&self.counters.invocations),
            errors: read(&self.counters.errors),
            throttles: read(&self.counters.throttles),
            starts: read(&self.counters.starts),
            running: read(&self.counters.running),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
