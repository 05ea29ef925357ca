//! `WebhookQueue`: unpacks Meta's deliveries, applies what changes our records, and passes every change on. A change that
//! fails is queued again alone; its neighbours are done.

mod apply;
mod breaker;
mod delivery;
mod pending_events;
mod reception;
mod route;
mod windows;

use apply::Applier;
use breaker::Breaker;
use pending_events::{PendingEvents, ProcessedBody};
use reception::Reception;
use shared::batch::{BatchResponse, Record, SqsEvent, guarded};
use shared::config::{Lookup, StartError, parse_retry_delay};
use shared::domain::ids::AppId;
use shared::events::Publisher;
use shared::queue::{Job, Queue, QueueError};
use shared::store::StoreError;
use shared::webhook::envelope::EnvelopeError;
use shared::wiring::Wiring;
use windows::Windows;

/// What the function holds between invocations.
pub struct App {
    applier: Applier,
    publisher: Publisher,
    webhooks: Queue,
    app: AppId,
    reception: Reception,
    windows: Windows,
}

/// A delivery, or a change of it, is not done; it comes again.
#[derive(Debug, thiserror::Error)]
pub enum EventError {
    /// The queue message is not one of ours; after five receives it lies in the dead letters.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// The table.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A queue.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// The code, over this change.
    #[error("read a change without a panic")]
    Panicked,
    /// What failed for the messages before is not tried for this one.
    #[error("wait until the table and the queues answer")]
    Dependency,
}

impl EventError {
    /// Whether the table or a queue is at fault, and not the message.
    fn is_of_dependency(&self) -> bool {
        match self {
            Self::Store(StoreError::Unavailable(_)) | Self::Dependency => true,
            Self::Queue(error) => !error.is_of_the_message(),
            Self::Envelope(_) | Self::Store(_) | Self::Panicked => false,
        }
    }
}

impl App {
    /// Reads the configuration.
    ///
    /// # Errors
    /// [`StartError`] with everything that is wrong.
    pub fn from_lookup(lookup: &Lookup<'_>) -> Result<Self, StartError> {
        let mut wiring = Wiring::new(lookup)?;
        let (store, publisher) = (wiring.store(), wiring.publisher());
        let (jobs, polls) = (wiring.queue("ONBOARDING_QUEUE_URL"), wiring.queue("TEMPLATE_QUEUE_URL"));
        let (retries, webhooks) = (wiring.queue("MESSAGE_RETRY_QUEUE_URL"), wiring.queue("WEBHOOK_QUEUE_URL"));
        let retry_delay = wiring.parsed("MESSAGE_RETRY_DELAY_SECONDS", parse_retry_delay);
        let app = wiring.parsed("META_APP_ID", |text| AppId::parse(text).ok());
        wiring.finish(|| {
            let (retry_delay, app) = (retry_delay?, app?);
            let applier = Applier { store, jobs, polls, retries, retry_delay, publisher: publisher.clone() };
            let (reception, windows) = (Reception::default(), Windows::default());
            Some(Self { applier, publisher, webhooks, app, reception, windows })
        })
    }

    /// Handles a batch of deliveries: each is applied, then the events of several leave together, because SQS counts
    /// requests.
    ///
    /// # Errors
    /// [`EventError::Dependency`] when the table or a queue failed every one of them: Lambda's poller slows down only for a
    /// function that fails as a whole.
    pub async fn handle(&self, event: &SqsEvent) -> Result<BatchResponse, EventError> {
        let breaker = Breaker::default();
        let mut response = BatchResponse::default();
        let mut pending = PendingEvents::default();
        for record in &event.records {
            match guarded(record, Box::pin(self.applied(record, &breaker))).await {
                Some(processed) => pending.put(record, processed),
                None => response.fail(record),
            }
            if pending.is_full() {
                self.dispatch(std::mem::take(&mut pending), &breaker, &mut response).await;
            }
        }
        self.dispatch(pending, &breaker, &mut response).await;
        if breaker.all_failed(event.records.len()) { Err(EventError::Dependency) } else { Ok(response) }
    }

    /// Applies one message, unless those before it met a dependency that fails.
    async fn applied(&self, record: &Record, breaker: &Breaker) -> Result<Vec<ProcessedBody>, EventError> {
        if breaker.is_open() {
            breaker.back_off(&self.webhooks, record).await;
            return Err(EventError::Dependency);
        }
        let outcome = match Job::read(&record.body) {
            Some(Job::Parked { waba }) => self.parked(&waba).await.map(|()| Vec::new()),
            _ => self.delivery(&record.body).await,
        };
        breaker.applying.note(failed(&outcome));
        if failed(&outcome) {
            breaker.back_off(&self.webhooks, record).await;
        }
        outcome
    }

    /// Sends what waits, and settles every message whose events were waiting.
    async fn dispatch(&self, mut pending: PendingEvents<'_>, breaker: &Breaker, response: &mut BatchResponse) {
        Box::pin(pending.send(&self.publisher)).await;
        let mut any_failed = false;
        for (record, processed) in pending.into_settled() {
            let settled = async {
                let outcome = self.settle(processed).await;
                if failed(&outcome) {
                    any_failed = true;
                    breaker.back_off(&self.webhooks, record).await;
                }
                outcome
            };
            if guarded(record, Box::pin(settled)).await.is_none() {
                response.fail(record);
            }
        }
        breaker.sending.note(any_failed);
    }
}

/// Whether the table or a queue is at fault.
fn failed<T>(outcome: &Result<T, EventError>) -> bool {
    outcome.as_ref().is_err_and(EventError::is_of_dependency)
}
