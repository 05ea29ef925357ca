//! Every two hours one message per active account; for each, all templates are read and differences are stored.

use lambda_runtime::LambdaEvent;
use serde::{Deserialize, Serialize};
use shared::aws::{AwsConfig, OPERATION};
use shared::batch::{self, BatchResponse, Record, SqsEvent};
use shared::clock;
use shared::config::{Lookup, Problems, StartError};
use shared::deadline::Deadline;
use shared::domain::failure::{Class, Failure};
use shared::domain::ids::{AttemptId, OnboardingId};
use shared::domain::onboarding::Onboarding;
use shared::domain::progress::Fact;
use shared::events::Publisher;
use shared::graph::client::GraphClient;
use shared::perform::Customer;
use shared::perform::desk::Desk;
use shared::perform::templates::{self, Begin};
use shared::queue::{Job, LONGEST_DELAY, Queue, QueueError};
use shared::secrets::{PlatformSecret, Vault, VaultError};
use shared::store::{ActiveWaba, Recorded, Store, StoreError};
use shared::tls::Tls;
use shared::transport::Transport;
use std::ops::RangeInclusive;
use std::time::Duration;

/// Receipts of a message that go on where the one before stopped. The last two of five begin anew: if it was the place itself
/// that Meta could not answer, it is left.
const RESUMED: RangeInclusive<u32> = 2..=3;

/// Kept for saving what was read, counting the calls and ending a dead token.
const SAVING: Duration = OPERATION.saturating_mul(3);

/// What the function holds between invocations.
#[derive(Clone)]
pub struct App {
    store: Store,
    vault: Vault,
    graph: GraphClient,
    queue: Queue,
    steps: Queue,
    publisher: Publisher,
}

/// A poll is not done; its message comes again.
#[derive(Debug, thiserror::Error)]
pub enum PollError {
    /// Not a job of this version.
    #[error("unrecognised queue message")]
    UnknownJob,
    /// The table.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The queue.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// The vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// Meta is unreachable or limits us.
    #[error("poll ({0})")]
    Later(String),
}

/// What the function is called with: a batch of accounts, or the schedule's event, which says nothing of use.
#[derive(Deserialize)]
#[serde(untagged)]
pub enum Occasion {
    /// Accounts to poll.
    Accounts(SqsEvent),
    /// The schedule.
    Schedule(serde::de::IgnoredAny),
}

/// What the function answers.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Outcome {
    /// Accounts that failed.
    Accounts(BatchResponse),
    /// Accounts that will be polled.
    Schedule {
        /// How many.
        queued: usize,
    },
}

impl App {
    /// Reads the configuration.
    ///
    /// # Errors
    /// [`StartError`] with everything that is wrong.
    pub fn from_lookup(lookup: &Lookup<'_>) -> Result<Self, StartError> {
        let tls = Tls::new()?;
        let transport = Transport::new(&tls)?;
        let mut problems = Problems::default();
        let aws = AwsConfig::from_lookup(lookup, &mut problems, &tls);
        let events = Queue::new(&aws, &problems.required(lookup, "PLATFORM_EVENTS_QUEUE_URL"));
        let publisher = Publisher::new(events, &problems.required(lookup, "EVENT_SOURCE"));
        let store = Store::new(&aws, &problems.required(lookup, "TABLE_NAME"));
        let vault = Vault::new(&aws, &problems.required(lookup, "SECRET_PREFIX"));
        let queue = Queue::new(&aws, &problems.required(lookup, "TEMPLATE_QUEUE_URL"));
        let steps = Queue::new(&aws, &problems.required(lookup, "ONBOARDING_QUEUE_URL"));
        let app_secret = PlatformSecret::new(&aws, &problems.required(lookup, "APP_SECRET_ARN"));
        let graph = shared::graph::from_lookup(lookup, &mut problems);
        let graph = GraphClient::new(transport, problems.finish(graph)?, app_secret);
        Ok(Self { store, vault, graph, queue, steps, publisher })
    }

    /// Handles either occasion.
    ///
    /// # Errors
    /// [`PollError`] when the accounts cannot be listed or queued.
    pub async fn handle(&self, event: LambdaEvent<Occasion>) -> Result<Outcome, PollError> {
        let until = Deadline::of(&event.context).less(SAVING);
        match event.payload {
            Occasion::Accounts(event) => {
                let app = Self { graph: self.graph.until(until), ..self.clone() };
                let response = batch::each(&event, async |record: &Record| app.account(record).await).await;
                Ok(Outcome::Accounts(response))
            }
            Occasion::Schedule(_) => self.fan_out().await,
        }
    }

    /// One message per account, spread over as many seconds as there are accounts, so that Meta is not called by all at once.
    async fn fan_out(&self) -> Result<Outcome, PollError> {
        let wabas = self.store.active_wabas().await?;
        let queued = wabas.len();
        let window = u64::try_from(queued).unwrap_or(u64::MAX).min(LONGEST_DELAY.as_secs());
        for ActiveWaba { waba, onboarding } in wabas {
            let wait = Duration::from_secs(rand::random::<u64>() % window.max(1));
            self.queue.enqueue(&Job::Templates { waba, onboarding }, wait).await?;
        }
        tracing::info!(queued, "template poll begun");
        Ok(Outcome::Schedule { queued })
    }

    /// Polls one account; a message that comes again goes on where it stopped.
    async fn account(&self, record: &Record) -> Result<(), PollError> {
        let Ok(Job::Templates { onboarding, .. }) = serde_json::from_str(&record.body) else {
            return Err(PollError::UnknownJob);
        };
        let asked = record.sent_at().filter(|_| RESUMED.contains(&record.receipts()));
        let begin = asked.map_or(Begin::Anew, |asked| Begin::WhereItStopped { asked });
        match self.poll(&onboarding, begin).await? {
            Ok(()) => Ok(()),
            Err(Failure { class: Class::Later | Class::LaterAfter(_), code, .. }) => Err(PollError::Later(code)),
            // Nothing a repeat would change: the next poll looks again.
            Err(Failure { code, .. }) => {
                tracing::warn!(onboarding.id = %onboarding, error.code = code, "an account cannot be polled");
                Ok(())
            }
        }
    }

    async fn poll(&self, id: &OnboardingId, begin: Begin) -> Result<Result<(), Failure>, PollError> {
        let Some(onboarding) = self.store.onboarding(id).await?.map(|held| held.record) else {
            return Ok(Ok(()));
        };
        // The hour's calls are for whoever is being connected; the next poll looks again.
        if is_tight(&onboarding) && onboarding.calls.free_at() > clock::now() {
            tracing::info!(onboarding.id = %id, "an account is not polled in favour of its onboarding");
            return Ok(Ok(()));
        }
        let (Some(attempt), Some(waba)) =
            (onboarding.token_attempt().filter(|_| !onboarding.is_leaving()), &onboarding.waba)
        else {
            return Ok(Ok(()));
        };
        let synced = match self.vault.business_token(attempt).await? {
            None => Err(Failure::new(Class::TokenDead, "token.missing")),
            Some(token) => {
                let customer = Customer { graph: &self.graph, token: &token };
                let made = self.graph.calls_made();
                let synced = templates::sync(&customer, &self.store, &self.publisher, waba, begin).await;
                let (store, publisher) = (&self.store, &self.publisher);
                self.drafts(id, &Desk { customer: &customer, waba, store, publisher }).await;
                self.count(&onboarding, self.graph.calls_made().wrapping_sub(made)).await?;
                synced
            }
        };
        if let Err(Failure { class: Class::TokenDead, code, .. }) = &synced {
            self.token_died(id, attempt.clone(), code.clone()).await?;
        }
        Ok(synced.map(|synced| {
            tracing::info!(waba.id = %waba.id(), listed = synced.listed, changed = synced.changed, "templates polled");
        }))
    }

    /// Polls and onboarding share the hour's calls of an account that has few. Of the others nothing is written.
    async fn count(&self, onboarding: &Onboarding, calls: u32) -> Result<(), PollError> {
        let rest = self.graph.take_cooldown();
        if is_tight(onboarding) || rest > 0 {
            let called = Fact::Called { calls, rest };
            self.store.record(&onboarding.id, &called, clock::moment()).await?;
        }
        Ok(())
    }

    /// What was prepared before the account could take it. What fails now is tried again at the next poll.
    async fn drafts(&self, id: &OnboardingId, desk: &Desk<'_>) {
        match desk.submit_drafts(id).await {
            Ok(0) => {}
            Ok(submitted) => tracing::info!(onboarding.id = %id, submitted, "prepared templates were submitted"),
            Err(error) => {
                tracing::warn!(onboarding.id = %id, error = shared::telemetry::chain(&error), "prepared templates wait");
            }
        }
    }

    /// The customer has to connect again; the platform is told by `onboarding-steps`.
    async fn token_died(&self, id: &OnboardingId, attempt: AttemptId, code: String) -> Result<(), PollError> {
        match self.store.record(id, &Fact::TokenDied(attempt, code), clock::moment()).await? {
            Recorded::Changed(_) => Ok(self.steps.enqueue(&Job::Onboarding { id: id.clone() }, Duration::ZERO).await?),
            Recorded::Unchanged | Recorded::Unknown => Ok(()),
        }
    }
}

/// Whether Meta lets the account have 200 calls an hour only: those without a registered number.
fn is_tight(onboarding: &Onboarding) -> bool {
    onboarding.numbers.values().all(|number| number.registered_at.is_none() && !number.coexists)
}
