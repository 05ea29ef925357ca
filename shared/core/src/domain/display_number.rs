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
    fn invalid_numbers_are_rejected() {
        for bad in ["", "abc", "1234567890123456"] {
            assert_eq!(DisplayNumber::parse(bad), None, "{bad}");
        }
    }
}
