//! Events that wait to be sent: those of several deliveries in one request, as many as SQS takes.

use super::EventError;
use shared::batch::Record;
use shared::domain::time::Timestamp;
use shared::events::Publisher;
use shared::queue::{LARGEST_REQUEST, MOST_AT_ONCE};

/// One applied body, and what it still has to tell the platform.
pub(crate) struct ProcessedBody {
    pub(crate) body: Vec<u8>,
    pub(crate) received_at: Timestamp,
    /// How many parts the body has.
    pub(crate) parts: usize,
    /// The event of every part that was applied, with the part's place.
    pub(crate) events: Vec<(usize, String)>,
    /// Parts that failed, with their place.
    pub(crate) failed: Vec<(usize, EventError)>,
}

/// Messages of one batch whose events were not sent yet.
#[derive(Default)]
pub(crate) struct PendingEvents<'a> {
    waiting: Vec<(&'a Record, Vec<ProcessedBody>)>,
    events: usize,
    bytes: usize,
}

impl<'a> PendingEvents<'a> {
    pub(crate) fn put(&mut self, record: &'a Record, processed: Vec<ProcessedBody>) {
        for (_, event) in processed.iter().flat_map(|passage| &passage.events) {
            self.events += 1;
            self.bytes += event.len();
        }
        self.waiting.push((record, processed));
    }

    /// Whether waiting for more would save nothing: a request is full.
    pub(crate) fn is_full(&self) -> bool {
        self.events >= MOST_AT_ONCE || self.bytes >= LARGEST_REQUEST
    }

    /// Sends every event. A part whose event the queue did not take has failed.
    pub(crate) async fn send(&mut self, publisher: &Publisher) {
        let mut processed: Vec<&mut ProcessedBody> =
            self.waiting.iter_mut().flat_map(|(_, processed)| processed).collect();
        let mut events = Vec::with_capacity(self.events);
        let mut origins = Vec::with_capacity(self.events);
        for (passage, waiting) in processed.iter_mut().enumerate() {
            for (place, event) in std::mem::take(&mut waiting.events) {
                events.push(event);
                origins.push((passage, place));
            }
        }
        for ((passage, place), sent) in origins.into_iter().zip(publisher.send_all(events).await) {
            if let (Err(error), Some(passage)) = (sent, processed.get_mut(passage)) {
                passage.failed.push((place, error.into()));
            }
        }
    }

    /// The messages, to be settled one by one.
    pub(crate) fn into_settled(self) -> Vec<(&'a Record, Vec<ProcessedBody>)> {
        self.waiting
    }
}
