//! Meta's status of an account or a number: the newest value per attribute, from a webhook or from a read.

use super::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a status value describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Attribute {
    /// The state of a number or an account, for example `CONNECTED`, `DISABLE`.
    Status,
    /// The display name's review, for example `PENDING_REVIEW`.
    NameStatus,
    /// The number's quality: `GREEN`, `YELLOW`, `RED`, `UNKNOWN`.
    Quality,
    /// The messaging limit, for example `TIER_2K`.
    MessagingLimit,
    /// The account's review, for example `APPROVED`.
    Review,
    /// The verification of the owning business, for example `VERIFIED`.
    Verification,
    /// Whether Meta requires the partner to certify the business first (website-optional signups): `NEEDED`,
    /// `APPROVED`, ….
    Certification,
    /// The account's restriction, for example `RESTRICTED_BIZ_INITIATED_MESSAGING`; `LIFTED` afterwards.
    Restriction,
    /// The policy of the latest violation, for example `SCAM`.
    Violation,
    /// The latest event of the number's two-step verification PIN: `PIN_CHANGED`, `PIN_RESET_REQUEST`,
    /// `PIN_REQUEST_SUCCESS`.
    Pin,
    /// Whether calling is enabled for the number: `ENABLED`, `DISABLED`.
    Calling,
    /// The number's user name: `APPROVED`, `RESERVED`, `DELETED`.
    Username,
    /// How much of the WhatsApp Business app's history was received, in percent; `DECLINED` when its owner does not
    /// share it.
    History,
    /// Whether contacts of the WhatsApp Business app were received: `RECEIVED`.
    Contacts,
    /// Whether the business may use the Marketing Messages API: `TERMS_SIGNED`.
    MarketingMessages,
}

/// A status value with its times.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusValue {
    /// The value as reported by Meta, in upper case.
    #[serde(rename = "word")]
    pub value: String,
    /// When Meta last reported it.
    pub at: Timestamp,
    /// Since when it has had this value.
    pub since: Timestamp,
    /// When it expires, if Meta reports that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// The newest value per attribute.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MetaStatus(BTreeMap<Attribute, StatusValue>);

/// Maximum length of a stored value; Meta's own have up to about forty characters.
const LONGEST_VALUE: usize = 64;

/// Normalises a value for storage; `None` when the text does not have the form of Meta's values (letters, digits and
/// underscores).
#[must_use]
pub fn status_value(text: &str) -> Option<String> {
    let plain =
        (1..=LONGEST_VALUE).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    plain.then(|| text.to_ascii_uppercase())
}

/// Whether a value is a decision, not an initial, pending or cleared state.
fn decides(value: &str) -> bool {
    let begins = ["NEEDED", "PENDING", "PENDING_REVIEW", "UNKNOWN", "NONE", "PIN_RESET_REQUEST", "LIFTED"];
    !begins.contains(&value)
}

impl MetaStatus {
    /// Applies a value reported at that time. Older values and repeats change nothing. Returns whether the value
    /// changed. Of two values with the same time (Meta's webhooks have a resolution of one second), the same one wins
    /// in either order: a decision wins over a pending state, otherwise the alphabetically later value.
    pub fn observe(&mut self, attribute: Attribute, text: &str, at: Timestamp) -> bool {
        self.observe_until(attribute, text, at, None)
    }

    /// The same for a value that may expire.
    pub fn observe_until(&mut self, attribute: Attribute, text: &str, at: Timestamp, until: Option<Timestamp>) -> bool {
        let Some(value) = status_value(text) else { return false };
        match self.0.get_mut(&attribute) {
            Some(known)
                if (known.at, decides(&known.value), &known.value, known.until)
                    >= (at, decides(&value), &value, until) =>
            {
                false
            }
            Some(known) if known.value == value => {
                (known.at, known.until) = (at, until);
                false
            }
            _ => {
                self.0.insert(attribute, StatusValue { value, at, since: at, until });
                true
            }
        }
    }

    /// Applies a numeric value that only grows, in whatever order its values arrive.
    pub fn raise(&mut self, attribute: Attribute, text: &str, at: Timestamp) -> bool {
        let rank = |text: &str| text.parse::<u32>().unwrap_or(0);
        let known = self.0.get(&attribute);
        let Some(value) = status_value(text).filter(|value| known.is_none_or(|known| rank(&known.value) < rank(value)))
        else {
            return false;
        };
        let at = known.map_or(at, |known| known.at.max(at));
        self.0.insert(attribute, StatusValue { value, at, since: at, until: None });
        true
    }

    /// Applies several values of the same time.
    pub fn observe_all(&mut self, values: &[(Attribute, String)], at: Timestamp) {
        for (attribute, value) in values {
            self.observe(*attribute, value, at);
        }
    }

    /// The value of an attribute.
    #[must_use]
    pub fn value(&self, attribute: Attribute) -> Option<&str> {
        self.0.get(&attribute).map(|status| status.value.as_str())
    }

    /// The value of an attribute, with its times.
    #[must_use]
    pub fn get(&self, attribute: Attribute) -> Option<&StatusValue> {
        self.0.get(&attribute)
    }

    /// All values.
    pub fn iter(&self) -> impl Iterator<Item = (Attribute, &StatusValue)> {
        self.0.iter().map(|(attribute, value)| (*attribute, value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    #[test]
    fn late_values_never_overwrite_newer_ones_in_any_order() {
        let reports = [("GREEN", 1), ("RED", 5), ("YELLOW", 3), ("GREEN", 4)];
        for start in 0..reports.len() {
            let mut status = MetaStatus::default();
            for (value, time) in reports.iter().cycle().skip(start).take(2 * reports.len()) {
                status.observe(Attribute::Quality, value, at(*time));
            }
            assert_eq!(status.value(Attribute::Quality), Some("RED"));
        }
    }

    #[test]
    fn two_values_of_one_moment_end_the_same_in_either_order() {
        for (first, second) in [("PENDING", "APPROVED"), ("APPROVED", "REJECTED"), ("LIFTED", "RESTRICTED_CALLING")] {
            for order in [[first, second], [second, first]] {
                let mut status = MetaStatus::default();
                for value in order.iter().chain(&order) {
                    status.observe(Attribute::Review, value, at(1));
                }
                assert_eq!(status.value(Attribute::Review), Some(second), "{order:?}");
            }
        }
    }

    #[test]
    fn a_growing_value_ends_at_its_maximum_in_any_order() {
        for order in [["DECLINED", "10", "100"], ["100", "10", "DECLINED"], ["10", "100", "55"]] {
            let mut status = MetaStatus::default();
            for (time, value) in order.iter().enumerate() {
                status.raise(Attribute::History, value, at(i64::try_from(time).unwrap()));
            }
            assert_eq!(status.value(Attribute::History), Some("100"), "{order:?}");
        }
    }

    #[test]
    fn a_confirmed_value_keeps_its_since_and_wins_over_older_reports() {
        let mut status = MetaStatus::default();
        assert!(status.observe(Attribute::Review, "pending", at(1)));
        assert!(!status.observe(Attribute::Review, "PENDING", at(9)));
        assert!(!status.observe(Attribute::Review, "APPROVED", at(5)));
        assert_eq!(status.get(Attribute::Review).map(|status| (status.since, status.at)), Some((at(1), at(9))));
    }

    #[test]
    fn invalid_values_are_not_stored() {
        let mut status = MetaStatus::default();
        for bad in ["", "two words", "<b>", "ä", &"X".repeat(65)] {
            assert!(!status.observe(Attribute::Status, bad, at(1)), "{bad}");
        }
        assert_eq!(status, MetaStatus::default());
    }
}
