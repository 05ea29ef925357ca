//! Messages: as sent, as stored, as received.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A message attribute: metadata beside the body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct MessageAttribute {
    /// `String`, `Number` or `Binary`, optionally followed by a dot and a label of the sender's own.
    pub data_type: String,
    /// The value of a `String` or `Number`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub string_value: Option<String>,
    /// The value of a `Binary`.
    #[serde(default, with = "crate::blob", skip_serializing_if = "Option::is_none")]
    pub binary_value: Option<Vec<u8>>,
}

impl MessageAttribute {
    /// An attribute of type `String`.
    #[must_use]
    pub fn string(value: &str) -> Self {
        Self { data_type: "String".to_owned(), string_value: Some(value.to_owned()), binary_value: None }
    }

    /// An attribute of type `Binary`.
    #[must_use]
    pub fn binary(value: &[u8]) -> Self {
        Self { data_type: "Binary".to_owned(), string_value: None, binary_value: Some(value.to_vec()) }
    }
}

/// A message to send.
#[derive(Clone, Debug, Default)]
pub struct NewMessage {
    /// Text of 1 byte to 1 MiB, including attributes.
    pub body: String,
    /// Seconds before the message can be received, 0 to 900; the queue's `DelaySeconds` if absent.
    pub delay_seconds: Option<i64>,
    /// At most ten.
    pub attributes: BTreeMap<String, MessageAttribute>,
    /// The X-Ray trace header, which does not count towards the size.
    pub trace_header: Option<String>,
}

impl NewMessage {
    /// A message with a body and nothing else.
    #[must_use]
    pub fn new(body: impl Into<String>) -> Self {
        Self { body: body.into(), ..Self::default() }
    }
}

/// SQS's response to a stored message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentMessage {
    /// Id of the message, a UUID.
    pub message_id: String,
    /// MD5 of the body, lower-case hex.
    pub md5_of_body: String,
    /// MD5 of the message attributes, if there are any.
    pub md5_of_message_attributes: Option<String>,
    /// MD5 of the system attributes (the trace header), if there is one.
    pub md5_of_message_system_attributes: Option<String>,
}

/// A message handed to a consumer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceivedMessage {
    /// Id of the message, the same at every receive.
    pub message_id: String,
    /// The handle to delete this delivery or change its visibility; new at every receive.
    pub receipt_handle: String,
    /// Text of the message.
    pub body: String,
    /// MD5 of the body, lower-case hex.
    pub md5_of_body: String,
    /// The system attributes of the message.
    pub attributes: SystemAttributes,
    /// The sender's message attributes.
    pub message_attributes: BTreeMap<String, MessageAttribute>,
    /// MD5 of `message_attributes`, if there are any.
    pub md5_of_message_attributes: Option<String>,
    /// Shared by all deliveries of a queue, to count how many are held.
    pub(super) held: Arc<()>,
}

/// System attributes of a delivered message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemAttributes {
    /// When the message was sent, in milliseconds since the epoch.
    pub sent_timestamp: u64,
    /// How often the message was received, including this time.
    pub approximate_receive_count: u32,
    /// When the message was first received, in milliseconds since the epoch.
    pub approximate_first_receive_timestamp: u64,
    /// The sender: the account.
    pub sender_id: String,
    /// The queue from which the message was moved to this dead-letter queue.
    pub dead_letter_queue_source_arn: Option<String>,
    /// The X-Ray trace header the sender gave.
    pub aws_trace_header: Option<String>,
}

impl SystemAttributes {
    /// The attributes by their names in an event or a response. All values are text.
    #[must_use]
    pub fn to_map(&self) -> BTreeMap<&'static str, String> {
        let mut map = BTreeMap::from([
            ("SentTimestamp", self.sent_timestamp.to_string()),
            ("ApproximateReceiveCount", self.approximate_receive_count.to_string()),
            ("ApproximateFirstReceiveTimestamp", self.approximate_first_receive_timestamp.to_string()),
            ("SenderId", self.sender_id.clone()),
        ]);
        map.extend(self.dead_letter_queue_source_arn.clone().map(|arn| ("DeadLetterQueueSourceArn", arn)));
        map.extend(self.aws_trace_header.clone().map(|header| ("AWSTraceHeader", header)));
        map
    }
}

/// Message counts of a queue, by state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueCounts {
    /// Can be received now.
    pub visible: usize,
    /// Received and neither deleted nor visible again.
    pub in_flight: usize,
    /// Deliveries still held by a consumer in this process; other in-flight messages have no consumer any more.
    pub held: usize,
    /// Sent with a delay that has not ended.
    pub delayed: usize,
}

/// A message as stored in a queue. Times are milliseconds since the epoch.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct StoredMessage {
    pub(super) id: String,
    pub(super) body: String,
    pub(super) attributes: BTreeMap<String, MessageAttribute>,
    pub(super) trace_header: Option<String>,
    pub(super) sender_id: String,
    pub(super) sent_at: u64,
    pub(super) visible_at: u64,
    pub(super) first_received_at: Option<u64>,
    pub(super) received_at: u64,
    /// The receive count shown to consumers.
    pub(super) receive_count: u32,
    /// The count compared with `maxReceiveCount`: receives since the message entered this queue.
    pub(super) receives_in_queue: u32,
    /// The part that distinguishes the newest receipt handle from older ones; `None` before the first receive.
    pub(super) receipt: Option<String>,
    pub(super) dead_letter_source: Option<String>,
}

impl StoredMessage {
    pub(super) fn is_visible(&self, now: u64) -> bool {
        self.visible_at <= now
    }

    pub(super) fn is_in_flight(&self, now: u64) -> bool {
        !self.is_visible(now) && self.receipt.is_some()
    }
}
