//! A phone number as people write it: personal data, used for comparison only and never stored.

use super::ids::PhoneNumberId;
use sha2::{Digest, Sha256};
use std::fmt;

/// The digits of a phone number. `Debug` prints only the type name.
#[derive(Clone, PartialEq, Eq)]
pub struct DisplayNumber(String);

impl DisplayNumber {
    /// Extracts the digits from the formats of the API (`+1 631-555-1234`) and of webhooks (`16315551234`); `None` when
    /// there are none, or more than a phone number has (15, ITU E.164).
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        (1..=15).contains(&digits.len()).then_some(Self(digits))
    }

    /// The other spelling of the same mobile number, where countries have two: Mexico with and without `1` after the
    /// country code, Argentina with and without `9`, Brazil with and without the ninth digit (Meta: "the extra added
    /// prefix may be modified by the Cloud API"). For recognising a person only: messages are sent to the number that
    /// was given.
    #[must_use]
    pub fn other_spelling(&self) -> Option<Self> {
        /// Country code with the digits of the area, what the longer spelling has after it, and how the rest begins.
        const RULES: [(&str, usize, &str, &str); 3] =
            [("52", 2, "1", "23456789"), ("54", 2, "9", "12345678"), ("55", 4, "9", "6789")];
        let digits = &self.0;
        let (_, at, extra, next) = RULES.iter().find(|(country, ..)| digits.starts_with(country))?;
        let (head, tail) = digits.split_at_checked(*at)?;
        let other = match (digits.len(), tail.strip_prefix(extra)) {
            (13, Some(rest)) if rest.starts_with(|first| next.contains(first)) => format!("{head}{rest}"),
            (12, _) if tail.starts_with(|first| next.contains(first)) => format!("{head}{extra}{tail}"),
            _ => return None,
        };
        Some(Self(other))
    }

    /// What is stored of it along with the number's id: enough to recognise it, too little to recover it.
    #[must_use]
    pub fn fingerprint(&self, node: &PhoneNumberId) -> String {
        let digest = Sha256::digest(format!("{node}:{}", self.0));
        digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }
}

impl fmt::Debug for DisplayNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DisplayNumber")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_number_is_recognised_however_it_is_written() {
        let node = PhoneNumberId::parse("5").unwrap();
        let print = |text| DisplayNumber::parse(text).unwrap().fingerprint(&node);
        assert_eq!(print("+1 631-555-1234"), print("16315551234"));
        assert_ne!(print("16315551234"), print("16315551235"));
        assert!(!format!("{:?}", DisplayNumber::parse("16315551234")).contains("555"));
    }

    #[test]
    fn mobile_numbers_of_three_countries_have_two_spellings_and_each_leads_to_the_other() {
        let other = |text| DisplayNumber::parse(text).unwrap().other_spelling().map(|other| other.0);
        for (long, short) in
            [("5215512345678", "525512345678"), ("5491123456789", "541123456789"), ("5511987654321", "551187654321")]
        {
            assert_eq!((other(long).as_deref(), other(short).as_deref()), (Some(short), Some(long)));
        }
        for single in ["551133334444", "5511933334444", "16505551234", "4915112345678", "52155", "5", "55119"] {
            assert_eq!(other(single), None, "{single}");
        }
    }

    #[test]
    fn invalid_numbers_are_rejected() {
        for bad in ["", "abc", "1234567890123456"] {
            assert_eq!(DisplayNumber::parse(bad), None, "{bad}");
        }
    }
}
