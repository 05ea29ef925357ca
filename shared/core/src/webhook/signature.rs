//! `X-Hub-Signature-256`: HMAC-SHA256 of the received bytes, compared in constant time.

use crate::secret::Secret;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The body was not signed with one of our secrets, or the header is malformed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("signature mismatch")]
pub struct SignatureMismatch;

/// Length of `sha256=` and 64 hexadecimal digits.
const HEADER_LENGTH: usize = 71;

/// The signature from the header of a request. Parsing it is cheap, so a request without one is refused before its body
/// or any secret is read.
#[derive(Clone, Copy)]
pub struct Signature([u8; 32]);

impl Signature {
    /// Parses exactly one `sha256=` with 64 hexadecimal digits; `None` for everything else.
    #[must_use]
    pub fn parse(header: &str) -> Option<Self> {
        let digits = header.strip_prefix("sha256=").filter(|_| header.len() == HEADER_LENGTH)?;
        let mut digest = [0; 32];
        hex::decode_to_slice(digits, &mut digest).ok()?;
        Some(Self(digest))
    }

    /// Whether it is the signature of `body` with `secret`: one hash of the body and a comparison in constant time.
    #[must_use]
    pub fn is_of(&self, body: &[u8], secret: &Secret) -> bool {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()) else {
            return false;
        };
        mac.update(body);
        mac.verify_slice(&self.0).is_ok()
    }
}

/// Accepts exactly one `sha256=` with 64 hexadecimal digits that is the signature of `body` with one of `secrets`.
///
/// # Errors
/// [`SignatureMismatch`] for everything else, without a reason.
pub fn verify(body: &[u8], header: &str, secrets: &[Secret]) -> Result<(), SignatureMismatch> {
    let signature = Signature::parse(header).ok_or(SignatureMismatch)?;
    if secrets.iter().any(|secret| signature.is_of(body, secret)) { Ok(()) } else { Err(SignatureMismatch) }
}

/// Signs like Meta; for tests and for the integration check.
#[must_use]
pub fn sign(body: &[u8], secret: &Secret) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()) else {
        return String::new();
    };
    mac.update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Secret {
        Secret::new(text.to_owned())
    }

    /// GitHub publishes this vector for the same scheme ("Validating webhook deliveries").
    #[test]
    fn the_published_vector_verifies() {
        let header = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        let secrets = [secret("It's a Secret to Everybody")];
        assert_eq!(verify(b"Hello, World!", header, &secrets), Ok(()));
        assert_eq!(verify(b"Hello, World!", &header.to_uppercase().replace("SHA256", "sha256"), &secrets), Ok(()));
    }

    #[test]
    fn anything_but_one_well_formed_digest_is_refused() {
        let secrets = [secret("s")];
        let good = sign(b"body", &secrets[0]);
        let digits = &good[7..];
        for bad in [
            String::new(),
            format!("sha1={}", &digits[..40]),
            digits.to_owned(),
            format!("sha256={}", &digits[..63]),
            format!("{good}0"),
            format!("{good},{good}"),
            format!(" {good}"),
            format!("SHA256={digits}"),
            format!("sha256=\"{}\"", &digits[..62]),
            format!("sha256={}", "g".repeat(64)),
            format!("sha256={}", "é".repeat(32)),
        ] {
            assert_eq!(verify(b"body", &bad, &secrets), Err(SignatureMismatch), "{bad}");
        }
        assert_eq!(verify(b"body", &good, &secrets), Ok(()));
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        let secrets = [secret("other"), secret("s")];
        let body = br#"{"object":"whatsapp_business_account"}"#.to_vec();
        let header = sign(&body, &secrets[1]);
        assert_eq!(verify(&body, &header, &secrets), Ok(()), "the second active secret is accepted too");
        for index in 0..body.len() * 8 {
            let mut changed = body.clone();
            changed[index / 8] ^= 1 << (index % 8);
            assert!(verify(&changed, &header, &secrets).is_err());
        }
        assert!(verify(&body, &header, &[]).is_err());
    }
}
