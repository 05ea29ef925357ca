//! Every minute: enqueues whatever is due. The table is the schedule; a job that was lost, a worker that died and a wait that is
//! longer than SQS can delay are all found here.

use serde::Serialize;
use shared::aws::AwsConfig;
use shared::clock;
use shared::config::{Lookup, Problems, StartError};
use shared::queue::{Job, Queue, QueueError};
use shared::store::{Store, StoreError};
use shared::tls::Tls;
use std::time::Duration;

/// What the function holds between invocations.
pub struct App {
    store: Store,
    steps: Queue,
    webhooks: Queue,
    retries: Queue,
}

/// The sweep was cut short; the next one begins with the longest overdue again.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// The table.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The queue.
    #[error(transparent)]
    Queue(#[from] QueueError),
}

/// What a sweep did.
#[derive(Debug, Serialize, PartialEq, Eq)]
pub struct Swept {
    /// Jobs enqueued.
    pub enqueued: usize,
}

/// Jobs a sweep enqueues at most: what a worker fleet of five can answer within a minute, several times over.
const AT_ONCE: i32 = 500;

impl App {
    /// Reads the configuration.
    ///
    /// # Errors
    /// [`StartError`] with everything that is wrong.
    pub fn from_lookup(lookup: &Lookup<'_>) -> Result<Self, StartError> {
        let tls = Tls::new()?;
        let mut problems = Problems::default();
        let aws = AwsConfig::from_lookup(lookup, &mut problems, &tls);
        let store = Store::new(&aws, &problems.required(lookup, "TABLE_NAME"));
        let steps = Queue::new(&aws, &problems.required(lookup, "ONBOARDING_QUEUE_URL"));
        let webhooks = Queue::new(&aws, &problems.required(lookup, "WEBHOOK_QUEUE_URL"));
        let retries = Queue::new(&aws, &problems.required(lookup, "MESSAGE_RETRY_QUEUE_URL"));
        problems.finish(Some(Self { store, steps, webhooks, retries })).map_err(StartError::from)
    }

    /// Enqueues every onboarding that is due, the longest overdue first. `onboarding-steps` hands over what is not its own.
    ///
    /// # Errors
    /// [`SweepError`] when the table or the queue fails.
    pub async fn sweep(&self) -> Result<Swept, SweepError> {
        let now = clock::now();
        let due = self.store.due(now, AT_ONCE).await?;
        let mut enqueued = due.len();
        for id in due {
            self.steps.enqueue(&Job::Onboarding { id }, Duration::ZERO).await?;
        }
        for waba in self.store.announced(now, AT_ONCE).await? {
            self.steps.enqueue(&Job::Announced { waba }, Duration::ZERO).await?;
            enqueued += 1;
        }
        for waba in self.store.parked_accounts(now, AT_ONCE).await? {
            self.webhooks.enqueue(&Job::Parked { waba }, Duration::ZERO).await?;
            enqueued += 1;
        }
        for id in self.store.due_messages(now, AT_ONCE).await? {
            self.retries.enqueue(&Job::Message { id }, Duration::ZERO).await?;
            enqueued += 1;
        }
        for id in self.store.due_migrations(now, AT_ONCE).await? {
            self.steps.enqueue(&Job::Migration { id }, Duration::ZERO).await?;
            enqueued += 1;
        }
        tracing::info!(enqueued, "swept");
        Ok(Swept { enqueued })
    }
}
