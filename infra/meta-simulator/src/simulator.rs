//! A running simulator.

use crate::clock::Clock;
use crate::connection::{Cuttable, Scissors};
use crate::control;
use crate::graph;
use crate::journal::Journal;
use crate::meta::Meta;
use crate::openapi::{Document, DocumentError};
use crate::options::Options;
use crate::popup;
use crate::webhooks::Webhooks;
use crate::world::World;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Response timeout of a webhook.
const WEBHOOK_PATIENCE: Duration = Duration::from_secs(20);

/// Why a simulator could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The listener has no address.
    #[error("failed to read the address: {0}")]
    Listener(#[from] io::Error),
    /// The HTTP client of the webhooks.
    #[error("failed to build the webhook client: {0}")]
    Client(#[from] reqwest::Error),
    /// TLS of that client.
    #[error("failed to configure TLS: {0}")]
    Tls(#[from] rustls::Error),
    /// Meta's OpenAPI document.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// The state of an earlier run.
    #[error("failed to restore the simulated Meta: {0}")]
    Snapshot(#[from] serde_json::Error),
}

/// A running simulator; a cheap handle.
#[derive(Clone)]
pub struct Simulator {
    meta: Arc<Meta>,
    tasks: TaskTracker,
    ended: CancellationToken,
}

impl Simulator {
    /// Starts serving on a listener.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn start(mut options: Options, listener: TcpListener) -> Result<Self, StartError> {
        let url = format!("http://localhost:{}", listener.local_addr()?.port());
        let world: World = options.snapshot.take().map(serde_json::from_value).transpose()?.unwrap_or_default();
        let (tasks, ended) = (TaskTracker::new(), CancellationToken::new());
        let (clock, journal) = (Arc::new(Clock::default()), Arc::new(Mutex::new(Journal::default())));
        let webhooks = Webhooks {
            client: client()?,
            options: options.clone(),
            clock: Arc::clone(&clock),
            journal: Arc::clone(&journal),
            tasks: tasks.clone(),
            ended: ended.clone(),
        };
        let meta = Arc::new(Meta {
            options,
            clock,
            journal,
            webhooks: Arc::new(webhooks),
            document: Document::embedded()?,
            url,
            world: Mutex::new(world),
            faults: Mutex::default(),
        });
        let router = control::router()
            .merge(popup::router())
            .merge(graph::upload::router())
            .fallback(graph::serve)
            .with_state(Arc::clone(&meta));
        let service = router.into_make_service_with_connect_info::<Scissors>();
        let stopped = ended.clone();
        tasks.spawn(async move {
            tokio::select! {
                () = stopped.cancelled() => {}
                _ = axum::serve(Cuttable(listener), service) => {}
            }
        });
        Ok(Self { meta, tasks, ended })
    }

    /// Base URL of the Graph API, the SDK stand-in and `/_sim/`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.meta.url
    }

    /// Everything that exists at Meta, for [`Options::snapshot`].
    #[must_use]
    pub fn snapshot(&self) -> serde_json::Value {
        // Text keys and plain values only, so serialisation cannot fail.
        serde_json::to_value(&*self.meta.world()).unwrap_or_default()
    }

    /// Stops it, including webhooks that are not delivered yet.
    pub async fn stop(self) {
        self.ended.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

fn client() -> Result<reqwest::Client, StartError> {
    let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let tls = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(reqwest::Client::builder().tls_backend_preconfigured(tls).no_proxy().timeout(WEBHOOK_PATIENCE).build()?)
}
