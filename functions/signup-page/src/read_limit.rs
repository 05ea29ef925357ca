//! How often one client may read: counted in the memory of one execution environment, so a refusal costs no call and no write.

use http::StatusCode;
use shared::domain::time::Timestamp;
use shared::http::problem::Problem;
use shared::http::source::SourceAddress;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Length of a window.
const WINDOW: Duration = Duration::from_secs(10);
/// Reads in a window for each of `ATTEMPTS_PER_CLIENT`: 600 with its default of 60, per client and environment. An open page
/// reads its state every second at first, so sixty of them behind one address are served by each environment.
const READS_PER_ATTEMPT: u32 = 10;
/// Reads in a window however few attempts are allowed: one signup takes some.
const FEWEST: u32 = 60;
/// Clients that are remembered in a window; one more clears the list, so memory is bounded.
const CLIENTS: usize = 10_000;

/// Reads counted since the window began.
#[derive(Debug)]
pub(crate) struct ReadLimit {
    /// Reads a window; `None` for no limit.
    most: Option<u32>,
    window: Mutex<Window>,
}

#[derive(Debug, Default)]
struct Window {
    began: Timestamp,
    reads: HashMap<[u8; 16], u32>,
}

impl ReadLimit {
    /// The limit that goes with `attempts` per client; none when that is 0.
    pub(crate) fn new(attempts: u32) -> Self {
        let most = (attempts > 0).then(|| attempts.saturating_mul(READS_PER_ATTEMPT).max(FEWEST));
        Self { most, window: Mutex::default() }
    }

    /// Counts a read before it costs anything.
    ///
    /// # Errors
    /// 429 `too_many_requests` for a client over the limit, with the end of the window.
    pub(crate) fn count(&self, source: SourceAddress, now: Timestamp) -> Result<(), Problem> {
        let Some(most) = self.most else { return Ok(()) };
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        if now.since(window.began) >= WINDOW || window.reads.len() >= CLIENTS {
            *window = Window { began: now, reads: HashMap::new() };
        }
        let end = window.began.after(WINDOW);
        let reads = window.reads.entry(source.network()).or_default();
        *reads = reads.saturating_add(1);
        if *reads > most { Err(too_many(end)) } else { Ok(()) }
    }
}

const fn too_many(until: Timestamp) -> Problem {
    let title = "There were too many requests from your network. Please try again in a few seconds.";
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", title).until(Some(until))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(1_795_000_000 + seconds)
    }

    #[test]
    fn a_client_over_the_limit_is_refused_until_the_window_ends_and_no_other_client_is() {
        let (limit, one, other) =
            (ReadLimit::new(60), SourceAddress::parse("203.0.113.7"), SourceAddress::parse("203.0.113.8"));
        for _ in 0..600 {
            limit.count(one, at(0)).unwrap();
        }
        let refused = limit.count(one, at(9)).unwrap_err();
        assert_eq!((refused.status, refused.code), (StatusCode::TOO_MANY_REQUESTS, "too_many_requests"));
        limit.count(other, at(9)).unwrap();
        limit.count(one, at(10)).unwrap();
    }

    #[test]
    fn without_a_limit_of_attempts_no_read_is_counted() {
        let limit = ReadLimit::new(0);
        assert!((0..10_000).all(|_| limit.count(SourceAddress::parse("203.0.113.7"), at(0)).is_ok()));
    }

    #[test]
    fn memory_is_bounded_whoever_reads() {
        let limit = ReadLimit::new(1);
        for client in 0..u32::try_from(3 * CLIENTS).unwrap() {
            let source = SourceAddress::parse(&std::net::Ipv4Addr::from(client).to_string());
            limit.count(source, at(1)).unwrap();
        }
        assert!(limit.window.lock().unwrap().reads.len() <= CLIENTS);
    }
}
