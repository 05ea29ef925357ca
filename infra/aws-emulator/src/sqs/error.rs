//! Errors of SQS, with the service's own texts.

use crate::protocol::Failure;

/// Why SQS refused a request. The texts are those of the service, because clients match on them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SqsError {
    /// No queue has this name, URL or ARN.
    #[error("The specified queue does not exist.")]
    QueueDoesNotExist,
    /// A queue of this name exists with another value for the attribute.
    #[error("A queue already exists with the same name and a different value for attribute {0}")]
    QueueNameExists(String),
    /// A name is free again only 60 seconds after its queue was deleted.
    #[error("You must wait 60 seconds after deleting a queue before you can create another with the same name.")]
    QueueDeletedRecently,
    /// A queue may be purged once in 60 seconds.
    #[error("Only one PurgeQueue operation on {0} is allowed every 60 seconds.")]
    PurgeQueueInProgress(String),
    /// The attribute is unknown.
    #[error("Unknown Attribute {0}.")]
    InvalidAttributeName(String),
    /// The value of a queue attribute is out of its range.
    #[error("Invalid value for the parameter {0}.")]
    InvalidAttributeValue(String),
    /// The text holds a character that XML 1.0 cannot carry.
    #[error(
        "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF"
    )]
    InvalidMessageContents,
    /// A required parameter is missing or empty.
    #[error("The request must contain the parameter {0}.")]
    MissingParameter(&'static str),
    /// A parameter has a value that is not allowed.
    #[error("{0}")]
    InvalidParameterValue(String),
    /// The receipt handle was not issued by this queue.
    #[error("The input receipt handle is invalid.")]
    ReceiptHandleIsInvalid,
    /// The message is visible again, so there is no visibility timeout to change.
    #[error("The specified message isn't in flight.")]
    MessageNotInflight,
    /// 120,000 messages of the queue are in flight.
    #[error("Too many messages in flight.")]
    OverLimit,
    /// A batch holds between one and ten entries.
    #[error("Maximum number of entries per request are 10. You have sent {0}.")]
    TooManyEntriesInBatchRequest(usize),
    /// A batch without entries.
    #[error("There should be at least one {0} in the request.")]
    EmptyBatchRequest(&'static str),
    /// Two entries of a batch have the same id.
    #[error("Id {0} repeated.")]
    BatchEntryIdsNotDistinct(String),
    /// All messages of a batch together may have 1 MiB.
    #[error("Batch requests cannot be longer than 1048576 bytes. You have sent {0} bytes.")]
    BatchRequestTooLong(usize),
    /// An entry's id is too long or contains a character that is not allowed.
    #[error(
        "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long."
    )]
    InvalidBatchEntryId,
    /// The queue named by a message move task does not exist.
    #[error("The resource that you specified for the {0} parameter doesn't exist.")]
    ResourceNotFound(&'static str),
    /// Not supported by this emulator: FIFO queues.
    #[error("{0}")]
    UnsupportedOperation(&'static str),
}

impl SqsError {
    /// Name in the JSON protocol, name in the query protocol, HTTP status; from the service's Smithy model.
    fn wire(&self) -> (&'static str, &'static str, u16) {
        match self {
            Self::QueueDoesNotExist => ("QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue", 400),
            Self::QueueNameExists(_) => ("QueueNameExists", "QueueAlreadyExists", 400),
            Self::QueueDeletedRecently => ("QueueDeletedRecently", "AWS.SimpleQueueService.QueueDeletedRecently", 400),
            Self::PurgeQueueInProgress(_) => {
                ("PurgeQueueInProgress", "AWS.SimpleQueueService.PurgeQueueInProgress", 403)
            }
            Self::InvalidAttributeName(_) => ("InvalidAttributeName", "InvalidAttributeName", 400),
            Self::InvalidAttributeValue(_) => ("InvalidAttributeValue", "InvalidAttributeValue", 400),
            Self::InvalidMessageContents => ("InvalidMessageContents", "InvalidMessageContents", 400),
            Self::MissingParameter(_) => ("MissingRequiredParameterException", "MissingParameter", 400),
            Self::InvalidParameterValue(_) => ("InvalidParameterValueException", "InvalidParameterValue", 400),
            Self::ReceiptHandleIsInvalid => ("ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid", 404),
            Self::MessageNotInflight => ("MessageNotInflight", "AWS.SimpleQueueService.MessageNotInflight", 400),
            Self::OverLimit => ("OverLimit", "OverLimit", 403),
            Self::TooManyEntriesInBatchRequest(_) => {
                ("TooManyEntriesInBatchRequest", "AWS.SimpleQueueService.TooManyEntriesInBatchRequest", 400)
            }
            Self::EmptyBatchRequest(_) => ("EmptyBatchRequest", "AWS.SimpleQueueService.EmptyBatchRequest", 400),
            Self::BatchEntryIdsNotDistinct(_) => {
                ("BatchEntryIdsNotDistinct", "AWS.SimpleQueueService.BatchEntryIdsNotDistinct", 400)
            }
            Self::BatchRequestTooLong(_) => ("BatchRequestTooLong", "AWS.SimpleQueueService.BatchRequestTooLong", 400),
            Self::InvalidBatchEntryId => ("InvalidBatchEntryId", "AWS.SimpleQueueService.InvalidBatchEntryId", 400),
            Self::ResourceNotFound(_) => ("ResourceNotFoundException", "ResourceNotFoundException", 404),
            Self::UnsupportedOperation(_) => {
                ("UnsupportedOperation", "AWS.SimpleQueueService.UnsupportedOperation", 400)
            }
        }
    }

    /// The error name in `Failed` entries of a batch and in the `x-amzn-query-error` header.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.wire().1
    }

    pub(super) fn invalid_value(value: impl std::fmt::Display, parameter: &str, reason: &str) -> Self {
        Self::InvalidParameterValue(format!("Value {value} for parameter {parameter} is invalid. Reason: {reason}"))
    }
}

impl From<SqsError> for Failure {
    fn from(error: SqsError) -> Self {
        let (shape, query_code, status) = error.wire();
        Self { status, shape, query_code: Some(query_code), message: error.to_string() }
    }
}
