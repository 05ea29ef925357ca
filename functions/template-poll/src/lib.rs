//! Every two hours, one job per active account; each job reads all templates of an account and saves what changed.

use lambda_runtime::{Diagnostic, LambdaEvent};
use serde::{Deserialize, Serialize};
use shared::aws::OPERATION;
use shared::batch::{self, BatchResponse, Record, SqsEvent};
use shared::clock;
use shared::config::{Lookup, StartError};
use shared::deadline::Deadline;
use shared::domain::failure::{Class, Failure};
use shared::domain::ids::OnboardingId;
use shared::domain::onboarding::Onboarding;
use shared::domain::progress::Fact;
use shared::events::Publisher;
use shared::graph::client::GraphClient;
use shared::graph::error::is_refused_access;
use shared::perform::Customer;
use shared::perform::template_editor::TemplateEditor;
use shared::perform::templates::{self, Begin};
use shared::queue::{Job, LONGEST_DELAY, Queue, QueueError};
use shared::secrets::{Vault, VaultError};
use shared::store::{ActiveWaba, Recorded, Store, StoreError};
use shared::telemetry::diagnostic;
use shared::wiring::Wiring;
use std::ops::RangeInclusive;
use std::time::Duration;

/// Deliveries of a job that continue where the previous one stopped. The last two of five start over, in case Meta
/// cannot answer from that position.
const RESUMED: RangeInclusive<u32> = 2..=3;

/// Reserved for saving what was read, counting the calls and recording a revoked token.
const SAVING: Duration = OPERATION.saturating_mul(3);

/// State of the function between invocations.
#[derive(Clone)]
pub struct App {
    store: Store,
    vault: Vault,
    graph: GraphClient,
    queue: Queue,
    steps: Queue,
    publisher: Publisher,
}

/// A poll did not finish; its job is redelivered.
#[derive(Debug, thiserror::Error)]
pub enum PollError {
    /// Not a job that this version knows.
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
    /// Meta is unreachable or limits our calls.
    #[error("failed to poll the account ({0})")]
    Later(String),
}

/// The error type that Lambda logs and counts.
impl From<PollError> for Diagnostic {
    fn from(error: PollError) -> Self {
        let error_type = match &error {
            PollError::UnknownJob => "UnrecognisedMessage",
            PollError::Store(_) => "TableUnavailable",
            PollError::Queue(_) => "QueueUnavailable",
            PollError::Vault(_) => "VaultUnavailable",
            PollError::Later(_) => "MetaUnavailable",
        };
        diagnostic(error_type, &error)
    }
}

/// The function's input: a batch of jobs, or the schedule's event, whose content is not used.
#[derive(Deserialize)]
#[serde(untagged)]
pub enum Occasion {
    /// Accounts to poll.
    Accounts(SqsEvent),
    /// The schedule.
    Schedule(serde::de::IgnoredAny),
}

/// The function's output.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Outcome {
    /// Jobs that failed.
    Accounts(BatchResponse),
    /// Jobs that were enqueued.
    Schedule {
        /// Their number.
        queued: usize,
    },
}

impl App {
    /// Reads the configuration.
    ///
    /// # Errors
    /// [`StartError`] with all problems.
    pub fn from_lookup(lookup: &Lookup<'_>) -> Result<Self, StartError> {
        let mut wiring = Wiring::new(lookup)?;
        let (store, vault, graph, publisher) = (wiring.store(), wiring.vault(), wiring.graph()?, wiring.publisher());
        let (queue, steps) = (wiring.queue("TEMPLATE_QUEUE_URL"), wiring.queue("ONBOARDING_QUEUE_URL"));
        wiring.finish(|| Some(Self { store, vault, graph: graph?, queue, steps, publisher }))
    }

    /// Handles either input.
    ///
    /// # Errors
    /// [`PollError`] when the accounts cannot be listed or enqueued.
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

    /// Enqueues one job per account, spread over as many seconds as there are accounts, so that Meta is not called for
    /// all at once.
    async fn fan_out(&self) -> Result<Outcome, PollError> {
        let wabas = self.store.active_wabas().await?;
        let queued = wabas.len();
        let window = u64::try_from(queued).unwrap_or(u64::MAX).min(LONGEST_DELAY.as_secs());
        for ActiveWaba { waba, onboarding } in wabas {
            let wait = Duration::from_secs(rand::random::<u64>() % window.max(1));
            self.queue.enqueue(&Job::Templates { waba, onboarding }, wait).await?;
        }
        tracing::info!(queued, "template poll started");
        Ok(Outcome::Schedule { queued })
    }

    /// Polls one account; a redelivered job continues where it stopped.
    async fn account(&self, record: &Record) -> Result<(), PollError> {
        let Ok(Job::Templates { onboarding, .. }) = serde_json::from_str(&record.body) else {
            return Err(PollError::UnknownJob);
        };
        let asked = record.sent_at().filter(|_| RESUMED.contains(&record.receipts()));
        let begin = asked.map_or(Begin::Anew, |asked| Begin::WhereItStopped { asked });
        match self.poll(&onboarding, begin).await? {
            Ok(()) => Ok(()),
            Err(Failure { class: Class::Later | Class::LaterAfter(_), code, .. }) => Err(PollError::Later(code)),
            // A retry would not help: the next poll tries again.
            Err(Failure { code, .. }) => {
                tracing::warn!(onboarding.id = %onboarding, error.code = code, "account not polled");
                Ok(())
            }
        }
    }

    async fn poll(&self, id: &OnboardingId, begin: Begin) -> Result<Result<(), Failure>, PollError> {
        let Some(onboarding) = self.store.onboarding(id).await?.map(|held| held.record) else {
            return Ok(Ok(()));
        };
        // The hour's calls are reserved for the onboarding in progress; the next poll tries again.
        if is_tight(&onboarding) && onboarding.calls.free_at() > clock::now() {
            tracing::info!(onboarding.id = %id, "account not polled: its calls are reserved for the onboarding");
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
                self.drafts(id, &TemplateEditor { customer: &customer, waba, store, publisher }).await;
                self.count(&onboarding, self.graph.calls_made().wrapping_sub(made)).await?;
                synced
            }
        };
        match &synced {
            Err(Failure { class: Class::TokenDead, code, .. }) => {
                self.noted(id, Fact::TokenDied(attempt.clone(), code.clone())).await?;
            }
            Err(failure) if is_refused_access(failure) => self.noted(id, Fact::AccessDoubted).await?,
            _ => {}
        }
        Ok(synced.map(|synced| {
            tracing::info!(waba.id = %waba.id(), listed = synced.listed, changed = synced.changed, "templates polled");
        }))
    }

    /// Polls and onboarding share the hourly calls of an account that has few. Nothing is saved for other accounts.
    async fn count(&self, onboarding: &Onboarding, calls: u32) -> Result<(), PollError> {
        let rest = self.graph.take_cooldown();
        if is_tight(onboarding) || rest > 0 {
            let called = Fact::Called { calls, rest };
            self.store.record(&onboarding.id, &called, clock::moment()).await?;
        }
        Ok(())
    }

    /// Submits templates that were prepared before the account could accept them. Failures are retried at the next
    /// poll.
    async fn drafts(&self, id: &OnboardingId, editor: &TemplateEditor<'_>) {
        match editor.submit_drafts(id).await {
            Ok(0) => {}
            Ok(submitted) => tracing::info!(onboarding.id = %id, submitted, "drafts submitted"),
            Err(error) => {
                tracing::warn!(onboarding.id = %id, error = shared::telemetry::chain(&error), "drafts not submitted");
            }
        }
    }

    /// Saves a fact that the poll brought to light; `onboarding-steps` acts on it.
    async fn noted(&self, id: &OnboardingId, fact: Fact) -> Result<(), PollError> {
        match self.store.record(id, &fact, clock::moment()).await? {
            Recorded::Changed(_) => Ok(self.steps.enqueue(&Job::Onboarding { id: id.clone() }, Duration::ZERO).await?),
            Recorded::Unchanged | Recorded::Unknown => Ok(()),
        }
    }
}

/// Whether Meta limits the account to 200 calls an hour, which it does for accounts without a registered number.
fn is_tight(onboarding: &Onboarding) -> bool {
    onboarding.numbers.values().all(|number| number.registered_at.is_none() && !number.coexists)
}
