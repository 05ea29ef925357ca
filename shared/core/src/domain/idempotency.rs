//! `Idempotency-Key`: a key belongs to one body, and a request with it is executed once
//! (draft-ietf-httpapi-idempotency-key-header). The ids of everything a request creates are derived from its claim, so
//! that a retry after a crash finds what the first attempt created.

use super::time::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;
use std::time::Duration;

/// How long a key belongs to its body and its answer is repeated.
const RETENTION: Duration = Duration::from_secs(48 * 3600);
/// Maximum length of a key.
const LONGEST: usize = 128;

/// A key: 1 to 128 visible ASCII characters. It is never stored: only a caller that sends the key can use what is
/// stored about a request.
#[derive(Clone, PartialEq, Eq)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// Parses a header value.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let plain = (1..=LONGEST).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        plain.then(|| Self(text.to_owned()))
    }

    /// The key, for ids that are derived from it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdempotencyKey")
    }
}

/// A request with a key.
#[derive(Debug, Clone)]
pub struct KeyedRequest {
    key: IdempotencyKey,
    place: String,
    digest: String,
}

impl KeyedRequest {
    /// A request to an endpoint (method and path) with a canonical body. The same key at two endpoints makes two
    /// requests.
    #[must_use]
    pub fn new(key: IdempotencyKey, address: &str, body: &str) -> Self {
        let place = hex::encode(hash(&[b"place", address.as_bytes(), key.0.as_bytes()]));
        // The digest includes the key: a body may contain a secret or a phone number, which must not be found by brute
        // force.
        let digest = hex::encode(hash(&[b"body", key.0.as_bytes(), address.as_bytes(), body.as_bytes()]));
        Self { key, place, digest }
    }

    /// The key.
    #[must_use]
    pub const fn key(&self) -> &IdempotencyKey {
        &self.key
    }

    /// The lookup key of the claim for this key and endpoint.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.place
    }

    /// A new claim of the key for this body.
    #[must_use]
    pub fn claim(&self, random: [u8; 16], now: Timestamp) -> Claim {
        Claim { digest: self.digest.clone(), nonce: hex::encode(random), begun_at: now, answer: None }
    }
}

/// The answer to an executed request, returned again for every repeat. Contains no secret.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// JSON.
    pub body: String,
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Answer({})", self.status)
    }
}

/// Binds a key to a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    digest: String,
    nonce: String,
    /// When the first request with the key arrived.
    pub begun_at: Timestamp,
    /// Its answer; `None` until the request was executed.
    #[serde(default)]
    pub answer: Option<Answer>,
}

impl Claim {
    /// Whether the key belongs to this request's body.
    #[must_use]
    pub fn is_of(&self, request: &KeyedRequest) -> bool {
        self.digest == request.digest
    }

    /// The claim of an executed request.
    #[must_use]
    pub fn answered(self, answer: Answer) -> Self {
        Self { answer: Some(answer), ..self }
    }

    /// When the key may be used for another request.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        self.begun_at.after(RETENTION)
    }

    /// The seed from which ids of this request are derived: the same for every repeat, and unknown to a reader of the
    /// claim who does not have the key.
    #[must_use]
    pub fn seed(&self, request: &KeyedRequest) -> Seed {
        Seed(hash(&[b"seed", self.nonce.as_bytes(), request.key.0.as_bytes()]))
    }
}

/// Random bits of one request. `Debug` prints only the type name, because session ids are derived from it.
#[derive(Clone)]
pub struct Seed([u8; 32]);

impl Seed {
    /// The seed of a request without a key, which is never repeated.
    #[must_use]
    pub const fn random(bits: [u8; 32]) -> Self {
        Self(bits)
    }

    /// 128 bits for one purpose.
    #[must_use]
    pub fn bits(&self, purpose: &str) -> u128 {
        let digest = hash(&[b"bits", &self.0, purpose.as_bytes()]);
        digest.iter().take(16).fold(0, |bits, byte| (bits << 8) | u128::from(*byte))
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed")
    }
}

/// Hashes the parts with their lengths, so that different lists of parts never collide by concatenation.
fn hash(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(key: &str, address: &str, body: &str) -> KeyedRequest {
        KeyedRequest::new(IdempotencyKey::parse(key).unwrap(), address, body)
    }

    #[test]
    fn a_key_is_visible_ascii_of_up_to_128_characters() {
        for bad in ["", "two words", "ä", "tab\t", &"k".repeat(129)] {
            assert!(IdempotencyKey::parse(bad).is_none(), "{bad:?}");
        }
        assert!(IdempotencyKey::parse(&"k".repeat(128)).is_some());
    }

    #[test]
    fn a_claim_is_of_its_own_body_at_its_own_address_only() {
        let one = request("k", "POST /v1/sessions", "{}");
        let claim = one.claim([7; 16], Timestamp::from_seconds(5));
        assert!(claim.is_of(&request("k", "POST /v1/sessions", "{}")));
        for other in [request("k", "POST /v1/sessions", "{ }"), request("l", "POST /v1/sessions", "{}")] {
            assert!(!claim.is_of(&other));
        }
        assert_ne!(one.place(), request("k", "POST /v1/moves", "{}").place());
        assert_ne!(one.place(), request("k2", "POST /v1/sessions", "{}").place());
        assert_eq!(claim.expires_at(), Timestamp::from_seconds(5 + 48 * 3600));
    }

    #[test]
    fn derived_bits_repeat_for_the_same_key_only() {
        let (one, other) = (request("k", "a", "{}"), request("l", "a", "{}"));
        let claim = one.claim([7; 16], Timestamp::from_seconds(5));
        assert_eq!(claim.seed(&one).bits("x"), claim.seed(&one).bits("x"));
        assert_ne!(claim.seed(&one).bits("x"), claim.seed(&one).bits("y"));
        assert_ne!(claim.seed(&one).bits("x"), claim.seed(&other).bits("x"), "the stored claim alone is not enough");
        let again = one.claim([8; 16], Timestamp::from_seconds(5));
        assert_ne!(claim.seed(&one).bits("x"), again.seed(&one).bits("x"), "a key that is claimed again gets new bits");
        assert_eq!(format!("{one:?}{:?}", claim.seed(&one)).matches("\"k\"").count(), 0);
    }

    #[test]
    fn parts_are_not_mixed_up() {
        assert_ne!(request("k", "ab", "c").place(), request("k", "a", "bc").place());
        assert_ne!(hash(&[b"ab", b"c"]), hash(&[b"a", b"bc"]));
    }
}
