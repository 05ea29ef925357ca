//! Events to be sent: those of several deliveries in one request, as many as SQS accepts.

use super::EventError;
use shared::batch::Record;
use shared::domain::time::Timestamp;
use shared::events::Publisher;
use shared::queue::{LARGEST_REQUEST, MOST_AT_ONCE};

/// One applied body, and its events that are still to be published.
pub(crate) struct ProcessedBody {
    pub(crate) body: Vec<u8>,
    pub(crate) received_at: Timestamp,
    /// How many parts the body has.
    pub(crate) parts: usize,
    /// The event of every applied part, with the part's index.
    pub(crate) events: Vec<(usize, String)>,
    /// Parts that failed, with their index.
    pub(crate) failed: Vec<(usize, EventError)>,
}

/// Messages of one batch whose events have not been sent yet.
#[derive(Default)]
pub(crate) struct PendingEvents<'a> {
    waiting: Vec<(&'a Record, Vec<ProcessedBody>)>,
    events: usize,
    bytes: usize,
}

impl<'a> PendingEvents<'a> {
    pub(crate) fn put(&mut self, record: &'a Record, processed: Vec<ProcessedBody>) {
        for (_, event) in processed.iter().flat_map(|body| &body.events) {
            self.events += 1;
            self.bytes += event.len();
        }
        self.waiting.push((record, processed));
    }

    /// Whether the request is full, so that waiting for more events saves nothing.
    pub(crate) fn is_full(&self) -> bool {
        self.events >= MOST_AT_ONCE || self.bytes >= LARGEST_REQUEST
    }

    /// Sends all events. A part whose event the queue rejected counts as failed.
    pub(crate) async fn send(&mut self, publisher: &Publisher) {
        let mut processed: Vec<&mut ProcessedBody> =
            self.waiting.iter_mut().flat_map(|(_, processed)| processed).collect();
        let mut events = Vec::with_capacity(self.events);
        let mut origins = Vec::with_capacity(self.events);
        for (index, waiting) in processed.iter_mut().enumerate() {
            for (place, event) in std::mem::take(&mut waiting.events) {
                events.push(event);
                origins.push((index, place));
            }
        }
        for ((index, place), sent) in origins.into_iter().zip(publisher.send_all(events).await) {
            if let (Err(error), Some(body)) = (sent, processed.get_mut(index)) {
                body.failed.push((place, error.into()));
            }
        }
    }

    /// The messages, to be settled one by one.
    pub(crate) fn into_settled(self) -> Vec<(&'a Record, Vec<ProcessedBody>)> {
        self.waiting
    }
}
