//! The one imperative loop of the workers: load, ask, do one thing, tell, save; until nothing is due.

use crate::aws::AwsConfig;
use crate::batch::{self, BatchResponse, Record, SqsEvent};
use crate::clock;
use crate::config::{Lookup, Problems};
use crate::domain::failure::{Class, Failure};
use crate::domain::ids::{AttemptId, OnboardingId};
use crate::domain::onboarding::{Onboarding, Phase};
use crate::domain::progress::{Event, Next, advance, due_at, next};
use crate::domain::steps::{Runner, Step};
use crate::domain::time::Timestamp;
use crate::events::Publisher;
use crate::perform::Performer;
use crate::queue::{Bell, LONGEST_DELAY, Queue, QueueError};
use crate::secrets::{Vault, VaultError};
use crate::store::{Held, Save, Store, StoreError};
use lambda_runtime::LambdaEvent;
use std::time::Duration;

/// Time a step may need: a worker with less left lets the next bell begin it.
const STEP_BUDGET: Duration = Duration::from_secs(12);

/// How often a fact is applied to a newer record before the message goes back to the queue.
const CONFLICTS: u32 = 5;

/// Work on an onboarding stopped for a reason of the infrastructure; the message comes again.
#[derive(Debug, thiserror::Error)]
pub enum WorkError {
    /// Not a bell of this version, or not for this function.
    #[error("understand the bell")]
    UnknownBell,
    /// The table.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A queue.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// The vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

/// What every worker has.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// The records.
    pub store: Store,
    /// Tells the platform.
    pub publisher: Publisher,
    steps: Queue,
    credit: Queue,
}

impl Surroundings {
    /// Reads `TABLE_NAME`, `ONBOARDING_QUEUE_URL`, `CREDIT_QUEUE_URL`, `PLATFORM_EVENTS_QUEUE_URL` and `EVENT_SOURCE`.
    pub fn from_lookup(lookup: &Lookup<'_>, problems: &mut Problems, aws: &AwsConfig) -> Self {
        let events = Queue::new(aws, &problems.required(lookup, "PLATFORM_EVENTS_QUEUE_URL"));
        Self {
            store: Store::new(aws, &problems.required(lookup, "TABLE_NAME")),
            publisher: Publisher::new(events, &problems.required(lookup, "EVENT_SOURCE")),
            steps: Queue::new(aws, &problems.required(lookup, "ONBOARDING_QUEUE_URL")),
            credit: Queue::new(aws, &problems.required(lookup, "CREDIT_QUEUE_URL")),
        }
    }
}

/// A worker.
#[derive(Debug)]
pub struct Worker<P> {
    performer: P,
    store: Store,
    steps: Queue,
    credit: Queue,
    publisher: Publisher,
    rescue: Option<Vault>,
}

impl<P: Performer + Sync> Worker<P> {
    /// A worker that performs its steps by `performer`. With `rescue` it may also look for the token of an exchange that
    /// died; only `onboarding-steps` reads customers' tokens.
    #[must_use]
    pub fn new(performer: P, surroundings: Surroundings, rescue: Option<Vault>) -> Self {
        let Surroundings { store, publisher, steps, credit } = surroundings;
        Self { performer, store, steps, credit, publisher, rescue }
    }

    /// Answers a batch of bells.
    pub async fn answer(&self, event: &LambdaEvent<SqsEvent>) -> BatchResponse {
        let deadline = Timestamp::from_millis(i64::try_from(event.context.deadline).unwrap_or(i64::MAX));
        batch::each(&event.payload, async |record: &Record| match serde_json::from_str(&record.body) {
            Ok(Bell::Onboarding { id }) => self.work(&id, deadline).await,
            Ok(Bell::Templates { .. }) | Err(_) => Err(WorkError::UnknownBell),
        })
        .await
    }

    /// Does everything that is due for one onboarding and may be done by this worker before `deadline`.
    ///
    /// # Errors
    /// [`WorkError`] when the infrastructure fails; the record then says what is due.
    pub async fn work(&self, id: &OnboardingId, deadline: Timestamp) -> Result<(), WorkError> {
        let Some(mut held) = self.store.onboarding(id).await? else {
            tracing::warn!(onboarding.id = %id, "a bell rang for an unknown onboarding");
            return Ok(());
        };
        let mut fact = None;
        loop {
            let may_begin = clock::now().after(STEP_BUDGET) < deadline;
            let begun = self.save(&mut held, fact.take(), may_begin).await?;
            if let Some(step) = begun {
                fact = Some(self.perform(&held.record, step).await);
            } else if let (Next::Rescue, Some(vault)) = (next(&held.record, P::RUNNER, clock::now()), &self.rescue) {
                fact = rescue(vault, &held.record).await?;
            } else {
                break;
            }
        }
        self.tell(&mut held).await?;
        self.ring_next(&held.record).await
    }

    async fn perform(&self, onboarding: &Onboarding, step: Step) -> Event {
        match self.performer.perform(onboarding, step).await {
            Ok(finding) => {
                tracing::info!(onboarding.id = %onboarding.id, step = step.as_str(), "a step is done");
                Event::StepSucceeded(step, finding)
            }
            Err(failure) => {
                let attempt = onboarding.steps.get(&step).map(|record| record.attempts);
                tracing::info!(onboarding.id = %onboarding.id, step = step.as_str(), attempt, error.code = failure.code, "a step is not done");
                Event::StepFailed(step, failure)
            }
        }
    }

    /// Saves a fact and, in the same write, that the next due step is begun. A fact is applied again to a newer record.
    async fn save(
        &self,
        held: &mut Held<Onboarding>,
        mut fact: Option<Event>,
        may_begin: bool,
    ) -> Result<Option<Step>, WorkError> {
        for _ in 0..CONFLICTS {
            let moment = clock::moment();
            let mut timeline = Vec::new();
            let mut after = held.record.clone();
            if let Some(fact) = &fact {
                (after, timeline) = advance(&after, fact, moment);
            }
            let begun = match next(&after, P::RUNNER, moment.now) {
                Next::Run(step) if may_begin => Some(step),
                Next::Run(_) | Next::HandOver(_) | Next::Rescue | Next::Nothing => None,
            };
            if let Some(step) = begun {
                after = advance(&after, &Event::StepStarted(step), moment).0;
            }
            if after == held.record {
                return Ok(None);
            }
            let save = Save { version: held.version, before: &held.record, after: &after, timeline: &timeline };
            match self.store.save(&save).await {
                Ok(()) => {
                    *held = Held { version: held.version.saturating_add(1), record: after };
                    return Ok(begun);
                }
                Err(StoreError::BoundElsewhere) => fact = Some(bound_elsewhere()),
                Err(StoreError::Conflict) => match self.store.onboarding(&held.record.id).await? {
                    Some(newer) => *held = newer,
                    None => return Ok(None),
                },
                Err(error) => return Err(error.into()),
            }
        }
        Err(StoreError::Conflict.into())
    }

    /// Sends the events that were saved with their facts, and saves that they are sent.
    async fn tell(&self, held: &mut Held<Onboarding>) -> Result<(), WorkError> {
        let pending = held.record.outbox.clone();
        if pending.is_empty() {
            return Ok(());
        }
        for event in &pending {
            self.publisher.onboarding(&held.record, event).await?;
        }
        self.save(held, Some(Event::EventsSent(pending)), false).await.map(drop)
    }

    /// Rings for what is due soon; what is due later than SQS can delay is found by the sweeper.
    async fn ring_next(&self, onboarding: &Onboarding) -> Result<(), WorkError> {
        let bell = Bell::Onboarding { id: onboarding.id.clone() };
        let now = clock::now();
        match next(onboarding, P::RUNNER, now) {
            Next::HandOver(Runner::Credit) => self.credit.ring(&bell, Duration::ZERO).await?,
            Next::HandOver(Runner::Steps) | Next::Rescue => self.steps.ring(&bell, Duration::ZERO).await?,
            Next::Run(_) => self.own_queue().ring(&bell, Duration::ZERO).await?,
            Next::Nothing => {
                let wait = due_at(onboarding).map(|due| due.since(now)).filter(|wait| *wait <= LONGEST_DELAY);
                if let Some(wait) = wait {
                    self.steps.ring(&bell, wait.saturating_add(Duration::from_secs(1))).await?;
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

fn bound_elsewhere() -> Event {
    Event::StepFailed(Step::VerifyGrant, Failure::new(Class::Hold, "grant.bound_elsewhere"))
}

/// Finds out what became of an exchange whose lease ended: the token is in the vault under the attempt's name, or lost.
async fn rescue(vault: &Vault, onboarding: &Onboarding) -> Result<Option<Event>, VaultError> {
    let Phase::Exchanging { attempt, .. } = &onboarding.phase else {
        return Ok(None);
    };
    let attempt: &AttemptId = attempt;
    let found = vault.business_token(attempt).await?.is_some();
    tracing::warn!(onboarding.id = %onboarding.id, found, "a code exchange did not finish");
    Ok(Some(if found {
        Event::TokenStored(attempt.clone())
    } else {
        Event::ExchangeFailed(attempt.clone(), "exchange.lost")
    }))
}
