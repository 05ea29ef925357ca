//! Meta's verification request for a callback URL: `GET ?hub.mode=subscribe&hub.verify_token=…&hub.challenge=…`.

use crate::secret::Secret;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Why a verification request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A parameter is missing, repeated or malformed.
    #[error("malformed verification request")]
    Malformed,
    /// Not a subscription, or the wrong verify token.
    #[error("verify token mismatch")]
    Denied,
}

/// Maximum length of an echoed challenge; Meta's have ten digits.
const LONGEST_CHALLENGE: usize = 256;

/// The challenge to echo.
///
/// # Errors
/// [`Refusal`] when the query is not a verification request with our token.
pub fn answer(query: &str, verify_token: &Secret) -> Result<String, Refusal> {
    let mode = single(query, "hub.mode")?;
    let token = single(query, "hub.verify_token")?;
    let challenge = single(query, "hub.challenge")?;
    if mode != "subscribe" || !equal(&token, verify_token) {
        return Err(Refusal::Denied);
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if challenge.is_empty() || challenge.len() > LONGEST_CHALLENGE || !challenge.chars().all(plain) {
        return Err(Refusal::Malformed);
    }
    Ok(challenge)
}

fn single(query: &str, name: &str) -> Result<String, Refusal> {
    let mut values = url::form_urlencoded::parse(query.as_bytes()).filter(|(key, _)| key == name);
    match (values.next(), values.next()) {
        (Some((_, value)), None) => Ok(value.into_owned()),
        _ => Err(Refusal::Malformed),
    }
}

/// Compares digests in constant time, so that the duration reveals neither content nor length.
fn equal(given: &str, expected: &Secret) -> bool {
    Sha256::digest(given).ct_eq(&Sha256::digest(expected.expose())).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(query: &str) -> Result<String, Refusal> {
        answer(query, &Secret::new("tok&en".into()))
    }

    #[test]
    fn the_challenge_is_echoed_for_our_token_only() {
        let good = "hub.mode=subscribe&hub.verify_token=tok%26en&hub.challenge=1158201444";
        assert_eq!(ask(good), Ok("1158201444".into()));
        for denied in [
            good.replace("subscribe", "unsubscribe"),
            good.replace("tok%26en", "Tok%26en"),
            good.replace("en&", "enn&"),
        ] {
            assert_eq!(ask(&denied), Err(Refusal::Denied), "{denied}");
        }
        for malformed in [
            String::new(),
            good.replace("hub.mode", "hub_mode"),
            good.replace("&hub.challenge=1158201444", ""),
            format!("{good}&hub.verify_token=bad"),
            good.replace("1158201444", "%3Cscript%3E"),
            good.replace("1158201444", "1%0d%0aX:y"),
            good.replace("1158201444", &"1".repeat(257)),
        ] {
            assert_eq!(ask(&malformed), Err(Refusal::Malformed), "{malformed}");
        }
    }
}
