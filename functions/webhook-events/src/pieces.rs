//! What one invocation would not finish is queued again: a large body in pieces, before anything of it is applied, and the
//! messages for which no time is left. A message that is queued again begins with no receives, so none of them ends in the
//! dead letters for being large.

use super::{App, EventError};
use shared::aws::OPERATION;
use shared::batch::{BatchResponse, Record};
use shared::webhook::change::Change;
use shared::webhook::envelope::{Envelope, EnvelopeError, in_pieces};
use shared::webhook::interpret::interpret;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

/// Effects on our records that one message may have: each takes a few calls to the table, 50 of them a few seconds.
const MOST_EFFECTS: usize = 50;
/// A body shorter than this, in bytes, cannot have more: a status of Meta's has at least a hundred.
const SHORT: usize = 100 * MOST_EFFECTS;

/// Time that a message and the events of those before it may need: one is not begun with less.
pub(crate) const MESSAGE_BUDGET: Duration = OPERATION.saturating_mul(3);

impl App {
    /// Queues a body again in pieces, if it has more effects than one message may have; `false` if it has not.
    pub(crate) async fn queue_in_pieces(&self, envelope: &Envelope) -> Result<bool, EventError> {
        let Envelope { received_at, body } = envelope;
        if body.len() < SHORT {
            return Ok(false);
        }
        let context = self.context(*received_at);
        // A change that cannot be read fails where it is applied, alone.
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
        tracing::info!(pieces = messages.len(), "a large body is queued again in pieces");
        let sent: Result<(), _> = self.webhooks.send_all(messages).await.into_iter().collect();
        sent.map(|()| true).map_err(EventError::from)
    }

    /// Queues the messages again for which no time is left.
    pub(crate) async fn postpone(&self, left: &[&Record], response: &mut BatchResponse) {
        if left.is_empty() {
            return;
        }
        tracing::info!(left = left.len(), "messages are left for the next invocation");
        let bodies = left.iter().map(|record| record.body.clone()).collect();
        for (record, sent) in left.iter().zip(self.webhooks.send_all(bodies).await) {
            if sent.is_err() {
                response.fail(record);
            }
        }
    }
}
