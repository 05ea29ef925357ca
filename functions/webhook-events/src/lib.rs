//! `WebhookQueue`: unpacks Meta's deliveries, applies what changes our records, and passes every change on. A change that
//! fails is queued again alone; its neighbours are done.

mod apply;
mod reception;

use apply::Applier;
use reception::Reception;
use shared::aws::AwsConfig;
use shared::batch::{self, BatchResponse, Record, SqsEvent};
use shared::config::{Lookup, Problems, StartError};
use shared::domain::ids::AppId;
use shared::events::Publisher;
use shared::queue::{Queue, QueueError};
use shared::store::{Store, StoreError};
use shared::transport::Transport;
use shared::webhook::change::{Change, Part, split};
use shared::webhook::envelope::{Envelope, EnvelopeError};
use shared::webhook::interpret::{Context, interpret};

/// What the function holds between invocations.
pub struct App {
    applier: Applier,
    publisher: Publisher,
    webhooks: Queue,
    app: AppId,
    reception: Reception,
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
}

impl App {
    /// Reads the configuration.
    ///
    /// # Errors
    /// [`StartError`] with everything that is wrong.
    pub fn from_lookup(lookup: &Lookup<'_>) -> Result<Self, StartError> {
        let transport = Transport::new()?;
        let mut problems = Problems::default();
        let aws = AwsConfig::from_lookup(lookup, &mut problems, &transport);
        let table = problems.required(lookup, "TABLE_NAME");
        let webhooks = problems.required(lookup, "WEBHOOK_QUEUE_URL");
        let onboardings = problems.required(lookup, "ONBOARDING_QUEUE_URL");
        let events = problems.required(lookup, "PLATFORM_EVENTS_QUEUE_URL");
        let source = problems.required(lookup, "EVENT_SOURCE");
        let app = problems.parsed(lookup, "META_APP_ID", |text| AppId::parse(text).ok());
        let app = problems.finish(app)?;
        let publisher = Publisher::new(Queue::new(&aws, &events), &source);
        let applier = Applier {
            store: Store::new(&aws, &table),
            bells: Queue::new(&aws, &onboardings),
            publisher: publisher.clone(),
        };
        let webhooks = Queue::new(&aws, &webhooks);
        Ok(Self { applier, publisher, webhooks, app, reception: Reception::default() })
    }

    /// Handles a batch of deliveries.
    pub async fn handle(&self, event: &SqsEvent) -> BatchResponse {
        batch::each(event, async |record: &Record| self.delivery(&record.body).await).await
    }

    async fn delivery(&self, message: &str) -> Result<(), EventError> {
        let envelope = Envelope::unpack(message)?;
        let Ok(parts) = split(&envelope.body) else {
            tracing::warn!(bytes = envelope.body.len(), "a signed body is not a notification");
            let text = String::from_utf8_lossy(&envelope.body);
            return Ok(self.publisher.unreadable(&text, envelope.received_at).await?);
        };
        let alone = parts.len() == 1;
        for part in &parts {
            if let Err(error) = self.part(part, &envelope).await {
                match part {
                    Part::Change(change) if !alone => self.queue_alone(change, &envelope, &error).await?,
                    Part::Change(_) | Part::Unreadable(_) => return Err(error),
                }
            }
        }
        Ok(())
    }

    async fn part(&self, part: &Part<'_>, envelope: &Envelope) -> Result<(), EventError> {
        let change = match part {
            Part::Change(change) => change,
            Part::Unreadable(raw) => return Ok(self.publisher.unreadable(raw.get(), envelope.received_at).await?),
        };
        let context = Context { app: self.app.clone(), received_at: envelope.received_at };
        if let (Some(observation), Some(waba)) = (interpret(change, &context), change.waba()) {
            self.applier.apply(&waba, observation).await?;
        }
        if let Some(phone) = change.phone() {
            self.reception.note(&self.applier.store, &phone, envelope.received_at).await?;
        }
        Ok(self.publisher.webhook(change, envelope.received_at).await?)
    }

    async fn queue_alone(
        &self,
        change: &Change<'_>,
        envelope: &Envelope,
        error: &EventError,
    ) -> Result<(), EventError> {
        tracing::warn!(webhook.field = %change.field, error = shared::telemetry::chain(error), "a change is queued again alone");
        let alone = Envelope { received_at: envelope.received_at, body: change.to_notification() };
        Ok(self.webhooks.send(alone.pack()?).await?)
    }
}
