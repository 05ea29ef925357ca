//! The number being migrated: personal data that is sent to Meta once and to nobody else.

use crate::domain::display_number::DisplayNumber;
use crate::domain::ids::OnboardingId;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;

/// A number in the form of Meta's `phone_numbers` edge. `Debug` prints only the type name.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MigratingNumber {
    country_code: String,
    national: String,
}

/// What is stored to recognise a number once the number itself is no longer needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenNumber {
    /// Fingerprint within one onboarding.
    pub fingerprint: String,
    /// The last four digits.
    pub ending: String,
}

impl fmt::Debug for MigratingNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MigratingNumber")
    }
}

/// Countries whose international numbers include the leading zero: Italy, Côte d'Ivoire, Benin, Congo, San Marino.
/// Elsewhere it is a prefix for domestic calls.
const BEGIN_WITH_ZERO: [&str; 5] = ["39", "225", "229", "242", "378"];

impl MigratingNumber {
    /// Parses a country code and a number as people write them; the number may repeat the country code. `None` when
    /// they do not form a phone number (ITU E.164: 15 digits in all; Meta: at least seven without the country code).
    #[must_use]
    pub fn parse(country_code: &str, number: &str) -> Option<Self> {
        let written = |text: &str| text.chars().all(|c| c.is_ascii_digit() || "+-() .".contains(c));
        let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
        let (country, mut national) = (digits(country_code), digits(number));
        if !written(country_code) || !written(number) || !(1..=3).contains(&country.len()) || country.starts_with('0') {
            return None;
        }
        if number.trim_start().starts_with('+') {
            national = national.strip_prefix(&country)?.to_owned();
        }
        let begins = !national.starts_with('0') || BEGIN_WITH_ZERO.contains(&country.as_str());
        let plausible = (7..=14).contains(&national.len()) && begins && country.len() + national.len() <= 15;
        plausible.then_some(Self { country_code: country, national })
    }

    /// The country code, for the call to Meta.
    #[must_use]
    pub fn country_code(&self) -> &str {
        &self.country_code
    }

    /// The number without the country code, for the call to Meta; with it when the number begins with a zero, which
    /// Meta's schema does not allow (`^[1-9]`).
    #[must_use]
    pub fn number(&self) -> String {
        if self.national.starts_with('0') {
            format!("{}{}", self.country_code, self.national)
        } else {
            self.national.clone()
        }
    }

    /// Whether Meta's display form denotes this number.
    #[must_use]
    pub fn is_written(&self, display: &str) -> bool {
        DisplayNumber::parse(display) == DisplayNumber::parse(&format!("{}{}", self.country_code, self.national))
    }

    /// What is stored of it.
    #[must_use]
    pub fn written(&self, onboarding: &OnboardingId) -> WrittenNumber {
        let digest = Sha256::digest(format!("{onboarding}:{}{}", self.country_code, self.national));
        let fingerprint = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        let ending = self.national.get(self.national.len().saturating_sub(4)..).unwrap_or_default().to_owned();
        WrittenNumber { fingerprint, ending }
    }
}
