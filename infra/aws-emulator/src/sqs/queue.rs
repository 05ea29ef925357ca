//! One standard queue over time. There is no clock in here; every method is passed the time.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use super::attributes::{MAXIMUM_VISIBILITY, QueueAttributes};
use super::error::SqsError;
use super::message::{NewMessage, QueueCounts, ReceivedMessage, SentMessage, StoredMessage, SystemAttributes};
use super::receipt::Receipt;
use super::{checksum, content};
use crate::identifier;

/// Maximum messages in flight of a standard queue (SQS Developer Guide, "Message quotas").
const MAXIMUM_IN_FLIGHT: usize = 120_000;

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Queue {
    pub(super) arn: String,
    pub(super) attributes: QueueAttributes,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) created_at: u64,
    pub(super) modified_at: u64,
    pub(super) purged_at: Option<u64>,
    next_key: u64,
    /// By order of arrival.
    messages: BTreeMap<u64, StoredMessage>,
    /// Notified whenever a message may have become visible earlier than a waiting consumer expected.
    #[serde(skip)]
    arrivals: Arc<Notify>,
    /// Every delivery holds a clone of this while its consumer holds the delivery.
    #[serde(skip)]
    held: Arc<()>,
}

/// Result of one receive attempt.
#[derive(Debug, Default)]
pub(super) struct Delivery {
    pub(super) messages: Vec<ReceivedMessage>,
    /// Received too often: to be moved to the dead-letter queue.
    pub(super) dead: Vec<StoredMessage>,
}

impl Queue {
    pub(super) fn new(arn: String, attributes: QueueAttributes, tags: BTreeMap<String, String>, now: u64) -> Self {
        Self {
            arn,
            attributes,
            tags,
            created_at: now,
            modified_at: now,
            purged_at: None,
            next_key: 0,
            messages: BTreeMap::new(),
            arrivals: Arc::default(),
            held: Arc::default(),
        }
    }

    pub(super) fn arrivals(&self) -> Arc<Notify> {
        Arc::clone(&self.arrivals)
    }

    /// Wakes waiting consumers, for a message or because the queue is gone.
    pub(super) fn wake(&self) {
        self.arrivals.notify_waiters();
    }

    pub(super) fn send(&mut self, message: NewMessage, sender: &str, now: u64) -> Result<SentMessage, SqsError> {
        content::check(&message, self.attributes.maximum_size())?;
        let delay = message.delay_seconds.map_or(self.attributes.delay(), |delay| delay.unsigned_abs() * 1000);
        let sent = SentMessage {
            message_id: identifier::uuid(),
            md5_of_body: checksum::of_body(&message.body),
            md5_of_message_attributes: checksum::of_attributes(&message.attributes),
            md5_of_message_system_attributes: checksum::of_trace_header(message.trace_header.as_deref()),
        };
        self.accept(StoredMessage {
            id: sent.message_id.clone(),
            body: message.body,
            attributes: message.attributes,
            trace_header: message.trace_header,
            sender_id: sender.to_owned(),
            sent_at: now,
            visible_at: now.saturating_add(delay),
            first_received_at: None,
            received_at: 0,
            receive_count: 0,
            receives_in_queue: 0,
            receipt: None,
            dead_letter_source: None,
        });
        Ok(sent)
    }

    /// Appends a message.
    pub(super) fn accept(&mut self, message: StoredMessage) {
        self.messages.insert(self.next_key, message);
        self.next_key += 1;
        self.wake();
    }

    /// Delivers up to `max` visible messages and hides them for `visibility` milliseconds. With `max_receives`, a
    /// message that was received that often leaves the queue instead.
    pub(super) fn receive(
        &mut self,
        max: usize,
        visibility: Option<u64>,
        max_receives: Option<u32>,
        now: u64,
    ) -> Result<Delivery, SqsError> {
        self.expire(now);
        if self.messages.len() >= MAXIMUM_IN_FLIGHT && self.counts(now).in_flight >= MAXIMUM_IN_FLIGHT {
            return Err(SqsError::OverLimit);
        }
        let visible_at = now.saturating_add(visibility.unwrap_or(self.attributes.visibility()));
        let mut delivery = Delivery::default();
        let mut dead = Vec::new();
        for (key, message) in self.messages.iter_mut().filter(|(_, message)| message.is_visible(now)) {
            if delivery.messages.len() == max {
                break;
            }
            if max_receives.is_some_and(|most| message.receives_in_queue >= most) {
                dead.push(*key);
            } else {
                delivery.messages.push(deliver(&self.arn, &self.held, *key, message, visible_at, now));
            }
        }
        delivery.dead.extend(dead.iter().filter_map(|key| self.messages.remove(key)));
        Ok(delivery)
    }

    /// Deletes the message if the handle is that of its latest delivery. A handle that a later delivery has replaced
    /// is accepted and does nothing, as AWS documents for standard queues.
    pub(super) fn delete(&mut self, handle: &str) -> Result<(), SqsError> {
        let receipt = Receipt::parse(handle, &self.arn)?;
        if self.messages.get(&receipt.key).is_some_and(|message| receipt.is_latest_of(message)) {
            self.messages.remove(&receipt.key);
        }
        Ok(())
    }

    /// Ends the visibility timeout `timeout` milliseconds from now.
    pub(super) fn change_visibility(&mut self, handle: &str, timeout: u64, now: u64) -> Result<(), SqsError> {
        let receipt = Receipt::parse(handle, &self.arn)?;
        let message = self.messages.get_mut(&receipt.key).filter(|message| receipt.is_latest_of(message));
        let message = message.ok_or_else(|| {
            SqsError::invalid_value(
                handle,
                "ReceiptHandle",
                "Message does not exist or is not available for visibility timeout change.",
            )
        })?;
        if !message.is_in_flight(now) {
            return Err(SqsError::MessageNotInflight);
        }
        let visible_at = now.saturating_add(timeout);
        if visible_at > message.received_at.saturating_add(MAXIMUM_VISIBILITY * 1000) {
            return Err(SqsError::invalid_value(
                timeout / 1000,
                "VisibilityTimeout",
                "Total VisibilityTimeout for the message is beyond the limit [43200 seconds]",
            ));
        }
        message.visible_at = visible_at;
        self.wake();
        Ok(())
    }

    pub(super) fn purge(&mut self, now: u64) {
        self.messages.clear();
        self.purged_at = Some(now);
    }

    /// Removes all messages that could be received now.
    pub(super) fn take_visible(&mut self, now: u64) -> Vec<StoredMessage> {
        self.expire(now);
        let taken: BTreeMap<_, _> = self.messages.extract_if(.., |_, message| message.is_visible(now)).collect();
        taken.into_values().collect()
    }

    /// The next time at which a delay or a visibility timeout ends.
    pub(super) fn next_visible_at(&self, now: u64) -> Option<u64> {
        self.messages.values().map(|message| message.visible_at).filter(|at| *at > now).min()
    }

    pub(super) fn counts(&self, now: u64) -> QueueCounts {
        let retention = self.attributes.retention();
        let mut counts = QueueCounts { held: Arc::strong_count(&self.held) - 1, ..QueueCounts::default() };
        for message in self.messages.values().filter(|message| message.sent_at.saturating_add(retention) > now) {
            if message.is_visible(now) {
                counts.visible += 1;
            } else if message.is_in_flight(now) {
                counts.in_flight += 1;
            } else {
                counts.delayed += 1;
            }
        }
        counts
    }

    /// Drops messages older than the retention period. The age of a dead letter counts from its original sending.
    fn expire(&mut self, now: u64) {
        let retention = self.attributes.retention();
        self.messages.retain(|_, message| message.sent_at.saturating_add(retention) > now);
    }
}

fn deliver(
    arn: &str,
    held: &Arc<()>,
    key: u64,
    message: &mut StoredMessage,
    visible_at: u64,
    now: u64,
) -> ReceivedMessage {
    let receipt = Receipt::new(key, &message.id);
    message.receipt = Some(receipt.nonce.clone());
    message.receive_count = message.receive_count.saturating_add(1);
    message.receives_in_queue = message.receives_in_queue.saturating_add(1);
    message.visible_at = visible_at;
    message.received_at = now;
    ReceivedMessage {
        message_id: message.id.clone(),
        receipt_handle: receipt.to_handle(arn),
        md5_of_body: checksum::of_body(&message.body),
        body: message.body.clone(),
        attributes: SystemAttributes {
            sent_timestamp: message.sent_at,
            approximate_receive_count: message.receive_count,
            approximate_first_receive_timestamp: *message.first_received_at.get_or_insert(now),
            sender_id: message.sender_id.clone(),
            dead_letter_queue_source_arn: message.dead_letter_source.clone(),
            aws_trace_header: message.trace_header.clone(),
        },
        md5_of_message_attributes: checksum::of_attributes(&message.attributes),
        message_attributes: message.attributes.clone(),
        held: Arc::clone(held),
    }
}
