//! The AWS services of a stack: DynamoDB by dynoxide, SQS and Secrets Manager by `aws-emulator`.

use crate::addresses::Addresses;
use crate::error::StackError;
use crate::physical::{ACCOUNT, REGION};
use aws_emulator::{SecretsManager, ShiftedClock, Sqs};
use axum::Router;
use dynoxide::Database;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The services, as values.
#[derive(Clone)]
pub(crate) struct Services {
    pub(crate) database: Database,
    pub(crate) sqs: Sqs,
    pub(crate) secrets: SecretsManager,
    /// Clock of the queues and the vault.
    pub(crate) clock: ShiftedClock,
}

impl Services {
    /// Creates the services, empty or restored from `data`.
    pub(crate) fn open(data: Option<&Path>, at: &Addresses) -> Result<Self, StackError> {
        let database = match data {
            Some(directory) => {
                std::fs::create_dir_all(directory).map_err(|source| StackError::Data { source })?;
                Database::new(&directory.join("table.sqlite").to_string_lossy())
            }
            None => Database::memory(),
        };
        let database = database.map_err(|error| StackError::service("DynamoDB", &error))?;
        let clock = ShiftedClock::default();
        let sqs = Sqs::with_clock(REGION, ACCOUNT, Arc::new(clock.clone()));
        let secrets = SecretsManager::with_clock(REGION, ACCOUNT, Arc::new(clock.clone()));
        sqs.set_endpoint(&at.sqs);
        Ok(Self { database, sqs, secrets, clock })
    }

    /// Serves DynamoDB until the stack stops.
    pub(crate) fn serve_database(&self, listener: TcpListener, tasks: &TaskTracker, ended: &CancellationToken) {
        let (database, ended) = (self.database.clone(), ended.clone());
        tasks.spawn(async move {
            // Waiting for keep-alive connections would keep the stack from stopping.
            tokio::select! {
                () = ended.cancelled() => {}
                _ = dynoxide::server::serve_with_shutdown(listener, database, std::future::pending()) => {}
            }
        });
    }
}

/// Serves a router until the stack stops.
pub(crate) fn serve(listener: TcpListener, router: Router, tasks: &TaskTracker, ended: &CancellationToken) {
    let ended = ended.clone();
    tasks.spawn(async move {
        tokio::select! {
            () = ended.cancelled() => {}
            _ = axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>()) => {}
        }
    });
}
