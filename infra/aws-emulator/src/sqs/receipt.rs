//! Receipt handles: opaque text for clients; message position and delivery for the queue.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::error::SqsError;
use super::message::StoredMessage;
use crate::identifier;

/// Identifies one delivery of a message.
pub(super) struct Receipt {
    /// Position of the message in the queue.
    pub(super) key: u64,
    message_id: String,
    /// Distinguishes this delivery from all others of the message.
    pub(super) nonce: String,
}

impl Receipt {
    pub(super) fn new(key: u64, message_id: &str) -> Self {
        Self { key, message_id: message_id.to_owned(), nonce: identifier::alphanumeric(16) }
    }

    /// The handle given to the consumer. It names the queue, so that a handle of another queue is recognised.
    pub(super) fn to_handle(&self, arn: &str) -> String {
        STANDARD.encode(format!("{arn} {} {} {}", self.key, self.message_id, self.nonce))
    }

    pub(super) fn parse(handle: &str, arn: &str) -> Result<Self, SqsError> {
        let decode = || {
            let text = String::from_utf8(STANDARD.decode(handle).ok()?).ok()?;
            let mut parts = text.strip_prefix(arn)?.strip_prefix(' ')?.split(' ');
            let (key, message_id, nonce) = (parts.next()?.parse().ok()?, parts.next()?, parts.next()?);
            Some(Self { key, message_id: message_id.to_owned(), nonce: nonce.to_owned() })
        };
        decode().ok_or(SqsError::ReceiptHandleIsInvalid)
    }

    /// Whether no later delivery has replaced this one.
    pub(super) fn is_latest_of(&self, message: &StoredMessage) -> bool {
        message.id == self.message_id && message.receipt.as_deref() == Some(self.nonce.as_str())
    }
}
