//! The loop of the workers: load the record, decide what is due, do it, save the result; until nothing is due.
//! Events are published and follow-up jobs enqueued at the end.

mod announced;
mod jobs;

use crate::aws::OPERATION;
use crate::batch::{self, BatchResponse, Record, SqsEvent};
use crate::clock;
use crate::deadline::Deadline;
use crate::domain::failure::{Class, Failure};
use crate::domain::ids::OnboardingId;
use crate::domain::onboarding::{Onboarding, Phase};
use crate::domain::progress::{Fact, Next, advance, advance_all, due_at, next};
use crate::domain::session::Role;
use crate::domain::steps::{Runner, Step};
use crate::domain::time::Timestamp;
use crate::events::Publisher;
use crate::perform::Performer;
use crate::perform::migration::MigrationError;
use crate::publishing::publish_outbox;
use crate::queue::{Job, LONGEST_DELAY, Queue, QueueError};
use crate::store::{Store, StoreError, Updated, Versioned};
use lambda_runtime::LambdaEvent;
use std::time::Duration;

/// Time reserved for one step: with less time left, the step is left to the next job.
const STEP_BUDGET: Duration = Duration::from_secs(12);

/// A job failed because of the infrastructure; SQS redelivers it.
#[derive(Debug, thiserror::Error)]
pub enum WorkError {
    /// Not a job of this version, or not for this function.
    #[error("unrecognised queue message")]
    UnknownJob,
    /// The table.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A queue.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// A phone number migration.
    #[error(transparent)]
    Migration(#[from] MigrationError),
}

/// Dependencies of every worker.
#[derive(Debug, Clone)]
pub struct WorkerDeps {
    /// The records.
    pub store: Store,
    /// Publishes events to the platform.
    pub publisher: Publisher,
    /// `OnboardingQueue`.
    pub steps: Queue,
    /// `CreditQueue`.
    pub credit: Queue,
    /// The platform's role at Meta.
    pub role: Role,
}

/// A worker.
#[derive(Debug)]
pub struct Worker<P> {
    performer: P,
    store: Store,
    steps: Queue,
    credit: Queue,
    publisher: Publisher,
    role: Role,
}

impl<P: Performer + Sync> Worker<P> {
    /// A worker that performs its steps with `performer`.
    #[must_use]
    pub fn new(performer: P, deps: WorkerDeps) -> Self {
        let WorkerDeps { store, publisher, steps, credit, role } = deps;
        Self { performer, store, steps, credit, publisher, role }
    }

    /// The same worker, whose calls to Meta leave enough time before `deadline` for one save.
    fn until(&self, deadline: Deadline) -> Self {
        let performer = self.performer.until(deadline.less(OPERATION));
        let (store, publisher) = (self.store.clone(), self.publisher.clone());
        let (steps, credit) = (self.steps.clone(), self.credit.clone());
        Self { performer, store, steps, credit, publisher, role: self.role }
    }

    /// Handles a batch of jobs: `handle` gets each, with the end of the invocation and a worker whose calls to Meta end in
    /// time for one save.
    pub async fn each(
        &self,
        event: &LambdaEvent<SqsEvent>,
        handle: impl AsyncFn(&Self, Job, Timestamp) -> Result<(), WorkError>,
    ) -> BatchResponse {
        let worker = self.until(Deadline::of(&event.context));
        let deadline = Timestamp::from_millis(i64::try_from(event.context.deadline).unwrap_or(i64::MAX));
        batch::each(&event.payload, async |record: &Record| match serde_json::from_str(&record.body) {
            Ok(job) => handle(&worker, job, deadline).await,
            Err(_) => Err(WorkError::UnknownJob),
        })
        .await
    }

    /// Does everything that is due for one onboarding, that this worker may do, and that fits before `deadline`.
    ///
    /// # Errors
    /// [`WorkError`] when the infrastructure fails; the record then still states what is due.
    pub async fn work(&self, id: &OnboardingId, deadline: Timestamp) -> Result<(), WorkError> {
        let Some(mut held) = self.store.onboarding(id).await? else {
            tracing::warn!(onboarding.id = %id, "job for an unknown onboarding");
            return Ok(());
        };
        let mut facts = Vec::new();
        loop {
            let may_begin = clock::now().after(STEP_BUDGET) < deadline;
            let begun = self.save(&mut held, std::mem::take(&mut facts), may_begin).await?;
            let made = self.performer.graph().calls_made();
            facts = match begun {
                Some(step) => vec![self.perform(&held.record, step).await?],
                None if may_begin => self.perform_due(&mut held).await?.into_iter().collect(),
                None => Vec::new(),
            };
            if facts.is_empty() {
                break;
            }
            let graph = self.performer.graph();
            facts.push(Fact::Called { calls: graph.calls_made().wrapping_sub(made), rest: graph.take_cooldown() });
        }
        let held = publish_outbox::<_, WorkError>(&self.store, &self.publisher, id, held).await?;
        self.enqueue_next(&held.record).await
    }

    async fn perform(&self, onboarding: &Onboarding, step: Step) -> Result<Fact, WorkError> {
        match self.performer.perform(onboarding, step).await {
            Ok(finding) => {
                tracing::info!(onboarding.id = %onboarding.id, step = step.as_str(), "step completed");
                if let (Step::JoinRecord, Some(other)) = (step, &onboarding.joins) {
                    self.steps.enqueue(&Job::Onboarding { id: other.clone() }, Duration::ZERO).await?;
                }
                Ok(Fact::StepSucceeded(step, finding))
            }
            Err(failure) => {
                if failure.class == Class::Hold {
                    tracing::error!(onboarding.id = %onboarding.id, error.code = failure.code, "a proof failed");
                }
                let attempt = onboarding.steps.get(&step).map(|record| record.attempts);
                tracing::info!(onboarding.id = %onboarding.id, step = step.as_str(), attempt, error.code = failure.code, "step failed");
                Ok(Fact::StepFailed(step, failure))
            }
        }
    }

    /// Performs due work other than steps. That it was started is saved first.
    async fn perform_due(&self, held: &mut Versioned<Onboarding>) -> Result<Option<Fact>, WorkError> {
        let due = next(&held.record, P::RUNNER, clock::now());
        let begun = match due {
            Next::Watch => vec![Fact::WatchStarted],
            Next::Fetch => asked_for(&held.record).into_iter().collect(),
            Next::Rescue => rescued(&held.record).into_iter().collect(),
            Next::Confirm => vec![Fact::DepartureCheckStarted],
            Next::Run(_) | Next::HandOver(_) | Next::Nothing => return Ok(None),
        };
        self.save(held, begun, false).await?;
        Ok(self.performer.perform_due(&held.record, due).await)
    }

    /// Saves facts and, in the same write, the start of the next due step. After a version conflict the facts are
    /// applied to the newer record.
    async fn save(
        &self,
        held: &mut Versioned<Onboarding>,
        facts: Vec<Fact>,
        may_begin: bool,
    ) -> Result<Option<Step>, WorkError> {
        match self.save_unless_bound(held, &facts, may_begin).await {
            Err(StoreError::BoundElsewhere) => {
                Ok(self.save_unless_bound(held, &[bound_elsewhere()], may_begin).await?)
            }
            saved => Ok(saved?),
        }
    }

    async fn save_unless_bound(
        &self,
        held: &mut Versioned<Onboarding>,
        facts: &[Fact],
        may_begin: bool,
    ) -> Result<Option<Step>, StoreError> {
        let mut begun = None;
        let decide = |before: Option<&Onboarding>| {
            let Some(before) = before else { return Ok::<_, StoreError>(None) };
            let moment = clock::moment();
            let (mut after, timeline) = advance_all(before, facts, moment);
            begun = match next(&after, P::RUNNER, moment.now) {
                Next::Run(step) if may_begin => Some(step),
                _ => None,
            };
            if let Some(step) = begun {
                after = advance(&after, &Fact::StepStarted(step), moment).0;
            }
            Ok(Some((after, timeline)))
        };
        match self.store.update_read(&held.record.id.clone(), Some(held.clone()), decide).await? {
            Updated::Saved(saved) => {
                *held = saved;
                Ok(begun)
            }
            Updated::Unchanged(newest) => {
                newest.into_iter().for_each(|newest| *held = newest);
                Ok(None)
            }
        }
    }

    /// Enqueues what is due soon; what is due later than SQS can delay is found by the sweeper.
    async fn enqueue_next(&self, onboarding: &Onboarding) -> Result<(), WorkError> {
        let job = Job::Onboarding { id: onboarding.id.clone() };
        let now = clock::now();
        match next(onboarding, P::RUNNER, now) {
            Next::HandOver(Runner::Credit) => self.credit.enqueue(&job, Duration::ZERO).await?,
            Next::HandOver(Runner::Steps) => self.steps.enqueue(&job, Duration::ZERO).await?,
            Next::Run(_) | Next::Rescue | Next::Fetch | Next::Confirm | Next::Watch => {
                self.own_queue().enqueue(&job, Duration::ZERO).await?;
            }
            Next::Nothing => {
                let wait = due_at(onboarding).map(|due| due.since(now)).filter(|wait| *wait <= LONGEST_DELAY);
                if let Some(wait) = wait {
                    self.steps.enqueue(&job, wait.saturating_add(Duration::from_secs(1))).await?;
                }
            }
        }
        Ok(())
    }

    fn own_queue(&self) -> &Queue {
        match P::RUNNER {
            Runner::Steps => &self.steps,
            Runner::Credit => &self.credit,
        }
    }
}

/// Another record claimed the account after it was verified: verifying it again finds the new owner.
fn bound_elsewhere() -> Fact {
    Fact::StepFailed(Step::VerifyGrant, Failure::new(Class::Later, "grant.owner_changed"))
}

fn rescued(onboarding: &Onboarding) -> Option<Fact> {
    match &onboarding.phase {
        Phase::Exchanging { attempt, .. } => Some(Fact::RescueStarted(attempt.clone())),
        _ => None,
    }
}

fn asked_for(onboarding: &Onboarding) -> Option<Fact> {
    match (&onboarding.phase, &onboarding.renewal) {
        (Phase::Fetching { attempt, .. }, _) => Some(Fact::FetchAsked(attempt.clone())),
        (_, Some(renewal)) => Some(Fact::FetchAsked(renewal.attempt.clone())),
        _ => None,
    }
}
