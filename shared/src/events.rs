//! Platform events: `render` writes them as CloudEvents, [`Publisher`] sends them to `PlatformEventsQueue`. Events of
//! a record are saved in its outbox with their fact; [`crate::publishing`] sends those.

mod announcer;
mod message;
mod migration;
mod onboarding;
mod operation;
mod render;

pub use announcer::Announcer;

use crate::domain::ids::{BusinessId, WabaId};
use crate::domain::limit::Budget;
use crate::domain::operation::Operation;
use crate::domain::template::Template;
use crate::domain::time::Timestamp;
use crate::queue::{Queue, QueueError};
use crate::store::CreditPause;
use crate::webhook::change::Change;
use render::Renderer;

/// Sends platform events.
#[derive(Debug, Clone)]
pub struct Publisher {
    queue: Queue,
    renderer: Renderer,
}

impl Publisher {
    /// A publisher that names `source` as the origin of its events.
    #[must_use]
    pub fn new(queue: Queue, source: &str) -> Self {
        Self { queue, renderer: Renderer::new(source) }
    }

    /// Sends encoded events; returns for each whether the queue accepted it.
    pub async fn send_all(&self, events: Vec<String>) -> Vec<Result<(), QueueError>> {
        self.queue.send_all(events).await
    }

    /// Sends what is in the outbox of a record.
    ///
    /// # Errors
    /// [`QueueError`] when the queue did not accept all of it.
    pub(crate) async fn send_outbox(&self, record: &impl Announcer) -> Result<(), QueueError> {
        let events = record.outbox().iter().map(|event| self.renderer.pending(record, event));
        self.send_all(events.collect::<Result<_, _>>()?).await.into_iter().collect()
    }

    /// Sends `whatsapp.operation.requested.v1` for an operation that changes no stored record. It is sent before the
    /// operation starts, so that no operation goes unattributed.
    ///
    /// # Errors
    /// [`QueueError`] when the queue did not accept it.
    pub async fn operation(&self, operation: &Operation, now: Timestamp) -> Result<(), QueueError> {
        self.queue.send(self.renderer.operation(operation, now)?).await
    }

    /// Sends `whatsapp.onboarding_limit.approached.v1`: at least 80 % of Meta's limit for new customers is used.
    ///
    /// # Errors
    /// [`QueueError`] when the queue did not accept it.
    pub async fn limit(&self, budget: &Budget, newest: &BusinessId, now: Timestamp) -> Result<(), QueueError> {
        self.queue.send(self.renderer.limit(budget, newest, now)?).await
    }

    /// Sends `whatsapp.credit.paused.v1`: our own access to the credit line is broken.
    ///
    /// # Errors
    /// [`QueueError`] when the queue did not accept it.
    pub async fn credit_paused(&self, pause: &CreditPause, now: Timestamp) -> Result<(), QueueError> {
        self.queue.send(self.renderer.credit_paused(pause, now)?).await
    }

    /// `whatsapp.template.changed.v1`: the current state of a template.
    ///
    /// # Errors
    /// [`QueueError`] when it cannot be encoded.
    pub fn template_changed(&self, waba: &WabaId, template: &Template) -> Result<String, QueueError> {
        self.renderer.template_changed(waba, template)
    }

    /// `whatsapp.webhook.received.v1`: a change, forwarded unmodified. Its id is derived from its content, so that a
    /// redelivery in another batch has the same id; message fields carry their own ids and times.
    ///
    /// # Errors
    /// [`QueueError`] when it cannot be encoded.
    pub fn webhook(&self, change: &Change<'_>, received_at: Timestamp) -> Result<String, QueueError> {
        self.renderer.webhook(change, received_at)
    }

    /// `whatsapp.webhook.quarantined.v1`: a change that was not applied to any record, with the reason; forwarded
    /// unmodified.
    ///
    /// # Errors
    /// [`QueueError`] when it cannot be encoded.
    pub fn quarantined(
        &self,
        change: &Change<'_>,
        received_at: Timestamp,
        code: &'static str,
    ) -> Result<String, QueueError> {
        self.renderer.quarantined(change, received_at, code)
    }

    /// `whatsapp.webhook.unreadable.v1`: signed by Meta, but not in a documented format; forwarded unmodified.
    ///
    /// # Errors
    /// [`QueueError`] when it cannot be encoded.
    pub fn unreadable(&self, part: &str, received_at: Timestamp) -> Result<String, QueueError> {
        self.renderer.unreadable(part, received_at)
    }
}
