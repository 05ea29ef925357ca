//! Identifiers, one type per kind: mixing them up does not compile, and none can contain a path or a query.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;

/// The text is not a valid identifier of this kind. Does not contain the rejected text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("invalid {kind}")]
pub struct InvalidId {
    /// The kind that was expected, for example `WabaId`.
    pub kind: &'static str,
}

macro_rules! id_type {
    ($(#[$doc:meta])* $name:ident, $check:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Parses a value from outside.
            ///
            /// # Errors
            /// When the text is not a valid identifier of this kind.
            pub fn parse(text: &str) -> Result<Self, InvalidId> {
                let check: fn(&str) -> bool = $check;
                if check(text) { Ok(Self(text.to_owned())) } else { Err(InvalidId { kind: stringify!($name) }) }
            }

            /// The identifier as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;
            fn try_from(text: String) -> Result<Self, InvalidId> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

/// Meta's object ids: 1 to 20 ASCII digits, not starting with zero.
fn is_meta_id(text: &str) -> bool {
    (1..=20).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit()) && !text.starts_with('0')
}

/// Crockford's base 32 in lower case, used by our own ids.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

fn is_own_id(text: &str, prefix: &str, length: usize) -> bool {
    text.strip_prefix(prefix).is_some_and(|rest| rest.len() == length && rest.bytes().all(|b| ALPHABET.contains(&b)))
}

id_type!(/// A WhatsApp Business Account.
    WabaId, is_meta_id);
id_type!(/// A business phone number's id at Meta. It changes when the number is migrated to another WABA.
    PhoneNumberId, is_meta_id);
id_type!(/// A customer's (or our own) Meta business portfolio.
    BusinessId, is_meta_id);
id_type!(/// A Meta app.
    AppId, is_meta_id);
id_type!(/// A message template.
    TemplateId, is_meta_id);
id_type!(/// An extended credit line.
    CreditLineId, is_meta_id);
id_type!(/// A credit line's allocation to one customer.
    AllocationId, is_meta_id);
id_type!(/// A system user of our own portfolio.
    SystemUserId, is_meta_id);
id_type!(/// One customer's onboarding: `onb_` and 26 characters, sortable by time.
    OnboardingId, |text| is_own_id(text, "onb_", 26));
id_type!(/// A signup session, a bearer secret of the customer's browser: `ses_`, ten characters of time and 256 random bits.
    SessionId, |text| is_own_id(text, "ses_", 62));
id_type!(/// One attempt to exchange a code. The names of its secrets are derived from it.
    AttemptId, |text| is_own_id(text, "att_", 26));
id_type!(/// A callback override requested by a platform. The name of its secret is derived from it.
    OverrideId, |text| is_own_id(text, "ovr_", 26));
id_type!(/// A message sent through us: `msg_` and 26 characters.
    MessageId, |text| is_own_id(text, "msg_", 26));
id_type!(/// A phone number migration from another provider: `mov_` and 26 characters, sortable by time.
    MigrationId, |text| is_own_id(text, "mov_", 26));
id_type!(/// The platform's own reference of its customer: 1 to 128 printable characters without leading or trailing spaces.
CustomerRef, |text| {
    (1..=128).contains(&text.chars().count()) && text.trim() == text && !text.chars().any(char::is_control)
});

/// Appends `count` base-32 characters taken from `bits`, most significant first.
fn push_base32(out: &mut String, bits: u128, count: u32) {
    for index in (0..count).rev() {
        let digit = usize::try_from((bits >> (index * 5)) & 31).unwrap_or_default();
        out.extend(ALPHABET.get(digit).copied().map(char::from));
    }
}

fn sortable(prefix: &str, now: super::time::Timestamp, random: u128) -> String {
    let mut id = String::from(prefix);
    push_base32(&mut id, u128::from(now.as_millis().unsigned_abs()), 10);
    push_base32(&mut id, random, 16);
    id
}

/// Prefix of the reference of an unclaimed record, followed by Meta's portfolio id.
const UNCLAIMED: &str = "meta:";

impl CustomerRef {
    /// The reference of an unclaimed record, which is known from Meta's notification only.
    #[must_use]
    pub fn of_portfolio(business: &BusinessId) -> Self {
        Self(format!("{UNCLAIMED}{business}"))
    }

    /// Whether the record is unclaimed: no session belongs to it. The platform's own references must not have this
    /// prefix.
    #[must_use]
    pub fn is_unclaimed(&self) -> bool {
        self.0.starts_with(UNCLAIMED)
    }
}

impl OnboardingId {
    /// A new id from the time and 80 random bits.
    #[must_use]
    pub fn new(now: super::time::Timestamp, random: u128) -> Self {
        Self(sortable("onb_", now, random))
    }
}

impl AttemptId {
    /// A new id from the time and 80 random bits.
    #[must_use]
    pub fn new(now: super::time::Timestamp, random: u128) -> Self {
        Self(sortable("att_", now, random))
    }
}

impl MessageId {
    /// A new id from the time and 80 random bits.
    #[must_use]
    pub fn new(now: super::time::Timestamp, random: u128) -> Self {
        Self(sortable("msg_", now, random))
    }

    /// The id of a message with an idempotency key: the same number and key give the same id.
    #[must_use]
    pub fn of_key(phone: &PhoneNumberId, key: &str) -> Self {
        let digest = Sha256::digest(format!("{phone}:{key}"));
        let mut bits = [0; 16];
        bits.copy_from_slice(digest.get(..16).unwrap_or(&[0; 16]));
        let mut id = String::from("msg_");
        push_base32(&mut id, u128::from_be_bytes(bits), 26);
        Self(id)
    }
}

impl MigrationId {
    /// A new id from the time and 80 random bits.
    #[must_use]
    pub fn new(now: super::time::Timestamp, random: u128) -> Self {
        Self(sortable("mov_", now, random))
    }
}

impl OverrideId {
    /// A new id from the time and 80 random bits.
    #[must_use]
    pub fn new(now: super::time::Timestamp, random: u128) -> Self {
        Self(sortable("ovr_", now, random))
    }
}

impl SessionId {
    /// A new session from the time and 256 random bits.
    #[must_use]
    pub fn new(now: super::time::Timestamp, random: [u128; 2]) -> Self {
        let mut id = String::from("ses_");
        push_base32(&mut id, u128::from(now.as_millis().unsigned_abs()), 10);
        let [high, low] = random;
        push_base32(&mut id, high, 26);
        push_base32(&mut id, low, 26);
        Self(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::Timestamp;

    #[test]
    fn meta_ids_are_plain_digits_and_nothing_else() {
        for bad in ["", "0", "-1", "1e5", " 12", "12\n", "١٢٣", "123456789012345678901", "12/../me", "12?x=1", "012"]
        {
            assert!(WabaId::parse(bad).is_err(), "{bad:?}");
        }
        assert_eq!(WabaId::parse("104996122399160").unwrap().as_str(), "104996122399160");
    }

    #[test]
    fn own_ids_sort_by_time() {
        let early = OnboardingId::new(Timestamp::from_millis(1_000), u128::MAX);
        let late = OnboardingId::new(Timestamp::from_millis(1_001), 0);
        assert!(early < late);
        assert_eq!(OnboardingId::parse(early.as_str()), Ok(early));
    }

    #[test]
    fn a_session_carries_256_random_bits() {
        let a = SessionId::new(Timestamp::from_millis(5), [1, 2]);
        let b = SessionId::new(Timestamp::from_millis(5), [1, 3]);
        assert_ne!(a, b);
        assert_eq!(SessionId::parse(a.as_str()), Ok(a));
    }

    #[test]
    fn a_rejected_id_is_not_repeated_in_the_error() {
        assert_eq!(OnboardingId::parse("<script>").unwrap_err().to_string(), "invalid OnboardingId");
    }
}
