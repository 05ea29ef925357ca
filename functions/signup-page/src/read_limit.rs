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
/// Reads of one client in a window, in each environment: a quarter or so of what one environment can answer. An open page
/// reads its state every second at first, so sixty of them behind one address are served by each environment.
const READS: u32 = 600;
/// Clients that are remembered in a window; one more clears the list, so memory is bounded.
const CLIENTS: usize = 10_000;

/// Reads counted since the window began.
#[derive(Debug, Default)]
pub(crate) struct ReadLimit(Mutex<Window>);

#[derive(Debug, Default)]
struct Window {
    began: Timestamp,
    reads: HashMap<[u8; 16], u32>,
}

impl ReadLimit {
    /// Counts a read before it costs anything.
    ///
    /// # Errors
    /// 429 `too_many_requests` for a client over the limit, with the end of the window.
    pub(crate) fn count(&self, source: SourceAddress, now: Timestamp) -> Result<(), Problem> {
        let mut window = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if now.since(window.began) >= WINDOW || window.reads.len() >= CLIENTS {
            *window = Window { began: now, reads: HashMap::new() };
        }
        let end = window.began.after(WINDOW);
        let reads = window.reads.entry(source.network()).or_default();
        *reads = reads.saturating_add(1);
        if *reads > READS { Err(too_many(end)) } else { Ok(()) }
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
            (ReadLimit::default(), SourceAddress::parse("203.0.113.7"), SourceAddress::parse("203.0.113.8"));
        for _ in 0..READS {
            limit.count(one, at(0)).unwrap();
        }
        let refused = limit.count(one, at(9)).unwrap_err();
        assert_eq!((refused.status, refused.code), (StatusCode::TOO_MANY_REQUESTS, "too_many_requests"));
        limit.count(other, at(9)).unwrap();
        limit.count(one, at(10)).unwrap();
    }

    #[test]
    fn memory_is_bounded_whoever_reads() {
        let limit = ReadLimit::default();
        for client in 0..u32::try_from(3 * CLIENTS).unwrap() {
            let source = SourceAddress::parse(&std::net::Ipv4Addr::from(client).to_string());
            limit.count(source, at(1)).unwrap();
        }
        assert!(limit.0.lock().unwrap().reads.len() <= CLIENTS);
    }
}
