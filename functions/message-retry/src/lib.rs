//! `MessageRetryQueue`: makes the one second attempt of a failed message when it is due, and publishes events about
//! messages.

use lambda_runtime::LambdaEvent;
use shared::aws::OPERATION;
use shared::batch::{self, BatchResponse, Record, SqsEvent};
use shared::clock;
use shared::config::{Lookup, StartError};
use shared::deadline::Deadline;
use shared::domain::ids::MessageId;
use shared::domain::message::{Message, MessageFact, MessageNext};
use shared::events::Publisher;
use shared::perform::messages::{SendError, Sender};
use shared::publishing::publish_outbox;
use shared::queue::{Job, QueueError};
use shared::store::StoreError;
use shared::wiring::Wiring;
use std::time::Duration;

/// State of the function between invocations.
pub struct App {
    sender: Sender,
    publisher: Publisher,
}

/// A message could not be processed; its job is redelivered.
#[derive(Debug, thiserror::Error)]
pub enum RetryError {
    /// Not a job that this version knows.
    #[error("unrecognised queue message")]
    UnknownJob,
    /// A dependency is unavailable.
    #[error(transparent)]
    Send(#[from] SendError),
    /// The queue.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// The table.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Time a message may need: with less left its job is enqueued again, and costs none of its receives.
const MESSAGE_BUDGET: Duration = Duration::from_secs(12);

/// Most actions per job: publish, send, and publish again.
const TURNS: usize = 6;

impl App {
    /// Reads the configuration.
    ///
    /// # Errors
    /// [`StartError`] with all problems.
    pub fn from_lookup(lookup: &Lookup<'_>) -> Result<Self, StartError> {
        let mut wiring = Wiring::new(lookup)?;
        let (sender, publisher) = (wiring.sender()?, wiring.publisher());
        wiring.finish(|| Some(Self { sender: sender?, publisher }))
    }

    /// Handles a batch of jobs.
    pub async fn handle(&self, event: &LambdaEvent<SqsEvent>) -> BatchResponse {
        let deadline = Deadline::of(&event.context);
        let (sender, publisher) = (self.sender.until(deadline.less(OPERATION)), self.publisher.clone());
        let app = Self { sender, publisher };
        batch::each(&event.payload, async |record: &Record| match Job::read(&record.body) {
            Some(Job::Message { id }) if deadline.leaves(MESSAGE_BUDGET) => app.message(&id).await,
            Some(job @ Job::Message { .. }) => Ok(app.sender.retries.enqueue(&job, Duration::ZERO).await?),
            _ => Err(RetryError::UnknownJob),
        })
        .await
    }

    /// Does what is due for one message.
    async fn message(&self, id: &MessageId) -> Result<(), RetryError> {
        for _ in 0..TURNS {
            let found = self.sender.store.message(id).await?;
            let Some(held) = found else { return Ok(()) };
            let message = &held.record;
            match message.next(clock::now()) {
                MessageNext::Publish => {
                    publish_outbox::<_, RetryError>(&self.sender.store, &self.publisher, id, held).await?;
                }
                MessageNext::Send => self.again(message).await?,
                MessageNext::Reconcile => drop(self.sender.record(id, &MessageFact::Overdue).await?),
                MessageNext::Wait(_) => {
                    self.sender.enqueue(message).await;
                    return Ok(());
                }
                MessageNext::Nothing => return Ok(()),
            }
        }
        Ok(())
    }

    /// Makes the second attempt, unless the customer has left or the person opted out. It is saved as started before
    /// anything is sent, and an attempt that was saved as started is never sent again.
    async fn again(&self, message: &Message) -> Result<(), RetryError> {
        let store = &self.sender.store;
        let held = store.onboarding(&message.onboarding).await?;
        let onboarding = held.map(|held| held.record);
        let credentials = match &onboarding {
            Some(onboarding) => self.sender.credentials(onboarding, message).await?,
            None => None,
        };
        let payload = store.message_payload(&message.id).await?;
        let (Some(onboarding), Some((token, phone))) = (&onboarding, credentials) else {
            return self.drop_it(message, "message.not_connected").await;
        };
        let Some(payload) = payload else { return self.drop_it(message, "message.text_gone").await };
        let payload = payload.read().ok_or(SendError::Payload)?;
        if self.sender.is_unwanted(message, &payload, &token).await? {
            return self.drop_it(message, "message.opted_out").await;
        }
        if let Some(begun) = self.sender.record(&message.id, &MessageFact::Retried).await? {
            self.sender.attempt(onboarding, &begun, (&token, phone), &payload).await?;
        }
        Ok(())
    }

    async fn drop_it(&self, message: &Message, code: &'static str) -> Result<(), RetryError> {
        self.sender.record(&message.id, &MessageFact::Dropped(code)).await?;
        Ok(())
    }
}
