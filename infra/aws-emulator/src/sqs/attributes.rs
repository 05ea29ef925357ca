//! Queue attributes: names, allowed values, defaults.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::content;
use super::error::SqsError;

/// A numeric attribute: name, minimum, maximum, default.
type Number = (&'static str, u64, u64, Option<u64>);

/// Ranges and defaults of the SQS API reference, `SetQueueAttributes`. Times are in seconds, sizes in bytes.
const NUMBERS: [Number; 6] = [
    ("DelaySeconds", 0, 900, Some(0)),
    ("MaximumMessageSize", 1024, content::MAXIMUM_SIZE as u64, Some(content::MAXIMUM_SIZE as u64)),
    ("MessageRetentionPeriod", 60, 1_209_600, Some(345_600)),
    ("ReceiveMessageWaitTimeSeconds", 0, 20, Some(0)),
    ("VisibilityTimeout", 0, MAXIMUM_VISIBILITY, Some(30)),
    ("KmsDataKeyReusePeriodSeconds", 60, 86_400, None),
];

/// Attributes that are stored and returned, but have no effect in the emulator.
const TEXTS: [&str; 3] = ["Policy", "KmsMasterKeyId", "RedriveAllowPolicy"];

/// Attributes that SQS computes.
pub(super) const COMPUTED: [&str; 6] = [
    "QueueArn",
    "CreatedTimestamp",
    "LastModifiedTimestamp",
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
];

/// Maximum visibility timeout in seconds: 12 hours.
pub(super) const MAXIMUM_VISIBILITY: u64 = 43_200;

/// When messages move to which dead-letter queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RedrivePolicy {
    pub(super) dead_letter_target_arn: String,
    /// A message received this often is moved instead of being received again; 1 to 1,000.
    pub(super) max_receive_count: u32,
}

/// The attributes of a queue in text form, complete with defaults.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct QueueAttributes {
    values: BTreeMap<String, String>,
    redrive: Option<RedrivePolicy>,
}

impl QueueAttributes {
    pub(super) fn new(given: &BTreeMap<String, String>) -> Result<Self, SqsError> {
        let mut values: BTreeMap<_, _> = NUMBERS
            .iter()
            .filter_map(|(name, _, _, default)| Some(((*name).to_owned(), default.as_ref()?.to_string())))
            .collect();
        values.insert("SqsManagedSseEnabled".to_owned(), "true".to_owned());
        let mut attributes = Self { values, redrive: None };
        attributes.set(given)?;
        Ok(attributes)
    }

    /// Sets all of `given`, or none if one of them is not allowed.
    pub(super) fn set(&mut self, given: &BTreeMap<String, String>) -> Result<(), SqsError> {
        given.iter().try_for_each(|(name, value)| check(name, value))?;
        if let Some(policy) = given.get("RedrivePolicy") {
            self.redrive = parse_redrive(policy)?;
        }
        for (name, value) in given {
            // An empty text removes a policy or a key.
            if value.is_empty() {
                self.values.remove(name);
            } else {
                self.values.insert(name.clone(), value.clone());
            }
        }
        if given.get("KmsMasterKeyId").is_some_and(|key| !key.is_empty()) {
            self.values.insert("SqsManagedSseEnabled".to_owned(), "false".to_owned());
        }
        Ok(())
    }

    /// The name of an attribute whose value in `given` differs from the queue's.
    pub(super) fn difference(&self, given: &BTreeMap<String, String>) -> Option<String> {
        let same = |name: &str, value: &str| match name {
            "RedrivePolicy" => parse_redrive(value).is_ok_and(|policy| policy == self.redrive),
            _ => self.values.get(name).map_or("", String::as_str) == value,
        };
        given.iter().find(|(name, value)| !same(name, value)).map(|(name, _)| name.clone())
    }

    pub(super) fn values(&self) -> &BTreeMap<String, String> {
        &self.values
    }

    pub(super) fn redrive(&self) -> Option<&RedrivePolicy> {
        self.redrive.as_ref()
    }

    /// `DelaySeconds`, in milliseconds.
    pub(super) fn delay(&self) -> u64 {
        self.number("DelaySeconds") * 1000
    }

    /// `VisibilityTimeout`, in milliseconds.
    pub(super) fn visibility(&self) -> u64 {
        self.number("VisibilityTimeout") * 1000
    }

    /// `MessageRetentionPeriod`, in milliseconds.
    pub(super) fn retention(&self) -> u64 {
        self.number("MessageRetentionPeriod") * 1000
    }

    /// `ReceiveMessageWaitTimeSeconds`, in milliseconds.
    pub(super) fn wait(&self) -> u64 {
        self.number("ReceiveMessageWaitTimeSeconds") * 1000
    }

    /// `MaximumMessageSize`, in bytes.
    pub(super) fn maximum_size(&self) -> usize {
        usize::try_from(self.number("MaximumMessageSize")).unwrap_or(content::MAXIMUM_SIZE)
    }

    fn number(&self, name: &str) -> u64 {
        self.values.get(name).and_then(|value| value.parse().ok()).unwrap_or_default()
    }
}

/// Whether `GetQueueAttributes` knows the name.
pub(super) fn is_readable(name: &str) -> bool {
    is_settable(name) || COMPUTED.contains(&name)
}

fn is_settable(name: &str) -> bool {
    NUMBERS.iter().any(|(known, ..)| *known == name)
        || TEXTS.contains(&name)
        || matches!(name, "RedrivePolicy" | "SqsManagedSseEnabled")
}

fn check(name: &str, value: &str) -> Result<(), SqsError> {
    if name == "FifoQueue" && value == "true" {
        return Err(SqsError::UnsupportedOperation("FIFO queues are not emulated."));
    }
    if !is_settable(name) {
        return Err(SqsError::InvalidAttributeName(name.to_owned()));
    }
    let allowed = match NUMBERS.iter().find(|(known, ..)| *known == name) {
        Some((_, least, most, _)) => value.parse().is_ok_and(|number: u64| (*least..=*most).contains(&number)),
        None if name == "SqsManagedSseEnabled" => matches!(value, "true" | "false"),
        None => true,
    };
    if allowed { Ok(()) } else { Err(SqsError::InvalidAttributeValue(name.to_owned())) }
}

fn parse_redrive(text: &str) -> Result<Option<RedrivePolicy>, SqsError> {
    if text.is_empty() {
        return Ok(None);
    }
    let invalid = |reason: &str| SqsError::invalid_value(text, "RedrivePolicy", reason);
    let policy: Value = serde_json::from_str(text).map_err(|_| invalid("Redrive policy is not a valid JSON map."))?;
    let target = policy
        .get("deadLetterTargetArn")
        .ok_or_else(|| invalid("Redrive policy does not contain mandatory attribute: deadLetterTargetArn."))?;
    let target = target
        .as_str()
        .filter(|arn| arn.starts_with("arn:"))
        .ok_or_else(|| invalid("Invalid value for deadLetterTargetArn."))?;
    let count = policy
        .get("maxReceiveCount")
        .ok_or_else(|| invalid("Redrive policy does not contain mandatory attribute: maxReceiveCount."))?;
    let count = count
        .as_u64()
        .or_else(|| count.as_str()?.parse().ok())
        .and_then(|count| u32::try_from(count).ok())
        .filter(|count| (1..=1000).contains(count))
        .ok_or_else(|| invalid("Invalid value for maxReceiveCount. Value must be between 1 and 1000."))?;
    Ok(Some(RedrivePolicy { dead_letter_target_arn: target.to_owned(), max_receive_count: count }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(name: &str, value: &str) -> BTreeMap<String, String> {
        BTreeMap::from([(name.to_owned(), value.to_owned())])
    }

    #[test]
    fn defaults_are_those_of_the_service() {
        let attributes = QueueAttributes::new(&BTreeMap::new()).unwrap();
        assert_eq!(attributes.visibility(), 30_000);
        assert_eq!(attributes.retention(), 345_600_000);
        assert_eq!(attributes.maximum_size(), 1_048_576);
        assert_eq!((attributes.delay(), attributes.wait()), (0, 0));
    }

    #[test]
    fn values_out_of_range_and_unknown_names_are_refused() {
        let new = |name, value| QueueAttributes::new(&one(name, value)).err();
        assert_eq!(new("DelaySeconds", "901"), Some(SqsError::InvalidAttributeValue("DelaySeconds".into())));
        assert_eq!(new("DelaySeconds", "soon"), Some(SqsError::InvalidAttributeValue("DelaySeconds".into())));
        assert_eq!(new("Colour", "red"), Some(SqsError::InvalidAttributeName("Colour".into())));
        assert!(matches!(new("FifoQueue", "true"), Some(SqsError::UnsupportedOperation(_))));
    }

    #[test]
    fn a_redrive_policy_needs_a_target_and_a_count() {
        let parse = |text: &str| parse_redrive(text);
        let policy = parse(r#"{"deadLetterTargetArn":"arn:aws:sqs:r:1:d","maxReceiveCount":"3"}"#).unwrap().unwrap();
        assert_eq!(policy.max_receive_count, 3);
        for wrong in [
            "{}",
            "x",
            r#"{"deadLetterTargetArn":"dummy","maxReceiveCount":1}"#,
            r#"{"deadLetterTargetArn":"arn:x","maxReceiveCount":0}"#,
            r#"{"deadLetterTargetArn":"arn:x"}"#,
        ] {
            assert!(matches!(parse(wrong), Err(SqsError::InvalidParameterValue(_))), "{wrong}");
        }
        assert_eq!(parse(""), Ok(None));
    }
}
