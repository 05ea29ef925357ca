//! Secrets: values that must not be logged or serialised.

use std::fmt;
use zeroize::Zeroize;

/// A secret string: no `Display`, no `Serialize`, no equality. `Debug` prints only the type name, and the memory is
/// zeroed on drop.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Wraps the text.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The plain text. Review each use: it may be sent to Meta, stored in the vault or hashed, nothing else.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_does_not_contain_the_secret() {
        assert_eq!(format!("{:?}", Secret::new("CANARY-token".into())), "Secret");
    }
}
