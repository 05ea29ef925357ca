//! Forwards every change to the platform, before it is applied to our records: a consumer never waits for a record that
//! many changes concern at the same time.

use super::delivery::{Content, Delivery, Piece};
use super::people::is_of_people;
use super::route::{Owners, Route, route};
use super::{App, EventError, Events};
use shared::domain::meta_status::status_value;
use shared::domain::time::Timestamp;
use shared::queue::{LARGEST_REQUEST, MOST_AT_ONCE};
use shared::webhook::interpret::{Observation, is_documented, undocumented_event};
use shared::webhook::vocabulary::unlisted;

/// Stable code of a change that names accounts of two customers.
const TWO_CUSTOMERS: &str = "webhook.two_customers";

/// Deliveries whose events have not been sent yet: those of several are sent in one request, because SQS bills per
/// request.
#[derive(Default)]
pub(crate) struct Group<'a> {
    pub(crate) deliveries: Vec<Delivery<'a>>,
    events: Vec<(usize, usize, String)>,
    bytes: usize,
}

impl<'a> Group<'a> {
    pub(crate) fn put(&mut self, delivery: Delivery<'a>, events: Events) {
        for (piece, event) in events {
            self.bytes += event.len();
            self.events.push((self.deliveries.len(), piece, event));
        }
        self.deliveries.push(delivery);
    }

    /// Whether the request is full, so that waiting for more events saves nothing.
    pub(crate) fn is_full(&self) -> bool {
        self.events.len() >= MOST_AT_ONCE || self.bytes >= LARGEST_REQUEST
    }
}

impl App {
    /// Finds the account of each change, and renders its event. A change that fails here fails by itself.
    ///
    /// # Errors
    /// [`EventError`] of the table: the whole delivery is processed again.
    pub(crate) async fn routed(&self, delivery: &mut Delivery<'_>, owners: &Owners) -> Result<Events, EventError> {
        let mut events = Vec::new();
        for (place, piece) in delivery.pieces.iter_mut().enumerate().filter(|(_, piece)| piece.failed.is_none()) {
            match self.event(piece, delivery.received_at, owners).await {
                Ok(event) if !piece.forwarded => events.push((place, event)),
                Ok(_) => {}
                Err(error) if error.is_of_dependency() => return Err(error),
                Err(error) => piece.failed = Some(error),
            }
        }
        Ok(events)
    }

    async fn event(
        &self,
        piece: &mut Piece<'_>,
        received_at: Timestamp,
        owners: &Owners,
    ) -> Result<String, EventError> {
        let change = match &piece.part {
            Content::Change(change) => change,
            Content::Unreadable(text) => return Ok(self.publisher.unreadable(text, received_at)?),
        };
        if !is_documented(&change.field) {
            let field = status_value(&change.field).unwrap_or_default();
            tracing::warn!(webhook.field = field, "a webhook field is not documented");
        }
        if let Some(event) = undocumented_event(change) {
            tracing::warn!(webhook.event = event, "a webhook event is not documented");
        }
        for list in unlisted(change) {
            tracing::warn!(webhook.vocabulary = list, "a webhook word is not documented");
        }
        let names_two = change.waba() != change.entry_waba();
        // What concerns people only needs no account: most incoming messages cost no read of its owner.
        let needs_account = piece.observed.iter().any(|observation| !is_of_people(observation));
        if needs_account || names_two {
            let of_portfolio = piece.observed.iter().all(Observation::needs_owner);
            piece.route = route(&self.applier.store, owners, change, of_portfolio).await?;
        }
        if matches!(piece.route, Route::Nowhere) && needs_account {
            tracing::warn!("a change that concerns records names no account");
        }
        if matches!(piece.route, Route::Disputed) {
            tracing::error!(error.code = TWO_CUSTOMERS, "change names accounts of two customers");
            return Ok(self.publisher.quarantined(change, received_at, TWO_CUSTOMERS)?);
        }
        Ok(self.publisher.webhook(change, received_at)?)
    }

    /// Sends all events of a group. A change whose event the queue rejected has failed.
    pub(crate) async fn forward(&self, group: &mut Group<'_>) {
        let (origins, events): (Vec<_>, Vec<_>) =
            std::mem::take(&mut group.events).into_iter().map(|(at, piece, event)| ((at, piece), event)).unzip();
        for ((at, piece), sent) in origins.into_iter().zip(self.publisher.send_all(events).await) {
            let piece = group.deliveries.get_mut(at).and_then(|delivery| delivery.pieces.get_mut(piece));
            if let Some(piece) = piece {
                piece.forwarded = sent.is_ok();
                piece.failed = sent.err().map(EventError::from);
            }
        }
    }
}
