//! Queues again what one invocation cannot finish: failed changes, each by itself; a large body in pieces, before any
//! of it is applied; and what no time is left for. A message that is queued again starts with no receives, so none ends
//! in the dead-letter queue because of its size or because many changes concern the same record.

use super::delivery::{Bodies, Content, Delivery, Piece};
use super::{App, EventError};
use shared::aws::OPERATION;
use shared::batch::{BatchResponse, Record};
use shared::domain::time::Timestamp;
use shared::webhook::change::Change;
use shared::webhook::envelope::{Envelope, EnvelopeError, in_pieces};
use shared::webhook::interpret::interpret;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

/// Most effects on our records per message: each takes a few calls to the table, and 50 take a few seconds.
const MOST_EFFECTS: usize = 50;

/// With more failures than this in one delivery, or when all changes fail, the cause is not a single change: the whole
/// delivery is retried.
const MOST_FAILURES: usize = 10;

/// Time for one message and the events of the previous ones: with less time left, no message is started.
pub(crate) const MESSAGE_BUDGET: Duration = OPERATION.saturating_mul(3);

impl App {
    /// Queues a delivery again in pieces if it has more effects than allowed per message; otherwise returns `false`.
    pub(crate) async fn queue_in_pieces(&self, bodies: &Bodies, delivery: &Delivery<'_>) -> Result<bool, EventError> {
        if delivery.pieces.iter().map(|piece| piece.observed.len()).sum::<usize>() <= MOST_EFFECTS {
            return Ok(false);
        }
        let context = self.context(bodies.received_at());
        let effects =
            |change: &Change<'_>| catch_unwind(AssertUnwindSafe(|| interpret(change, &context).len())).unwrap_or(0);
        let divided = bodies.envelopes().flat_map(|envelope| {
            let Envelope { received_at, body, forwarded } = envelope;
            let pieces = in_pieces(body, MOST_EFFECTS, &effects).into_iter();
            pieces.map(move |body| Envelope { received_at, body, forwarded })
        });
        let pieces: Vec<Envelope> = divided.collect();
        if pieces.len() == 1 {
            return Ok(false);
        }
        tracing::info!(pieces = pieces.len(), "large body queued again in pieces");
        self.queue_all(pieces).await.map(|()| true)
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

    /// Queues every failed change again by itself; the other changes are complete.
    pub(crate) async fn settle(&self, delivery: Delivery<'_>) -> Result<(), EventError> {
        let (count, received_at) = (delivery.pieces.len(), delivery.received_at);
        let mut failed: Vec<(Piece<'_>, EventError)> = delivery
            .pieces
            .into_iter()
            .filter_map(|mut piece| piece.failed.take().map(|error| (piece, error)))
            .collect();
        // A failed dependency takes precedence: the whole delivery is retried.
        if let Some(outage) = failed.iter().position(|(_, error)| error.is_of_dependency()) {
            return Err(failed.swap_remove(outage).1);
        }
        let (failed, blameless): (Vec<_>, Vec<_>) =
            failed.into_iter().partition(|(_, error)| error.is_of_the_content());
        let whole = failed.len() == count || failed.len() > MOST_FAILURES;
        if whole && let Some((_, error)) = failed.first() {
            return Err(error.clone());
        }
        for (piece, error) in &blameless {
            self.try_again(piece, error, received_at).await?;
        }
        for (piece, error) in failed {
            match alone(&piece, received_at) {
                Some(envelope) => {
                    tracing::warn!(error = shared::telemetry::chain(&error), "failed change queued again by itself");
                    self.queue_all(vec![envelope]).await?;
                }
                None => return Err(error),
            }
        }
        Ok(())
    }

    /// Queues a change again that is not at fault: no receive is used up.
    async fn try_again(&self, piece: &Piece<'_>, error: &EventError, received_at: Timestamp) -> Result<(), EventError> {
        let longest = error.wait().unwrap_or_default();
        // Different waits, so that those that were in each other's way do not meet again.
        let wait = longest.mul_f64(rand::random_range(0.0..=1.0));
        tracing::info!(error = shared::telemetry::chain(error), "change queued again");
        for message in alone(piece, received_at).as_ref().map(packed).transpose()?.unwrap_or_default() {
            self.webhooks.send_after(message, wait).await?;
        }
        Ok(())
    }

    async fn queue_all(&self, envelopes: Vec<Envelope>) -> Result<(), EventError> {
        let mut messages = Vec::with_capacity(envelopes.len());
        for envelope in envelopes {
            messages.extend(packed(&envelope)?);
        }
        let sent: Result<(), _> = self.webhooks.send_all(messages).await.into_iter().collect();
        Ok(sent?)
    }
}

/// A change as a delivery of its own; `None` for a part that is not a change, which has no effect on our records.
fn alone(piece: &Piece<'_>, received_at: Timestamp) -> Option<Envelope> {
    let Content::Change(change) = &piece.part else { return None };
    Some(Envelope { received_at, body: change.to_notification(), forwarded: piece.forwarded })
}

fn packed(envelope: &Envelope) -> Result<Vec<String>, EnvelopeError> {
    let packed = envelope.pack_all();
    if packed.left_out == 0 { Ok(packed.messages) } else { Err(EnvelopeError::TooLarge) }
}
