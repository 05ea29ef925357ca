//! The recipient of a message: a phone number or, since 2026, Meta's business-scoped user id. Personal data: compared
//! and sent to Meta, never printed.

use super::display_number::DisplayNumber;
use super::ids::PhoneNumberId;
use super::person::Names;
use sha2::{Digest, Sha256};
use std::fmt;

/// A person that a business exchanges messages with.
#[derive(Clone, PartialEq, Eq)]
pub enum Recipient {
    /// By phone number.
    Number(DisplayNumber),
    /// By business-scoped user id (Meta: a two-letter country code, a dot, up to 128 letters and digits).
    User(String),
}

/// Maximum length of a user id: `US.ENT.` and 128 characters.
const LONGEST_USER: usize = 7 + 128;

impl Recipient {
    /// Parses a business-scoped user id.
    #[must_use]
    pub fn user(text: &str) -> Option<Self> {
        let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.');
        let country = text.split_once('.').is_some_and(|(country, rest)| {
            country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_uppercase()) && !rest.is_empty()
        });
        (plain && country && text.len() <= LONGEST_USER).then(|| Self::User(text.to_owned()))
    }

    /// Parses a phone number: digits with common separators.
    #[must_use]
    pub fn number(text: &str) -> Option<Self> {
        let written = text.chars().all(|c| c.is_ascii_digit() || "+ -().".contains(c));
        DisplayNumber::parse(text).filter(|_| written).map(Self::Number)
    }

    /// What is stored of it along with the sending number: enough to recognise it, too little to recover it.
    #[must_use]
    pub fn fingerprint(&self, from: &PhoneNumberId) -> String {
        match self {
            Self::Number(number) => number.fingerprint(from),
            Self::User(user) => {
                let digest = Sha256::digest(format!("{from}:{user}"));
                digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
            }
        }
    }
}

impl Recipient {
    /// Parses either kind.
    #[must_use]
    pub fn any(text: &str) -> Option<Self> {
        Self::user(text).or_else(|| Self::number(text))
    }

    /// Every fingerprint by which this person may be recognised without asking Meta: the one of what is written, and of
    /// the other spelling of the same number.
    #[must_use]
    pub fn names(&self, from: &PhoneNumberId) -> Names {
        let other = match self {
            Self::Number(number) => number.other_spelling().map(|other| other.fingerprint(from)),
            Self::User(_) => None,
        };
        std::iter::once(self.fingerprint(from)).chain(other).collect()
    }
}

impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Recipient")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_user_ids_are_told_apart_and_never_shown() {
        let phone = PhoneNumberId::parse("5").unwrap();
        let written = Recipient::number("+1 631-555-1234").unwrap();
        assert_eq!(written.fingerprint(&phone), Recipient::number("16315551234").unwrap().fingerprint(&phone));
        let user = Recipient::user("US.13491208655302741918").unwrap();
        assert_ne!(user.fingerprint(&phone), written.fingerprint(&phone));
        assert_eq!(format!("{user:?}{written:?}"), "RecipientRecipient");
        let (long, short) = (Recipient::any("5215512345678").unwrap(), Recipient::any("+52 55 1234 5678").unwrap());
        assert_eq!((long.names(&phone), long.names(&phone).len()), (short.names(&phone), 2));
        assert_eq!((written.names(&phone).len(), Recipient::any("US.1").unwrap().names(&phone).len()), (1, 1));
        for bad in ["", "US", "US.", "us.1", "USA.1", "US.1 2", &format!("US.{}", "1".repeat(133))] {
            assert_eq!(Recipient::user(bad), None, "{bad}");
        }
        for bad in ["", "abc", "12ab", "1234567890123456"] {
            assert_eq!(Recipient::number(bad), None, "{bad}");
        }
    }
}
