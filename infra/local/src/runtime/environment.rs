//! One execution environment: a process of the function's binary with its own Runtime API.

use super::api::{Api, Invocation};
use super::config::FunctionConfig;
use super::logs::Logs;
use crate::physical::REGION;
use bytes::Bytes;
use serde_json::{Value, json};
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::sync::{oneshot, watch};

/// Maximum init time (Lambda quota: 10 s). The function's own timeout starts after it.
const INIT: Duration = Duration::from_secs(10);
/// Grace period for a process to exit.
const GRACE: Duration = Duration::from_millis(500);

#[derive(Debug)]
pub(super) struct Environment {
    api: Arc<Api>,
    arn: String,
    alive: watch::Receiver<bool>,
    kill: watch::Sender<bool>,
}

impl Environment {
    pub(super) async fn start(config: &FunctionConfig, logs: &Arc<Logs>) -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?.to_string();
        let api = Arc::new(Api::default());
        let server = tokio::spawn(axum::serve(listener, Arc::clone(&api).router()).into_future());
        let mut child = command(config, &address).spawn()?;
        follow(child.stdout.take(), config, logs);
        follow(child.stderr.take(), config, logs);
        let (kill, mut killed) = watch::channel(false);
        let (dead, alive) = watch::channel(true);
        let watched = Arc::clone(&api);
        tokio::spawn(async move {
            tokio::select! {
                _ = child.wait() => {}
                () = asked(&mut killed) => end(&mut child).await,
            }
            watched.abandon();
            dead.send_replace(false);
            server.abort();
        });
        Ok(Self { api, arn: config.arn.clone(), alive, kill })
    }

    /// Waits until the process has finished its init, and kills it on timeout.
    pub(super) async fn initialised(&self) -> Result<(), Value> {
        let mut alive = self.alive.clone();
        let failed = tokio::select! {
            () = self.api.ready() => return Ok(()),
            _ = alive.wait_for(|alive| !*alive) => "Runtime exited during init",
            () = tokio::time::sleep(INIT) => "init timed out",
        };
        self.kill();
        Err(json!({ "errorType": "Runtime.ExitError", "errorMessage": failed }))
    }

    /// Delivers an invocation to the process and waits for its response.
    pub(super) async fn invoke(&self, payload: Bytes, timeout: Duration) -> Result<Bytes, Value> {
        let (answer, answered) = oneshot::channel();
        let deadline = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default() + timeout;
        let invocation = Invocation {
            request_id: uuid::Uuid::new_v4().to_string(),
            deadline_ms: deadline.as_millis(),
            arn: self.arn.clone(),
            payload,
            answer,
        };
        self.api.offer(invocation).await;
        let mut alive = self.alive.clone();
        let died = || json!({ "errorType": "Runtime.ExitError", "errorMessage": "Runtime exited before it answered" });
        tokio::select! {
            answer = answered => answer.unwrap_or_else(|_| Err(died())),
            _ = alive.wait_for(|alive| !*alive) => Err(died()),
        }
    }

    pub(super) fn is_alive(&self) -> bool {
        *self.alive.borrow() && !*self.kill.borrow()
    }

    /// A kill switch for the environment; closed once it has exited.
    pub(super) fn end(&self) -> watch::Sender<bool> {
        self.kill.clone()
    }

    pub(super) fn kill(&self) {
        self.kill.send_replace(true);
    }

    pub(super) async fn stop(mut self) {
        self.kill();
        // The watcher kills the process and then reports it; a closed channel means the same.
        drop(self.alive.wait_for(|alive| !*alive).await);
    }
}

/// Returns when the kill was requested, or when nothing can request it any more.
async fn asked(killed: &mut watch::Receiver<bool>) {
    drop(killed.wait_for(|kill| *kill).await);
}

async fn end(child: &mut Child) {
    if child.start_kill().is_ok() {
        drop(tokio::time::timeout(GRACE, child.wait()).await);
    }
}

/// Lambda's environment variables, and none of this machine's.
fn command(config: &FunctionConfig, address: &str) -> Command {
    let mut command = Command::new(&config.binary);
    command
        .env_clear()
        .envs(&config.variables)
        .env("AWS_LAMBDA_RUNTIME_API", address)
        .env("AWS_LAMBDA_FUNCTION_NAME", &config.id)
        .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", config.memory_mb.to_string())
        .env("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{}", config.id))
        .env("AWS_LAMBDA_LOG_STREAM_NAME", "local")
        .env("AWS_LAMBDA_LOG_FORMAT", "JSON")
        .env("AWS_REGION", REGION)
        .env("AWS_DEFAULT_REGION", REGION)
        // Each function signs with its own key id: the emulators accept any credentials, and tests see who calls what.
        .env("AWS_ACCESS_KEY_ID", &config.id)
        .env("AWS_SECRET_ACCESS_KEY", "local")
        .env("AWS_SESSION_TOKEN", "local")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

fn follow(stream: Option<impl AsyncRead + Unpin + Send + 'static>, config: &FunctionConfig, logs: &Arc<Logs>) {
    let Some(stream) = stream else { return };
    let (function, logs) = (config.id.clone(), Arc::clone(logs));
    tokio::spawn(async move {
        let mut lines = BufReader::new(stream).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            logs.note(&function, &line);
        }
    });
}
