//! Processes one webhook delivery: each of its changes separately.

use super::pending_events::ProcessedBody;
use super::route::{Owners, Route, route};
use super::{App, EventError};
use shared::batch::caught;
use shared::clock;
use shared::domain::ids::WabaId;
use shared::domain::meta_status::status_value;
use shared::domain::progress::Fact;
use shared::domain::time::Timestamp;
use shared::queue::QueueError;
use shared::store::{Owner, Parked};
use shared::webhook::change::{Change, Part, split};
use shared::webhook::envelope::{Envelope, EnvelopeError, divided};
use shared::webhook::interpret::{Context, Observation, interpret, is_documented, undocumented_event};
use std::time::Duration;

/// With more failures than this in one delivery, or when all changes fail, the cause is not a single change: the whole
/// delivery is retried.
const MOST_FAILURES: usize = 10;

/// Delays before a change of an unknown account is retried: the first one, and all later ones.
const SOON: Duration = Duration::from_secs(60);
const LATER: Duration = Duration::from_secs(900);
/// How long such a change is retried.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 3600);

/// Largest parked change, with room for the other attributes of its item (DynamoDB: 400 KB per item).
const LARGEST_PARKED: usize = 300 * 1024;

/// Stable code of a change that names accounts of two customers.
const TWO_CUSTOMERS: &str = "webhook.two_customers";
/// Stable code of a change whose account was not connected within a day.
const UNKNOWN_ACCOUNT: &str = "webhook.unknown_account";

impl App {
    /// Applies every change and returns the events that are still to be sent.
    pub(crate) async fn delivery(&self, message: &str) -> Result<Vec<ProcessedBody>, EventError> {
        let envelope = Envelope::unpack(message)?;
        if self.queue_in_pieces(&envelope).await? {
            return Ok(Vec::new());
        }
        let Envelope { received_at, body } = envelope;
        let mut processed = Vec::new();
        for body in divided(body) {
            processed.push(self.body(body, received_at).await?);
        }
        Ok(processed)
    }

    async fn body(&self, body: Vec<u8>, received_at: Timestamp) -> Result<ProcessedBody, EventError> {
        let Ok(parts) = split(&body) else {
            tracing::warn!(bytes = body.len(), "signed body is not a notification");
            let event = self.publisher.unreadable(&String::from_utf8_lossy(&body), received_at)?;
            return Ok(ProcessedBody { parts: 1, events: vec![(0, event)], failed: Vec::new(), body, received_at });
        };
        let owners = Owners::default();
        let (mut events, mut failed) = (Vec::new(), Vec::new());
        for (place, part) in parts.iter().enumerate() {
            let applied = caught(Box::pin(self.part(part, &owners, received_at))).await;
            match applied.unwrap_or(Err(EventError::Panicked)) {
                Ok(event) => events.push((place, event)),
                // Not caused by the change: the whole delivery is retried, and repeating applied changes has no effect.
                Err(error) if error.is_of_dependency() => return Err(error),
                Err(error) => failed.push((place, error)),
            }
        }
        Ok(ProcessedBody { parts: parts.len(), events, failed, body, received_at })
    }

    /// Queues every failed change again by itself; the other changes are complete.
    pub(crate) async fn settle(&self, processed: Vec<ProcessedBody>) -> Result<(), EventError> {
        for body in processed {
            if !body.failed.is_empty() {
                self.again(body).await?;
            }
        }
        Ok(())
    }

    async fn again(&self, mut body: ProcessedBody) -> Result<(), EventError> {
        // A failed dependency takes precedence: the whole delivery is retried.
        if let Some(outage) = body.failed.iter().position(|(_, error)| error.is_of_dependency()) {
            return Err(body.failed.swap_remove(outage).1);
        }
        let whole = body.failed.len() == body.parts || body.failed.len() > MOST_FAILURES;
        let parts = split(&body.body).unwrap_or_default();
        for (place, error) in body.failed {
            match parts.get(place) {
                Some(Part::Change(change)) if !whole => self.queue_alone(change, body.received_at, &error).await?,
                _ => return Err(error),
            }
        }
        Ok(())
    }

    async fn send(&self, events: Vec<String>) -> Result<(), EventError> {
        let sent: Result<(), QueueError> = self.publisher.send_all(events).await.into_iter().collect();
        Ok(sent?)
    }

    /// Applies one part and returns the event that forwards it.
    async fn part(&self, part: &Part<'_>, owners: &Owners, received_at: Timestamp) -> Result<String, EventError> {
        let change = match part {
            Part::Change(change) => change,
            Part::Unreadable(raw) => return Ok(self.publisher.unreadable(raw.get(), received_at)?),
        };
        if !is_documented(&change.field) {
            let field = status_value(&change.field).unwrap_or_default();
            tracing::warn!(webhook.field = field, "a webhook field is not documented");
        }
        if let Some(event) = undocumented_event(change) {
            tracing::warn!(webhook.event = event, "a webhook event is not documented");
        }
        if let Some(phone) = change.phone() {
            self.reception.note(&self.applier.store, &phone, received_at).await?;
            self.windows.opened(&self.applier, change, &phone).await?;
        }
        let observed = interpret(change, &self.context(received_at));
        let names_two = change.waba() != change.entry_waba();
        if observed.is_empty() && !names_two {
            return Ok(self.publisher.webhook(change, received_at)?);
        }
        match route(&self.applier.store, owners, change).await? {
            Route::Disputed => {
                tracing::error!(error.code = TWO_CUSTOMERS, "change names accounts of two customers");
                return Ok(self.publisher.quarantined(change, received_at, TWO_CUSTOMERS)?);
            }
            Route::Account(waba, owner) => {
                for observation in observed {
                    self.applier.apply(&waba, Some(&owner), observation).await?;
                }
            }
            Route::Unknown(waba) => self.park_unowned(&waba, change, observed, received_at).await?,
            Route::Nowhere => {}
        }
        Ok(self.publisher.webhook(change, received_at)?)
    }

    pub(crate) fn context(&self, received_at: Timestamp) -> Context {
        Context { app: self.app.clone(), received_at }
    }

    /// Parks a change that needs a record until its account is connected; its other observations are applied.
    async fn park_unowned(
        &self,
        waba: &WabaId,
        change: &Change<'_>,
        observed: Vec<Observation>,
        received_at: Timestamp,
    ) -> Result<(), EventError> {
        let waits = observed.iter().any(Observation::needs_owner);
        for observation in observed.into_iter().filter(|observation| !observation.needs_owner()) {
            self.applier.apply(waba, None, observation).await?;
        }
        if waits && !self.of_moved(waba).await? {
            let envelope = Envelope { received_at, body: change.to_notification() }.pack()?;
            if envelope.len() > LARGEST_PARKED {
                tracing::warn!(waba.id = %waba, "change not parked: too large");
                return Ok(());
            }
            let due = Some(clock::now().after(SOON));
            let parked = Parked { fingerprint: change.fingerprint(), envelope, since: received_at, due };
            self.applier.store.park(waba, &parked).await?;
        }
        Ok(())
    }

    /// Whether the change is a late notification of an account that a number was migrated from, which will not be
    /// connected. What it reports does not apply to the new account, so a health check of that one is requested
    /// instead.
    async fn of_moved(&self, waba: &WabaId) -> Result<bool, EventError> {
        let Some(target) = self.applier.store.alias_of(waba, clock::now()).await? else { return Ok(false) };
        let owner = self.applier.store.owner(&target).await?;
        self.applier.apply(&target, owner.as_ref(), Observation::Fact(Fact::CheckRequested)).await?;
        Ok(true)
    }

    /// Retries the parked changes of an account that was not connected when they arrived. After a failed dependency a
    /// change waits for the next turn. Late changes of a customer that has left are dropped after a day.
    pub(crate) async fn parked(&self, waba: &WabaId) -> Result<(), EventError> {
        let found = self.applier.store.owner(waba).await?;
        let was_ours = found.is_some();
        let owner = found.filter(|owner| !owner.released);
        let mut failed = Ok(());
        for held in self.applier.store.parked(waba).await? {
            let waited = clock::now().since(held.record.since);
            let unclaimed = waited >= LONGEST_WAIT && !was_ours;
            let tried = caught(Box::pin(self.parked_change(waba, owner.as_ref(), &held.record, unclaimed))).await;
            let tried = match tried.unwrap_or(Err(EventError::Panicked)) {
                // Caused by the change itself: it is queued by itself like every other failed change.
                Err(error) if !error.is_of_dependency() => self.requeue(&held.record, &error).await,
                tried => tried,
            };
            let over = tried.is_ok() && (owner.is_some() || waited >= LONGEST_WAIT);
            let due = (!over).then(|| clock::now().after(LATER));
            self.applier.store.save_parked(waba, &Parked { due, ..held.record }, Some(held.version)).await?;
            failed = failed.and(tried);
        }
        failed
    }

    async fn requeue(&self, parked: &Parked, error: &EventError) -> Result<(), EventError> {
        tracing::warn!(error = shared::telemetry::chain(error), "parked change queued again by itself");
        Ok(self.webhooks.send(parked.envelope.clone()).await?)
    }

    async fn parked_change(
        &self,
        waba: &WabaId,
        owner: Option<&Owner>,
        parked: &Parked,
        unclaimed: bool,
    ) -> Result<(), EventError> {
        let envelope = Envelope::unpack(&parked.envelope)?;
        for part in split(&envelope.body).unwrap_or_default() {
            let Part::Change(change) = part else { continue };
            if owner.is_some() {
                for observation in interpret(&change, &self.context(envelope.received_at)) {
                    self.applier.apply(waba, owner, observation).await?;
                }
            } else if unclaimed {
                tracing::error!(error.code = UNKNOWN_ACCOUNT, waba.id = %waba, "change quarantined: its account was not connected");
                let event = self.publisher.quarantined(&change, parked.since, UNKNOWN_ACCOUNT)?;
                self.send(vec![event]).await?;
            }
        }
        Ok(())
    }

    async fn queue_alone(
        &self,
        change: &Change<'_>,
        received_at: Timestamp,
        error: &EventError,
    ) -> Result<(), EventError> {
        tracing::warn!(error = shared::telemetry::chain(error), "failed change queued again by itself");
        let alone = Envelope { received_at, body: change.to_notification() };
        let packed = alone.pack_all();
        for message in packed.messages {
            self.webhooks.send(message).await?;
        }
        if packed.left_out == 0 { Ok(()) } else { Err(EnvelopeError::TooLarge.into()) }
    }
}
