//! Operations on queues.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

use super::required;
use crate::sqs::store::MoveTask;
use crate::sqs::{Sqs, SqsError};

/// Maximum results per page of a list (SQS API reference).
const MAXIMUM_PAGE: i64 = 1000;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Create {
    queue_name: Option<String>,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
    // The service's only member in lower case.
    #[serde(default, rename = "tags")]
    tags: BTreeMap<String, String>,
}

pub(super) fn create(sqs: &Sqs, host: Option<&str>, input: &Create) -> Result<Value, SqsError> {
    let name = required(&input.queue_name, "QueueName")?;
    sqs.create_queue(name, &input.attributes, &input.tags)?;
    Ok(json!({"QueueUrl": sqs.url_at(host, name)}))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct GetUrl {
    queue_name: Option<String>,
    #[serde(rename = "QueueOwnerAWSAccountId")]
    owner: Option<String>,
}

pub(super) fn get_url(sqs: &Sqs, host: Option<&str>, input: &GetUrl) -> Result<Value, SqsError> {
    let name = required(&input.queue_name, "QueueName")?;
    if input.owner.as_ref().is_some_and(|owner| *owner != sqs.shared.account) {
        return Err(SqsError::QueueDoesNotExist);
    }
    sqs.store().queue(name)?;
    Ok(json!({"QueueUrl": sqs.url_at(host, name)}))
}

/// Identifies one queue, with the operation's other members.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct OfQueue<T> {
    queue_url: Option<String>,
    #[serde(flatten)]
    rest: T,
}

impl<T> OfQueue<T> {
    fn name(&self, sqs: &Sqs) -> Result<&str, SqsError> {
        sqs.name_of(required(&self.queue_url, "QueueUrl")?)
    }
}

#[derive(Deserialize)]
pub(super) struct Nothing {}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct AttributeNames {
    #[serde(default)]
    attribute_names: Vec<String>,
}

pub(super) fn get_attributes(sqs: &Sqs, input: &OfQueue<AttributeNames>) -> Result<Value, SqsError> {
    let found = sqs.store().attributes(input.name(sqs)?, &input.rest.attribute_names, sqs.now())?;
    Ok(if found.is_empty() { json!({}) } else { json!({"Attributes": found}) })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Attributes {
    #[serde(default)]
    attributes: BTreeMap<String, String>,
}

pub(super) fn set_attributes(sqs: &Sqs, input: &OfQueue<Attributes>) -> Result<Value, SqsError> {
    let now = sqs.now();
    sqs.store().set_attributes(input.name(sqs)?, &input.rest.attributes, now)?;
    Ok(json!({}))
}

pub(super) fn delete(sqs: &Sqs, input: &OfQueue<Nothing>) -> Result<Value, SqsError> {
    let now = sqs.now();
    sqs.store().delete(input.name(sqs)?, now)?;
    Ok(json!({}))
}

pub(super) fn purge(sqs: &Sqs, input: &OfQueue<Nothing>) -> Result<Value, SqsError> {
    let now = sqs.now();
    sqs.store().purge(input.name(sqs)?, now)?;
    Ok(json!({}))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Tags {
    #[serde(default)]
    tags: BTreeMap<String, String>,
}

pub(super) fn tag(sqs: &Sqs, input: OfQueue<Tags>) -> Result<Value, SqsError> {
    sqs.store().queue_mut(input.name(sqs)?)?.tags.extend(input.rest.tags);
    Ok(json!({}))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct TagKeys {
    #[serde(default)]
    tag_keys: Vec<String>,
}

pub(super) fn untag(sqs: &Sqs, input: &OfQueue<TagKeys>) -> Result<Value, SqsError> {
    sqs.store().queue_mut(input.name(sqs)?)?.tags.retain(|key, _| !input.rest.tag_keys.contains(key));
    Ok(json!({}))
}

pub(super) fn list_tags(sqs: &Sqs, input: &OfQueue<Nothing>) -> Result<Value, SqsError> {
    Ok(json!({"Tags": sqs.store().queue(input.name(sqs)?)?.tags}))
}

/// A page of a list.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Page {
    queue_name_prefix: Option<String>,
    max_results: Option<i64>,
    next_token: Option<String>,
}

pub(super) fn list(sqs: &Sqs, host: Option<&str>, input: &Page) -> Result<Value, SqsError> {
    let prefix = input.queue_name_prefix.as_deref().unwrap_or_default();
    let names: Vec<_> = sqs.store().queues.keys().filter(|name| name.starts_with(prefix)).cloned().collect();
    page(sqs, host, names, input, "QueueUrls")
}

pub(super) fn list_dead_letter_sources(
    sqs: &Sqs,
    host: Option<&str>,
    input: &OfQueue<Page>,
) -> Result<Value, SqsError> {
    let names = sqs.store().dead_letter_sources(input.name(sqs)?)?;
    page(sqs, host, names, &input.rest, "queueUrls")
}

/// Selects the page from all names, which are sorted. The token is the last name of the previous page.
fn page(sqs: &Sqs, host: Option<&str>, names: Vec<String>, page: &Page, member: &str) -> Result<Value, SqsError> {
    let max = page.max_results.unwrap_or(MAXIMUM_PAGE);
    if !(1..=MAXIMUM_PAGE).contains(&max) {
        return Err(SqsError::invalid_value(max, "MaxResults", "Must be an integer from 1 to 1000, if provided."));
    }
    let after = page.next_token.as_deref().map(|token| {
        let name = STANDARD.decode(token).ok().and_then(|name| String::from_utf8(name).ok());
        name.ok_or_else(|| SqsError::InvalidParameterValue("Invalid or expired next token.".to_owned()))
    });
    let after = after.transpose()?;
    let rest: Vec<_> = names.into_iter().filter(|name| after.as_ref().is_none_or(|after| name > after)).collect();
    let shown: Vec<_> = rest.iter().take(usize::try_from(max).unwrap_or_default()).collect();
    let urls: Vec<_> = shown.iter().map(|name| sqs.url_at(host, name)).collect();
    let mut answer = serde_json::Map::from_iter([(member.to_owned(), Value::from(urls))]);
    if let (true, Some(last)) = (shown.len() < rest.len(), shown.last()) {
        answer.insert("NextToken".to_owned(), STANDARD.encode(last.as_bytes()).into());
    }
    Ok(answer.into())
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct StartMove {
    source_arn: Option<String>,
    destination_arn: Option<String>,
    max_number_of_messages_per_second: Option<u32>,
}

pub(super) fn start_move(sqs: &Sqs, input: &StartMove) -> Result<Value, SqsError> {
    let source = required(&input.source_arn, "SourceArn")?;
    let (rate, now) = (input.max_number_of_messages_per_second, sqs.now());
    let handle = sqs.store().start_move(source, input.destination_arn.as_deref(), rate, now)?;
    Ok(json!({"TaskHandle": handle}))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ListMoves {
    source_arn: Option<String>,
    max_results: Option<usize>,
}

pub(super) fn list_moves(sqs: &Sqs, input: &ListMoves) -> Result<Value, SqsError> {
    let source = required(&input.source_arn, "SourceArn")?;
    let tasks = sqs.store().list_moves(source, input.max_results.unwrap_or(1))?;
    Ok(json!({"Results": tasks.iter().map(move_entry).collect::<Vec<_>>()}))
}

fn move_entry(task: &MoveTask) -> Value {
    let mut entry = json!({
        "Status": if task.failure.is_some() { "FAILED" } else { "COMPLETED" },
        "SourceArn": task.source,
        "ApproximateNumberOfMessagesMoved": task.moved,
        "ApproximateNumberOfMessagesToMove": task.to_move,
        "StartedTimestamp": task.started_at,
    });
    if let Value::Object(members) = &mut entry {
        let optional = [
            ("DestinationArn", task.destination.clone().map(Value::from)),
            ("MaxNumberOfMessagesPerSecond", task.rate.map(Value::from)),
            ("FailureReason", task.failure.clone().map(Value::from)),
        ];
        members.extend(optional.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
    }
    entry
}
