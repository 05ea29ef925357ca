//! Operations on messages.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::required;
use crate::sqs::message::{MessageAttribute, NewMessage, ReceivedMessage, SentMessage};
use crate::sqs::{Sqs, SqsError, batch, checksum, content};

/// A message in a request.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Message {
    message_body: Option<String>,
    delay_seconds: Option<i64>,
    #[serde(default)]
    message_attributes: BTreeMap<String, MessageAttribute>,
    #[serde(default)]
    message_system_attributes: BTreeMap<String, MessageAttribute>,
}

impl Message {
    fn into_new(mut self) -> Result<NewMessage, SqsError> {
        let trace_header = self.message_system_attributes.remove("AWSTraceHeader").and_then(|a| a.string_value);
        if let Some(name) = self.message_system_attributes.keys().next() {
            return Err(SqsError::InvalidParameterValue(format!("Message system attribute name '{name}' is invalid.")));
        }
        Ok(NewMessage {
            body: self.message_body.ok_or(SqsError::MissingParameter("MessageBody"))?,
            delay_seconds: self.delay_seconds,
            attributes: self.message_attributes,
            trace_header,
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Send {
    queue_url: Option<String>,
    #[serde(flatten)]
    message: Message,
}

pub(super) async fn send(sqs: &Sqs, input: Send) -> Result<Value, SqsError> {
    let queue = required(&input.queue_url, "QueueUrl")?;
    Ok(sent(sqs.send(queue, input.message.into_new()?).await?))
}

fn sent(message: SentMessage) -> Value {
    let mut answer = json!({"MessageId": message.message_id, "MD5OfMessageBody": message.md5_of_body});
    insert(&mut answer, "MD5OfMessageAttributes", message.md5_of_message_attributes);
    insert(&mut answer, "MD5OfMessageSystemAttributes", message.md5_of_message_system_attributes);
    answer
}

fn insert(object: &mut Value, name: &str, value: Option<impl Into<Value>>) {
    if let (Value::Object(members), Some(value)) = (object, value) {
        members.insert(name.to_owned(), value.into());
    }
}

/// A batch of one of the three kinds.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Batch<T> {
    queue_url: Option<String>,
    #[serde(default = "Vec::new")]
    entries: Vec<Entry<T>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry<T> {
    #[serde(default)]
    id: String,
    #[serde(flatten)]
    content: T,
}

impl<T> Batch<T> {
    /// The queue, if the batch as a whole is valid.
    fn checked_queue(&self, sqs: &Sqs, kind: &'static str) -> Result<String, SqsError> {
        let name = sqs.name_of(required(&self.queue_url, "QueueUrl")?)?;
        sqs.store().queue(name)?;
        batch::check(self.entries.iter().map(|entry| entry.id.as_str()), kind)?;
        Ok(name.to_owned())
    }
}

pub(super) async fn send_batch(sqs: &Sqs, input: Batch<Message>) -> Result<Value, SqsError> {
    let queue = input.checked_queue(sqs, "SendMessageBatchRequestEntry")?;
    let messages: Vec<_> = input.entries.into_iter().map(|entry| (entry.id, entry.content.into_new())).collect();
    let total = messages.iter().filter_map(|(_, message)| message.as_ref().ok()).map(content::size).sum();
    if total > content::MAXIMUM_SIZE {
        return Err(SqsError::BatchRequestTooLong(total));
    }
    let mut results = Vec::new();
    for (id, message) in messages {
        let result = match message {
            Ok(message) => sqs.send(&queue, message).await.map(sent),
            Err(error) => Err(error),
        };
        results.push((id, result));
    }
    Ok(batch::outcome(results.into_iter()))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Receive {
    queue_url: Option<String>,
    #[serde(default)]
    attribute_names: Vec<String>,
    #[serde(default)]
    message_system_attribute_names: Vec<String>,
    #[serde(default)]
    message_attribute_names: Vec<String>,
    max_number_of_messages: Option<i64>,
    visibility_timeout: Option<i64>,
    wait_time_seconds: Option<i64>,
}

pub(super) async fn receive(sqs: &Sqs, input: &Receive) -> Result<Value, SqsError> {
    let queue = required(&input.queue_url, "QueueUrl")?;
    let max = input.max_number_of_messages.unwrap_or(1);
    // A negative number has no `usize`; zero is refused in the same way, and the text names the value sent.
    let max = usize::try_from(max)
        .map_err(|_| SqsError::invalid_value(max, "MaxNumberOfMessages", "Must be between 1 and 10, if provided."))?;
    let wait = match input.wait_time_seconds {
        Some(wait) => seconds(wait, "WaitTimeSeconds", "Must be >= 0 and <= 20, if provided.")?,
        None => Duration::from_millis(sqs.store().queue(sqs.name_of(queue)?)?.attributes.wait()),
    };
    let visibility = input
        .visibility_timeout
        .map(|timeout| seconds(timeout, "VisibilityTimeout", "Must be between 0 and 43200, if provided."))
        .transpose()?;
    let messages = sqs.receive(queue, max, wait, visibility).await?;
    if messages.is_empty() {
        return Ok(json!({}));
    }
    Ok(json!({"Messages": messages.into_iter().map(|message| received(message, input)).collect::<Vec<_>>()}))
}

fn seconds(value: i64, parameter: &str, reason: &str) -> Result<Duration, SqsError> {
    u64::try_from(value).map(Duration::from_secs).map_err(|_| SqsError::invalid_value(value, parameter, reason))
}

fn received(message: ReceivedMessage, input: &Receive) -> Value {
    let wanted = |name: &str| {
        let mut names = input.attribute_names.iter().chain(&input.message_system_attribute_names);
        names.any(|wanted| wanted == "All" || wanted == name)
    };
    let system: Map<String, Value> = message
        .attributes
        .to_map()
        .into_iter()
        .filter(|(name, _)| wanted(name))
        .map(|(name, value)| (name.to_owned(), value.into()))
        .collect();
    let mut attributes = message.message_attributes;
    attributes.retain(|name, _| input.message_attribute_names.iter().any(|pattern| matches(pattern, name)));
    let mut answer = json!({
        "MessageId": message.message_id,
        "ReceiptHandle": message.receipt_handle,
        "Body": message.body,
        "MD5OfBody": message.md5_of_body,
    });
    insert(&mut answer, "Attributes", (!system.is_empty()).then_some(system));
    // The digest covers what is returned, not what was sent.
    if let Some(md5) = checksum::of_attributes(&attributes) {
        insert(&mut answer, "MD5OfMessageAttributes", Some(md5));
        insert(&mut answer, "MessageAttributes", Some(json!(attributes)));
    }
    answer
}

/// Whether a requested name selects an attribute: the name, a prefix before `.*`, or `All`.
fn matches(pattern: &str, name: &str) -> bool {
    match pattern {
        "All" | ".*" | "*" => true,
        _ => pattern.strip_suffix(".*").map_or(pattern == name, |prefix| name.starts_with(prefix)),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Delete {
    queue_url: Option<String>,
    receipt_handle: Option<String>,
}

pub(super) async fn delete(sqs: &Sqs, input: &Delete) -> Result<Value, SqsError> {
    let queue = required(&input.queue_url, "QueueUrl")?;
    sqs.delete(queue, required(&input.receipt_handle, "ReceiptHandle")?).await?;
    Ok(json!({}))
}

pub(super) async fn delete_batch(sqs: &Sqs, input: Batch<Delete>) -> Result<Value, SqsError> {
    let queue = input.checked_queue(sqs, "DeleteMessageBatchRequestEntry")?;
    let mut results = Vec::new();
    for Entry { id, content } in input.entries {
        let result = match required(&content.receipt_handle, "ReceiptHandle") {
            Ok(handle) => sqs.delete(&queue, handle).await,
            Err(error) => Err(error),
        };
        results.push((id, result.map(|()| json!({}))));
    }
    Ok(batch::outcome(results.into_iter()))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ChangeVisibility {
    queue_url: Option<String>,
    receipt_handle: Option<String>,
    visibility_timeout: Option<i64>,
}

impl ChangeVisibility {
    async fn apply(&self, sqs: &Sqs, queue: &str) -> Result<Value, SqsError> {
        let handle = required(&self.receipt_handle, "ReceiptHandle")?;
        let timeout = self.visibility_timeout.ok_or(SqsError::MissingParameter("VisibilityTimeout"))?;
        let timeout = seconds(timeout, "VisibilityTimeout", "Must be between 0 and 43200, if provided.")?;
        sqs.change_visibility(queue, handle, timeout).await?;
        Ok(json!({}))
    }
}

pub(super) async fn change_visibility(sqs: &Sqs, input: &ChangeVisibility) -> Result<Value, SqsError> {
    input.apply(sqs, required(&input.queue_url, "QueueUrl")?).await
}

pub(super) async fn change_visibility_batch(sqs: &Sqs, input: Batch<ChangeVisibility>) -> Result<Value, SqsError> {
    let queue = input.checked_queue(sqs, "ChangeMessageVisibilityBatchRequestEntry")?;
    let mut results = Vec::new();
    for Entry { id, content } in input.entries {
        results.push((id, content.apply(sqs, &queue).await));
    }
    Ok(batch::outcome(results.into_iter()))
}
