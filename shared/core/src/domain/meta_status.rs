//! What Meta says about an account or a number: the newest word per attribute, whoever brought it, webhook or reading.

use super::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a word is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Attribute {
    /// A number's or an account's state, for example `CONNECTED`, `DISABLED_UPDATE`.
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
    /// Whether Meta wants the partner to certify the business first (website-optional signups): `NEEDED`, `APPROVED`, ….
    Certification,
    /// What Meta forbids the account, for example `RESTRICTED_BIZ_INITIATED_MESSAGING`; `LIFTED` afterwards.
    Restriction,
    /// The policy that was violated last, for example `SCAM`.
    Violation,
    /// What happened to the number's two-step PIN: `PIN_CHANGED`, `PIN_RESET_REQUEST`, `PIN_REQUEST_SUCCESS`.
    Pin,
    /// Whether the number takes calls: `ENABLED`, `DISABLED`.
    Calling,
    /// The number's user name: `APPROVED`, `RESERVED`, `DELETED`.
    Username,
    /// How much of the WhatsApp Business app's history has come, in percent; `DECLINED` when its owner keeps it.
    History,
    /// Whether contacts of the WhatsApp Business app have come: `RECEIVED`.
    Contacts,
    /// Whether the business may send marketing messages through the optimised API: `TERMS_SIGNED`.
    MarketingMessages,
}

/// A word, and since when it is the word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusValue {
    /// As Meta reports it, upper case.
    #[serde(rename = "word")]
    pub value: String,
    /// When Meta said so last.
    pub at: Timestamp,
    /// Since when it has been this word.
    pub since: Timestamp,
    /// Until when, where Meta says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// The newest word per attribute.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MetaStatus(BTreeMap<Attribute, StatusValue>);

/// Longest word that is kept: Meta's own have up to some forty characters.
const LONGEST_VALUE: usize = 64;

/// A word as it is kept, or `None` when the text is none of Meta's: those are letters, digits and underscores.
#[must_use]
pub fn status_value(text: &str) -> Option<String> {
    let plain =
        (1..=LONGEST_VALUE).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    plain.then(|| text.to_ascii_uppercase())
}

/// Whether a word is more than the beginning of something, or its absence.
fn decides(value: &str) -> bool {
    let begins = ["NEEDED", "PENDING", "PENDING_REVIEW", "UNKNOWN", "NONE", "PIN_RESET_REQUEST", "LIFTED"];
    !begins.contains(&value)
}

impl MetaStatus {
    /// Takes a word of that time. Older word, and a repeat, changes nothing; says whether the word is another one now. Of two
    /// words of one moment (Meta's webhooks know seconds only) one stands whichever comes first: a decision goes before
    /// what precedes it, and otherwise the later in the alphabet.
    pub fn observe(&mut self, attribute: Attribute, text: &str, at: Timestamp) -> bool {
        self.observe_until(attribute, text, at, None)
    }

    /// The same, of a word that ends by itself.
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

    /// Takes a word that is a number and only ever grows, whatever the order in which its words come.
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

    /// Takes several words of one time.
    pub fn observe_all(&mut self, values: &[(Attribute, String)], at: Timestamp) {
        for (attribute, value) in values {
            self.observe(*attribute, value, at);
        }
    }

    /// The word about an attribute.
    #[must_use]
    pub fn value(&self, attribute: Attribute) -> Option<&str> {
        self.0.get(&attribute).map(|status| status.value.as_str())
    }

    /// The word about an attribute, with its times.
    #[must_use]
    pub fn get(&self, attribute: Attribute) -> Option<&StatusValue> {
        self.0.get(&attribute)
    }

    /// Every word.
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
    fn late_news_never_overwrites_newer_news_in_any_order() {
        let news = [("GREEN", 1), ("RED", 5), ("YELLOW", 3), ("GREEN", 4)];
        for start in 0..news.len() {
            let mut status = MetaStatus::default();
            for (word, time) in news.iter().cycle().skip(start).take(2 * news.len()) {
                status.observe(Attribute::Quality, word, at(*time));
            }
            assert_eq!(status.value(Attribute::Quality), Some("RED"));
        }
    }

    #[test]
    fn two_words_of_one_moment_end_the_same_in_either_order() {
        for (first, second) in [("PENDING", "APPROVED"), ("APPROVED", "REJECTED"), ("LIFTED", "RESTRICTED_CALLING")] {
            for order in [[first, second], [second, first]] {
                let mut status = MetaStatus::default();
                for word in order.iter().chain(&order) {
                    status.observe(Attribute::Review, word, at(1));
                }
                assert_eq!(status.value(Attribute::Review), Some(second), "{order:?}");
            }
        }
    }

    #[test]
    fn what_only_grows_ends_at_its_largest_in_any_order() {
        for order in [["DECLINED", "10", "100"], ["100", "10", "DECLINED"], ["10", "100", "55"]] {
            let mut status = MetaStatus::default();
            for (time, word) in order.iter().enumerate() {
                status.raise(Attribute::History, word, at(i64::try_from(time).unwrap()));
            }
            assert_eq!(status.value(Attribute::History), Some("100"), "{order:?}");
        }
    }

    #[test]
    fn a_word_that_is_confirmed_keeps_its_beginning_and_outlives_older_news() {
        let mut status = MetaStatus::default();
        assert!(status.observe(Attribute::Review, "pending", at(1)));
        assert!(!status.observe(Attribute::Review, "PENDING", at(9)));
        assert!(!status.observe(Attribute::Review, "APPROVED", at(5)));
        assert_eq!(status.get(Attribute::Review).map(|fact| (fact.since, fact.at)), Some((at(1), at(9))));
    }

    #[test]
    fn what_is_no_word_of_metas_is_not_kept() {
        let mut status = MetaStatus::default();
        for bad in ["", "two words", "<b>", "ä", &"X".repeat(65)] {
            assert!(!status.observe(Attribute::Status, bad, at(1)), "{bad}");
        }
        assert_eq!(status, MetaStatus::default());
    }
}
