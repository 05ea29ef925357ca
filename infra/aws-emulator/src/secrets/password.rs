//! Random passwords, as `GetRandomPassword` and CloudFormation's `GenerateSecretString` generate them.

use rand::seq::{IndexedRandom as _, SliceRandom as _};
use serde::Deserialize;

use super::error::SecretsError;

const LOWERCASE: &str = "abcdefghijklmnopqrstuvwxyz";
const UPPERCASE: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const NUMBERS: &str = "0123456789";
/// From the API reference of `GetRandomPassword`, member `ExcludePunctuation`.
const PUNCTUATION: &str = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

/// Maximum password length, in characters.
const MAXIMUM_LENGTH: usize = 4096;

/// What a generated password may and must contain. Accepts the members of the API and, since they have the same names,
/// those of `GenerateSecretString` (which adds two of its own).
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct RandomPassword {
    /// Characters, 1 to 4,096; 32 by default.
    pub password_length: i64,
    /// Characters never used.
    pub exclude_characters: String,
    /// No digits.
    pub exclude_numbers: bool,
    /// No punctuation.
    pub exclude_punctuation: bool,
    /// No upper-case letters.
    pub exclude_uppercase: bool,
    /// No lower-case letters.
    pub exclude_lowercase: bool,
    /// Include spaces.
    pub include_space: bool,
    /// At least one character of each kind that is not excluded; true by default.
    pub require_each_included_type: bool,
}

impl Default for RandomPassword {
    fn default() -> Self {
        Self {
            password_length: 32,
            exclude_characters: String::new(),
            exclude_numbers: false,
            exclude_punctuation: false,
            exclude_uppercase: false,
            exclude_lowercase: false,
            include_space: false,
            require_each_included_type: true,
        }
    }
}

impl RandomPassword {
    /// Generates a password.
    ///
    /// # Errors
    /// A length out of range or too short for one character of each kind; no characters left.
    pub fn generate(&self) -> Result<String, SecretsError> {
        let length = usize::try_from(self.password_length).ok().filter(|length| (1..=MAXIMUM_LENGTH).contains(length));
        let length = length.ok_or_else(|| {
            let text = "The password length must be between 1 and 4096.";
            SecretsError::InvalidParameter(text.to_owned())
        })?;
        let kinds = self.kinds();
        let all: Vec<char> = kinds.iter().flatten().copied().collect();
        if all.is_empty() {
            let text = "There are no characters left to generate a password from.";
            return Err(SecretsError::InvalidParameter(text.to_owned()));
        }
        let mut random = rand::rng();
        let mut password: Vec<char> = if self.require_each_included_type {
            kinds.iter().filter_map(|kind| kind.choose(&mut random).copied()).collect()
        } else {
            Vec::new()
        };
        if password.len() > length {
            let text = "The password length is too short for the required character types.";
            return Err(SecretsError::InvalidParameter(text.to_owned()));
        }
        while password.len() < length {
            password.extend(all.choose(&mut random));
        }
        password.shuffle(&mut random);
        Ok(password.into_iter().collect())
    }

    /// The characters of each kind that are allowed; kinds without any are left out.
    fn kinds(&self) -> Vec<Vec<char>> {
        let kinds = [
            (LOWERCASE, !self.exclude_lowercase),
            (UPPERCASE, !self.exclude_uppercase),
            (NUMBERS, !self.exclude_numbers),
            (PUNCTUATION, !self.exclude_punctuation),
            (" ", self.include_space),
        ];
        let allowed = |kind: &str| kind.chars().filter(|c| !self.exclude_characters.contains(*c)).collect::<Vec<_>>();
        kinds.iter().filter(|(_, on)| *on).map(|(kind, _)| allowed(kind)).filter(|kind| !kind.is_empty()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_has_the_length_and_every_kind() {
        for _ in 0..50 {
            let password = RandomPassword { password_length: 4, ..RandomPassword::default() }.generate().unwrap();
            for kind in [LOWERCASE, UPPERCASE, NUMBERS, PUNCTUATION] {
                assert_eq!(password.chars().filter(|c| kind.contains(*c)).count(), 1, "{password}");
            }
        }
        assert_eq!(RandomPassword::default().generate().unwrap().len(), 32);
    }

    #[test]
    fn excluded_characters_do_not_appear() {
        let options = RandomPassword {
            password_length: 2000,
            exclude_characters: "abc123".to_owned(),
            exclude_punctuation: true,
            exclude_uppercase: true,
            include_space: true,
            ..RandomPassword::default()
        };
        let password = options.generate().unwrap();
        assert!(password.chars().all(|c| c == ' ' || c.is_ascii_lowercase() || c.is_ascii_digit()), "{password}");
        assert!(password.contains(' ') && !password.contains(['a', 'b', 'c', '1', '2', '3']));
    }

    #[test]
    fn impossible_passwords_are_refused() {
        for length in [0, -1, 4097, 3] {
            let options = RandomPassword { password_length: length, ..RandomPassword::default() };
            assert!(matches!(options.generate(), Err(SecretsError::InvalidParameter(_))), "{length}");
        }
        let none = RandomPassword {
            exclude_numbers: true,
            exclude_punctuation: true,
            exclude_uppercase: true,
            exclude_lowercase: true,
            ..RandomPassword::default()
        };
        assert!(matches!(none.generate(), Err(SecretsError::InvalidParameter(_))));
    }
}
