//! `Idempotency-Key` of the routes that accept one: a key belongs to one body, and a request with it is carried out
//! once. The stored answer is returned unmodified; if nothing was done, the same body may be tried again.

use super::{App, unavailable};
use http::StatusCode;
use serde_json::Value;
use shared::clock;
use shared::domain::idempotency::{Answer, Claim, IdempotencyKey, KeyedRequest, Seed};
use shared::domain::time::Timestamp;
use shared::http::problem::Problem;
use shared::http::{Reply, Request, reply};
use shared::store::Versioned;
use std::time::Duration;

/// When a caller may retry while the same request is in progress.
const IN_PROGRESS: Duration = Duration::from_secs(2);

/// What a request is carried out with: identical for every retry with the same key.
pub(crate) struct Ticket {
    keyed: Option<(KeyedRequest, Versioned<Claim>)>,
    seed: Seed,
    /// When the request first arrived.
    pub(crate) begun_at: Timestamp,
}

/// Whether to carry out a request.
pub(crate) enum Claimed {
    /// To be carried out with this ticket. A retry finds the results of earlier attempts by the ids derived from the
    /// ticket.
    Open(Ticket),
    /// It was carried out already.
    Answered(Ticket, Answer),
}

impl Ticket {
    /// The key, if the request has one.
    pub(crate) fn key(&self) -> Option<&IdempotencyKey> {
        self.keyed.as_ref().map(|(request, _)| request.key())
    }

    /// 128 bits for an id of something that the request creates.
    pub(crate) fn bits(&self, purpose: &str) -> u128 {
        self.seed.bits(purpose)
    }

    /// Identifies the request across retries.
    pub(crate) fn holder(&self) -> String {
        format!("{:032x}", self.bits("holder"))
    }
}

impl App {
    /// Claims the request's key for its body. A request without a key is always carried out.
    ///
    /// # Errors
    /// 400 for an invalid key, 422 when the key belongs to another body, 503 when the table is unavailable.
    pub(crate) async fn claim(&self, request: &Request) -> Result<Claimed, Problem> {
        let now = clock::now();
        let Some(key) = key(request)? else {
            let seed = Seed::random(rand::random());
            return Ok(Claimed::Open(Ticket { keyed: None, seed, begun_at: now }));
        };
        let address = format!("{} /{}", request.method, request.segments().join("/"));
        let keyed = KeyedRequest::new(key, &address, &canonical(request));
        let claim = keyed.claim(rand::random(), now);
        let held = self.store.claim_key(keyed.place(), claim, now).await.map_err(|error| unavailable(&error))?;
        if !held.record.is_of(&keyed) {
            return Err(reused());
        }
        let (seed, begun_at, answer) = (held.record.seed(&keyed), held.record.begun_at, held.record.answer.clone());
        let ticket = Ticket { keyed: Some((keyed, held)), seed, begun_at };
        Ok(match answer {
            Some(answer) => Claimed::Answered(ticket, answer),
            None => Claimed::Open(ticket),
        })
    }

    /// Stores the answer to a request that was carried out; returns the answer that counts if two attempts did so
    /// concurrently.
    pub(crate) async fn settle(&self, ticket: &Ticket, answer: Answer) -> Answer {
        let Some((request, held)) = &ticket.keyed else { return answer };
        match self.store.save_answer(request.place(), held, answer.clone()).await {
            Ok(answer) => answer,
            // The request was carried out: a retry finds the result by its ids.
            Err(error) => {
                tracing::warn!(error = shared::telemetry::chain(&error), "answer not stored");
                answer
            }
        }
    }

    /// Like [`Self::settle`], for a whole reply; a reply that says that nothing was done is not stored.
    pub(crate) async fn settle_reply(&self, ticket: &Ticket, done: Reply) -> Reply {
        if !done.status().is_success() {
            return done;
        }
        let (status, body) = (done.status().as_u16(), done.into_body());
        answered(&self.settle(ticket, Answer { status, body }).await)
    }
}

/// The reply for a stored answer.
pub(crate) fn answered(answer: &Answer) -> Reply {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    reply(status, "application/json", answer.body.clone())
}

/// The key belongs to another body.
pub(crate) const fn reused() -> Problem {
    let title = "This key was used for a different request. Nothing was done.";
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused", title)
}

/// The same request is in progress.
pub(crate) fn in_progress() -> Problem {
    let title = "The first request with this key is in progress. Try again in a moment.";
    let problem = Problem::new(StatusCode::CONFLICT, "idempotency_in_progress", title);
    problem.until(Some(soon()))
}

/// When a request that is in progress may be repeated.
pub(crate) fn soon() -> Timestamp {
    clock::now().after(IN_PROGRESS)
}

fn key(request: &Request) -> Result<Option<IdempotencyKey>, Problem> {
    let mut keys = request.headers.get_all("idempotency-key").iter();
    let Some(key) = keys.next() else { return Ok(None) };
    // A key that cannot be parsed must not count as absent: without a key, the request would be carried out again.
    let key = key.to_str().ok().and_then(IdempotencyKey::parse).filter(|_| keys.next().is_none());
    key.map(Some)
        .ok_or(Problem::bad_request("bad_value", "An idempotency key must have 1 to 128 visible ASCII characters."))
}

/// The body, independent of member order and whitespace; the route has already parsed it as JSON.
fn canonical(request: &Request) -> String {
    let value = serde_json::from_slice::<Value>(&request.body);
    value.map_or_else(|_| String::from_utf8_lossy(&request.body).into_owned(), |value| sorted(value).to_string())
}

/// Sorts the members of every object, whatever map type the JSON library was built with.
fn sorted(value: Value) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.into_iter().map(sorted).collect()),
        Value::Object(members) => {
            let mut members: Vec<_> = members.into_iter().map(|(name, value)| (name, sorted(value))).collect();
            members.sort_by(|(one, _), (other, _)| one.cmp(other));
            Value::Object(members.into_iter().collect())
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderMap, HeaderValue, Method};

    fn request(keys: &[&'static str], body: &'static str) -> Request {
        let mut headers = HeaderMap::new();
        for key in keys {
            headers.append("idempotency-key", HeaderValue::from_static(key));
        }
        Request {
            method: Method::POST,
            path: "/v1/sessions".into(),
            query: String::new(),
            headers,
            body: body.into(),
            request_id: "r".into(),
            host: "api.example.com".into(),
            source: shared::http::source::SourceAddress::default(),
            caller: None,
            deadline: shared::deadline::Deadline::after(Duration::from_secs(15)),
        }
    }

    #[test]
    fn a_key_that_cannot_be_read_or_is_doubled_is_refused() {
        assert!(key(&request(&[], "{}")).unwrap().is_none());
        assert_eq!(key(&request(&["order-7"], "{}")).unwrap().unwrap().as_str(), "order-7");
        for bad in [&["two words"][..], &[""], &["a", "b"], &["a", "a"]] {
            assert_eq!(key(&request(bad, "{}")).err().map(|problem| problem.code), Some("bad_value"), "{bad:?}");
        }
    }

    #[test]
    fn order_and_space_make_no_other_body() {
        let one = canonical(&request(&[], r#"{"a":{"x":1,"y":[{"p":1,"q":2}]},"b":"c"}"#));
        let other = canonical(&request(&[], "{ \"b\": \"c\", \"a\": { \"y\": [{\"q\":2, \"p\":1}], \"x\": 1 } }"));
        assert_eq!(one, other);
        assert_ne!(one, canonical(&request(&[], r#"{"a":{"x":1,"y":[{"p":1,"q":3}]},"b":"c"}"#)));
        assert_ne!(canonical(&request(&[], "[1,2]")), canonical(&request(&[], "[2,1]")));
    }
}
