//! Queues again what one invocation cannot finish: a large body in pieces, before any of it is applied, and the
//! messages for which no time is left. A message that is queued again starts with no receives, so none ends in the
//! dead-letter queue because of its size.

use super::{App, EventError};
use shared::aws::OPERATION;
use shared::batch::{BatchResponse, Record};
use shared::webhook::change::Change;
use shared::webhook::envelope::{Envelope, EnvelopeError, in_pieces};
use shared::webhook::interpret::interpret;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

/// Most effects on our records per message: each takes a few calls to the table, and 50 take a few seconds.
const MOST_EFFECTS: usize = 50;
/// A body shorter than this, in bytes, cannot have more effects: a status notification has at least 100 bytes.
const SHORT: usize = 100 * MOST_EFFECTS;

/// Time for one message and the events of the previous ones: with less time left, no message is started.
pub(crate) const MESSAGE_BUDGET: Duration = OPERATION.saturating_mul(3);

impl App {
    /// Queues a body again in pieces if it has more effects than allowed per message; otherwise returns `false`.
    pub(crate) async fn queue_in_pieces(&self, envelope: &Envelope) -> Result<bool, EventError> {
        let Envelope { received_at, body } = envelope;
        if body.len() < SHORT {
            return Ok(false);
        }
        let context = self.context(*received_at);
        // A change that cannot be read fails by itself when it is applied.
        let effects =
            |change: &Change<'_>| catch_unwind(AssertUnwindSafe(|| interpret(change, &context).len())).unwrap_or(0);
        let pieces = in_pieces(body.clone(), MOST_EFFECTS, &effects);
        if pieces.len() == 1 {
            return Ok(false);
        }
        let mut messages = Vec::with_capacity(pieces.len());
        for body in pieces {
            let packed = Envelope { received_at: *received_at, body }.pack_all();
            if packed.left_out > 0 {
                return Err(EnvelopeError::TooLarge.into());
            }
            messages.extend(packed.messages);
        }
        tracing::info!(pieces = messages.len(), "large body queued again in pieces");
        let sent: Result<(), _> = self.webhooks.send_all(messages).await.into_iter().collect();
        sent.map(|()| true).map_err(EventError::from)
    }

    /// Queues the messages again for which no time is left.
    pub(crate) async fn postpone(&self, left: &[&Record], response: &mut BatchResponse) {
        if left.is_empty() {
            return;
        }
        tracing::info!(left = left.len(), "messages queued again: no time left");
        let bodies = left.iter().map(|record| record.body.clone()).collect();
        for (record, sent) in left.iter().zip(self.webhooks.send_all(bodies).await) {
            if sent.is_err() {
                response.fail(record);
            }
        }
    }
}
