//! Rate limit per client for operations that cost something, counted in the table in fixed windows. The table stores a
//! client as a keyed hash that changes with every window, never as an address.

use crate::clock;
use crate::config::{Lookup, Problems};
use crate::domain::time::Timestamp;
use crate::http::Request;
use crate::http::problem::Problem;
use crate::http::source::SourceAddress;
use crate::store::{Store, StoreError};
use hmac::{Hmac, KeyInit, Mac};
use http::StatusCode;
use sha2::Sha256;
use std::sync::OnceLock;
use std::time::Duration;

/// Length of a window.
const WINDOW: Duration = Duration::from_secs(600);

/// What is counted; each kind has its own counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempt {
    /// A code that Meta refused, or one for an unknown link.
    Code,
    /// The beginning of a signup.
    Launch,
    /// A popup that was closed without a code.
    Abandoned,
}

impl Attempt {
    const fn name(self) -> &'static str {
        match self {
            Self::Code => "CODE",
            Self::Launch => "LAUNCH",
            Self::Abandoned => "ABANDONED",
        }
    }

    /// Launches have a higher limit: every signup begins with one, and several people in an office may share an
    /// address.
    const fn allowance(self, limit: u32) -> u32 {
        match self {
            Self::Launch => limit.saturating_mul(5),
            Self::Code | Self::Abandoned => limit,
        }
    }
}

/// An attempt that was counted, and that can be uncounted.
#[must_use]
#[derive(Debug)]
pub struct Counted(Option<(String, Attempt)>);

/// The limit per client.
#[derive(Debug)]
pub struct ClientLimit {
    store: Store,
    /// Attempts per window; 0 for no limit.
    limit: u32,
    /// Read on first use.
    key: OnceLock<Vec<u8>>,
}

impl ClientLimit {
    /// Reads the configuration.
    pub fn from_lookup(lookup: &Lookup<'_>, problems: &mut Problems, store: &Store) -> Option<Self> {
        let limit = problems.parsed(lookup, "ATTEMPTS_PER_CLIENT", |text| text.parse().ok())?;
        Some(Self { store: store.clone(), limit, key: OnceLock::new() })
    }

    /// Attempts a window, as configured; 0 for no limit.
    #[must_use]
    pub const fn attempts(&self) -> u32 {
        self.limit
    }

    /// Counts an attempt before it costs anything. If the table does not respond, the attempt is allowed: what follows
    /// needs the table too.
    ///
    /// # Errors
    /// 429 `too_many_requests` when the client has used up its attempts in this window; a rejection costs one write.
    pub async fn count(&self, request: &Request, attempt: Attempt) -> Result<Counted, Problem> {
        let (start, end) = window(clock::now());
        if self.limit == 0 {
            return Ok(Counted(None));
        }
        let counted = match self.client(request.source, start).await {
            Ok(client) => {
                let most = attempt.allowance(self.limit);
                self.store.count_attempt(&client, attempt.name(), most, end).await.map(|counted| (client, counted))
            }
            Err(error) => Err(error),
        };
        match counted {
            Ok((client, true)) => Ok(Counted(Some((client, attempt)))),
            Ok((_, false)) => Err(too_many(end)),
            Err(error) => {
                tracing::warn!(error = %error, "client attempt not counted");
                Ok(Counted(None))
            }
        }
    }

    /// Uncounts an attempt that turned out to be genuine. If that fails, the client has one attempt less in this
    /// window.
    pub async fn forget(&self, counted: Counted) {
        let Counted(Some((client, attempt))) = counted else { return };
        if let Err(error) = self.store.forget_attempt(&client, attempt.name()).await {
            tracing::warn!(error = %error, "client attempt not uncounted");
        }
    }

    /// The key of a client within a window.
    async fn client(&self, source: SourceAddress, start: Timestamp) -> Result<String, StoreError> {
        let key = match self.key.get() {
            Some(key) => key,
            None => {
                let key = self.store.client_key(rand::random()).await?;
                self.key.get_or_init(|| key)
            }
        };
        Ok(name(key, source, start))
    }
}

/// A keyed hash of the client's network and the window: it cannot be guessed from an address or linked to another window.
fn name(key: &[u8], source: SourceAddress, start: Timestamp) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return String::new() };
    mac.update(&source.network());
    mac.update(&start.as_millis().to_be_bytes());
    hex::encode(mac.finalize().into_bytes())
}

/// Start and end of the window that contains a moment.
fn window(now: Timestamp) -> (Timestamp, Timestamp) {
    let length = i64::try_from(WINDOW.as_millis()).unwrap_or(i64::MAX);
    let start = Timestamp::from_millis(now.as_millis().div_euclid(length).saturating_mul(length));
    (start, start.after(WINDOW))
}

const fn too_many(until: Timestamp) -> Problem {
    let title = "There were too many attempts from your network. Please try again in a few minutes.";
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", title).until(Some(until))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_ten_minutes_and_follow_each_other() {
        let (start, end) = window(Timestamp::from_seconds(1_795_000_123));
        assert_eq!((start, end), (Timestamp::from_seconds(1_794_999_600), Timestamp::from_seconds(1_795_000_200)));
        assert_eq!(window(end).0, end);
    }

    #[test]
    fn a_client_has_another_name_under_each_key_and_in_each_window() {
        let (one, other) = (SourceAddress::parse("203.0.113.7"), SourceAddress::parse("203.0.113.8"));
        let (start, end) = window(Timestamp::from_seconds(1_795_000_123));
        let known = name(b"key", one, start);
        assert_eq!(known, name(b"key", one, start));
        assert_ne!(known, name(b"another key", one, start));
        assert_ne!(known, name(b"key", one, end));
        assert_ne!(known, name(b"key", other, start));
    }
}
