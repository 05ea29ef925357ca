//! Platform events in CloudEvents 1.0 format.

use crate::domain::time::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

/// One event, as sent to `PlatformEventsQueue`.
#[derive(Debug, Serialize)]
pub struct CloudEvent<'a> {
    specversion: &'static str,
    id: String,
    source: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<&'a str>,
    time: String,
    datacontenttype: &'static str,
    data: &'a RawValue,
}

impl<'a> CloudEvent<'a> {
    /// An event whose id is derived from what makes it unique (`identity`), so that a repeat has the same id and
    /// consumers can deduplicate it.
    #[must_use]
    pub fn new(
        source: &'a str,
        kind: &'a str,
        subject: Option<&'a str>,
        at: Timestamp,
        data: &'a RawValue,
        identity: &[&str],
    ) -> Self {
        let time = at.to_rfc3339();
        Self {
            specversion: "1.0",
            id: derive_id(kind, identity),
            source,
            kind,
            subject,
            time,
            datacontenttype: "application/json",
            data,
        }
    }

    /// The derived id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }
}

/// The first 128 bits of a digest of the length-prefixed parts.
fn derive_id(kind: &str, identity: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in std::iter::once(&kind).chain(identity) {
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let mut id = hex::encode(hash.finalize());
    id.truncate(32);
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_identity_gives_the_same_id_and_others_differ() {
        let data = RawValue::from_string("{\"n\":12345678901234567890}".into()).unwrap();
        let event = |identity: &[&str]| {
            CloudEvent::new("s", "whatsapp.webhook.received.v1", None, Timestamp::from_seconds(1), &data, identity).id
        };
        assert_eq!(event(&["a", "bc"]), event(&["a", "bc"]));
        assert_ne!(event(&["a", "bc"]), event(&["ab", "c"]));
    }

    #[test]
    fn an_event_is_cloudevents_1_0_with_its_data_unchanged() {
        let data = RawValue::from_string("{\"n\":12345678901234567890}".into()).unwrap();
        let event = CloudEvent::new("stack", "whatsapp.x.y.v1", Some("11"), Timestamp::from_seconds(1), &data, &["1"]);
        let json = serde_json::to_string(&event).unwrap();
        assert!(json.contains(r#""specversion":"1.0""#) && json.contains(r#""type":"whatsapp.x.y.v1""#));
        assert!(
            json.contains(r#""time":"1970-01-01T00:00:01.000Z""#)
                && json.contains(r#""data":{"n":12345678901234567890}"#)
        );
    }
}
