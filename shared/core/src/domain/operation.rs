//! Audit of API operations: the principal of a token, and one operation.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// The event that names who requested an operation.
pub const OPERATION_REQUESTED: &str = "whatsapp.operation.requested.v1";

/// The timeline event of an operation that adds no other entry.
pub const REQUESTED: &str = "requested";

/// Maximum length of subject and client (OpenID Connect Core, section 2: `sub` has at most 255 characters).
const LONGEST_NAME: usize = 255;

/// The principal of an access token. May be a person, so `Debug` does not print it and it cannot get into logs.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Principal {
    subject: Option<String>,
    client: Option<String>,
}

impl Principal {
    /// Builds a principal from claims; `None` when neither is given, or one is longer than 255 characters or not
    /// printable.
    #[must_use]
    pub fn parse(subject: Option<&str>, client: Option<&str>) -> Option<Self> {
        let valid = |name: &Option<&str>| name.is_none_or(is_name);
        let named = subject.is_some() || client.is_some();
        let principal = Self { subject: subject.map(str::to_owned), client: client.map(str::to_owned) };
        (named && valid(&subject) && valid(&client)).then_some(principal)
    }

    /// The person or machine: the claim `sub`.
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        self.subject.as_deref()
    }

    /// The OAuth client.
    #[must_use]
    pub fn client(&self) -> Option<&str> {
        self.client.as_deref()
    }
}

fn is_name(name: &str) -> bool {
    let printable = |byte: u8| byte == b' ' || byte.is_ascii_graphic();
    (1..=LONGEST_NAME).contains(&name.len()) && name.trim() == name && name.bytes().all(printable)
}

impl fmt::Debug for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Principal(…)")
    }
}

/// One authorised and accepted API operation. Contains names and ids only, never the request's content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operation {
    /// Stable name, for example `onboarding.leave`.
    pub name: String,
    /// Who requested it.
    pub principal: Principal,
    /// API Gateway's request id.
    pub request_id: String,
    /// What it concerns besides the record it is saved with: `template`, `queue`, ….
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub about: BTreeMap<String, String>,
}

impl Operation {
    /// The same operation, with the name or id of something it concerns.
    #[must_use]
    pub fn about(&self, kind: &str, id: &str) -> Self {
        let mut operation = self.clone();
        operation.about.insert(kind.to_owned(), id.to_owned());
        operation
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::outbox::PendingEvent;
    use crate::domain::time::Timestamp;

    #[test]
    fn a_principal_has_a_name_of_bounded_length_in_visible_characters() {
        let long = "x".repeat(256);
        for bad in ["", " ", "a ", "a\nb", "a\u{7f}", "ä", "\u{202e}a", &long] {
            assert_eq!(Principal::parse(Some(bad), Some("console")), None, "{bad:?}");
            assert_eq!(Principal::parse(Some("maria"), Some(bad)), None, "{bad:?}");
        }
        assert_eq!(Principal::parse(None, None), None);
        for good in ["auth0|5f7", "Maria Example", &long[..255]] {
            assert_eq!(Principal::parse(Some(good), None).unwrap().subject(), Some(good));
        }
        assert_eq!(Principal::parse(None, Some("backend")).unwrap().client(), Some("backend"));
    }

    #[test]
    fn a_principal_is_not_printed() {
        let principal = Principal::parse(Some("maria@example.com"), Some("console")).unwrap();
        let operation =
            Operation { name: "x".to_owned(), principal, request_id: "r".to_owned(), about: BTreeMap::new() };
        assert!(!format!("{operation:?}").contains("maria"));
    }

    #[test]
    fn records_from_before_operations_were_recorded_are_still_read() {
        use crate::domain::progress::TimelineEntry;
        let line = TimelineEntry::new(Timestamp::default(), "resumed", None);
        let written = serde_json::to_value(&line).unwrap();
        assert!(written.get("by").is_none());
        assert_eq!(serde_json::from_value::<TimelineEntry>(written).unwrap(), line);
        let principal = Principal::parse(Some("maria"), None).unwrap();
        let operation =
            Operation { name: "x.y".to_owned(), principal, request_id: "r".to_owned(), about: BTreeMap::new() };
        let mut event = serde_json::to_value(operation.event(Timestamp::default())).unwrap();
        event.as_object_mut().unwrap().remove("operation");
        assert_eq!(serde_json::from_value::<PendingEvent>(event).unwrap().operation, None);
    }
}
