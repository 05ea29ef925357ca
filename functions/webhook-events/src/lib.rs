//! `WebhookQueue`: unpacks webhook deliveries, applies their changes to our records, and forwards every change to the
//! platform. A change that fails is queued again by itself; the other changes of its delivery are complete.

mod apply;
mod breaker;
mod delivery;
mod pending_events;
mod pieces;
mod reception;
mod route;
mod windows;

use apply::Applier;
use breaker::Breaker;
use lambda_runtime::{Diagnostic, LambdaEvent};
use pending_events::{PendingEvents, ProcessedBody};
use pieces::MESSAGE_BUDGET;
use reception::Reception;
use shared::batch::{BatchResponse, Record, SqsEvent, guarded};
use shared::config::{Lookup, StartError, parse_retry_delay};
use shared::deadline::Deadline;
use shared::domain::ids::AppId;
use shared::events::Publisher;
use shared::queue::{Job, Queue, QueueError};
use shared::store::StoreError;
use shared::telemetry::diagnostic;
use shared::webhook::envelope::EnvelopeError;
use shared::wiring::Wiring;
use windows::Windows;

/// State of the function between invocations.
pub struct App {
    applier: Applier,
    publisher: Publisher,
    webhooks: Queue,
    app: AppId,
    reception: Reception,
    windows: Windows,
}

/// A delivery, or one of its changes, failed; it is retried.
#[derive(Debug, thiserror::Error)]
pub enum EventError {
    /// The queue message is not one of ours; after five receives it is moved to the dead-letter queue.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// The table.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A queue.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// The handler panicked on this change.
    #[error("handler panicked")]
    Panicked,
    /// A dependency failed for the previous messages, so this one was not tried.
    #[error("circuit breaker open")]
    Dependency,
}

/// The error type that Lambda logs and counts.
impl From<EventError> for Diagnostic {
    fn from(error: EventError) -> Self {
        let error_type = match &error {
            EventError::Envelope(_) => "UnrecognisedMessage",
            EventError::Store(_) => "TableUnavailable",
            EventError::Queue(_) => "QueueUnavailable",
            EventError::Panicked => "HandlerPanicked",
            EventError::Dependency => "DependencyUnavailable",
        };
        diagnostic(error_type, &error)
    }
}

impl EventError {
    /// Whether the table or a queue failed, as opposed to the message.
    fn is_of_dependency(&self) -> bool {
        match self {
            Self::Store(StoreError::Unavailable(_)) | Self::Dependency => true,
            Self::Queue(error) => !error.is_of_the_message(),
            Self::Envelope(_) | Self::Store(_) | Self::Panicked => false,
        }
    }
}

impl App {
    /// Reads the configuration.
    ///
    /// # Errors
    /// [`StartError`] with all problems.
    pub fn from_lookup(lookup: &Lookup<'_>) -> Result<Self, StartError> {
        let mut wiring = Wiring::new(lookup)?;
        let (store, publisher) = (wiring.store(), wiring.publisher());
        let (jobs, polls) = (wiring.queue("ONBOARDING_QUEUE_URL"), wiring.queue("TEMPLATE_QUEUE_URL"));
        let (retries, webhooks) = (wiring.queue("MESSAGE_RETRY_QUEUE_URL"), wiring.queue("WEBHOOK_QUEUE_URL"));
        let retry_delay = wiring.parsed("MESSAGE_RETRY_DELAY_SECONDS", parse_retry_delay);
        let app = wiring.parsed("META_APP_ID", |text| AppId::parse(text).ok());
        wiring.finish(|| {
            let (retry_delay, app) = (retry_delay?, app?);
            let applier = Applier { store, jobs, polls, retries, retry_delay, publisher: publisher.clone() };
            let (reception, windows) = (Reception::default(), Windows::default());
            Some(Self { applier, publisher, webhooks, app, reception, windows })
        })
    }

    /// Handles a batch of deliveries: each is applied, then the events of several are sent together, because SQS bills
    /// per request. Deliveries for which no time is left are queued again; the first one is always processed.
    ///
    /// # Errors
    /// [`EventError::Dependency`] when all of them failed because of the table or a queue: Lambda's poller slows down
    /// only when the whole invocation fails.
    pub async fn handle(&self, event: &LambdaEvent<SqsEvent>) -> Result<BatchResponse, EventError> {
        let (records, deadline) = (&event.payload.records, Deadline::of(&event.context));
        let breaker = Breaker::default();
        let mut left = Vec::new();
        let mut response = BatchResponse::default();
        let mut pending = PendingEvents::default();
        for (place, record) in records.iter().enumerate() {
            if place > 0 && !deadline.leaves(MESSAGE_BUDGET) {
                left.push(record);
                continue;
            }
            match guarded(record, Box::pin(self.applied(record, &breaker))).await {
                Some(processed) => pending.put(record, processed),
                None => response.fail(record),
            }
            if pending.is_full() {
                self.dispatch(std::mem::take(&mut pending), &breaker, &mut response).await;
            }
        }
        self.dispatch(pending, &breaker, &mut response).await;
        self.postpone(&left, &mut response).await;
        if breaker.all_failed(records.len()) { Err(EventError::Dependency) } else { Ok(response) }
    }

    /// Applies one message, unless the circuit breaker is open.
    async fn applied(&self, record: &Record, breaker: &Breaker) -> Result<Vec<ProcessedBody>, EventError> {
        if breaker.is_open() {
            breaker.back_off(&self.webhooks, record).await;
            return Err(EventError::Dependency);
        }
        let outcome = match Job::read(&record.body) {
            Some(Job::Parked { waba }) => self.parked(&waba).await.map(|()| Vec::new()),
            _ => self.delivery(&record.body).await,
        };
        breaker.applying.note(failed(&outcome));
        if failed(&outcome) {
            breaker.back_off(&self.webhooks, record).await;
        }
        outcome
    }

    /// Sends the pending events, and settles the messages that they belong to.
    async fn dispatch(&self, mut pending: PendingEvents<'_>, breaker: &Breaker, response: &mut BatchResponse) {
        Box::pin(pending.send(&self.publisher)).await;
        let mut any_failed = false;
        for (record, processed) in pending.into_settled() {
            let settled = async {
                let outcome = self.settle(processed).await;
                if failed(&outcome) {
                    any_failed = true;
                    breaker.back_off(&self.webhooks, record).await;
                }
                outcome
            };
            if guarded(record, Box::pin(settled)).await.is_none() {
                response.fail(record);
            }
        }
        breaker.sending.note(any_failed);
    }
}

/// Whether the table or a queue failed.
fn failed<T>(outcome: &Result<T, EventError>) -> bool {
    outcome.as_ref().is_err_and(EventError::is_of_dependency)
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::domain::time::Timestamp;
    use shared::webhook::envelope::Envelope;
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::sync::{Arc, Mutex};
    use std::time::{Duration, SystemTime, UNIX_EPOCH};

    /// Bodies of the requests received.
    type Seen = Arc<Mutex<Vec<String>>>;

    /// AWS with an empty table that takes `pause` for each request, and queues that accept everything.
    fn aws(pause: Duration) -> (App, Seen) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, seen) = (format!("http://{}", listener.local_addr().unwrap()), Seen::default());
        let requests = Arc::clone(&seen);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let requests = Arc::clone(&requests);
                std::thread::spawn(move || connection(stream.unwrap(), &requests, pause));
            }
        });
        let lookup = |name: &str| match name {
            name if name.starts_with("AWS_ENDPOINT_URL") => Some(address.clone()),
            name if name.ends_with("QUEUE_URL") => Some(format!("{address}/{name}")),
            "MESSAGE_RETRY_DELAY_SECONDS" => Some("60".to_owned()),
            _ => Some("42".to_owned()),
        };
        (App::from_lookup(&lookup).unwrap(), seen)
    }

    fn connection(mut stream: TcpStream, seen: &Seen, pause: Duration) {
        let (mut read, mut buffer) = (Vec::new(), vec![0; 65536]);
        while let Ok(length @ 1..) = stream.read(&mut buffer) {
            read.extend_from_slice(&buffer[..length]);
            let text = String::from_utf8_lossy(&read);
            let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
            let expected = head.to_lowercase().split("content-length: ").nth(1).map(ToOwned::to_owned);
            let expected: usize = expected.and_then(|after| after.lines().next()?.parse().ok()).unwrap_or(0);
            if expected > body.len() {
                continue;
            }
            let taken = |id| format!(r#"{{"Id":"{id}","MessageId":"m"}}"#);
            let reply = if body.contains("QueueUrl") {
                let taken: Vec<_> = (0..body.matches("\"MessageBody\"").count()).map(taken).collect();
                format!(r#"{{"Successful":[{}]}}"#, taken.join(","))
            } else {
                std::thread::sleep(pause);
                "{}".to_owned()
            };
            seen.lock().unwrap().push(body.to_owned());
            let length = reply.len();
            write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{reply}").unwrap();
            read.clear();
        }
    }

    /// A body of statuses of our own messages.
    fn statuses(count: usize) -> String {
        let status = r#"{"id":"wamid.A","status":"delivered","timestamp":"1","recipient_id":"4917000000",
            "biz_opaque_callback_data":"msg_01jd0000000000000000000000.1"}"#;
        let statuses = vec![status; count].join(",");
        let body = format!(
            r#"{{"object":"whatsapp_business_account","entry":[{{"id":"7","changes":[{{"field":"messages","value":
            {{"messaging_product":"whatsapp","metadata":{{"phone_number_id":"8"}},"statuses":[{statuses}]}}}}]}}]}}"#
        );
        Envelope { received_at: Timestamp::from_millis(5), body: body.into_bytes() }.pack().unwrap()
    }

    fn batch(messages: Vec<String>, left: Duration) -> LambdaEvent<SqsEvent> {
        let record = |(id, body): (usize, String)| Record {
            message_id: id.to_string(),
            body,
            receipt_handle: String::new(),
            attributes: shared::batch::Attributes::default(),
        };
        let mut context = lambda_runtime::Context::default();
        let end = SystemTime::now().duration_since(UNIX_EPOCH).unwrap() + left;
        context.deadline = u64::try_from(end.as_millis()).unwrap();
        LambdaEvent::new(SqsEvent { records: messages.into_iter().enumerate().map(record).collect() }, context)
    }

    /// Messages that were queued again.
    fn queued(seen: &Seen) -> Vec<String> {
        let mut queued = Vec::new();
        for request in seen.lock().unwrap().iter().filter(|body| body.contains("/WEBHOOK_QUEUE_URL")) {
            let unescaped = |body: &str| body.replace("\\\"", "\"");
            let bodies = request.split("\"MessageBody\":\"").skip(1).map(unescaped);
            queued.extend(bodies.map(|body| body[..=body.find('}').unwrap()].to_owned()));
        }
        queued
    }

    #[tokio::test]
    async fn ten_bodies_of_a_thousand_statuses_are_queued_in_pieces_that_each_fit() {
        let (app, seen) = aws(Duration::from_millis(20));
        let response = app.handle(&batch(vec![statuses(1000); 10], Duration::from_secs(30))).await.unwrap();
        assert_eq!(response, BatchResponse::default());
        let pieces = queued(&seen);
        let found: usize = pieces
            .iter()
            .map(|piece| {
                let Envelope { received_at, body } = Envelope::unpack(piece).unwrap();
                assert_eq!(received_at, Timestamp::from_millis(5));
                String::from_utf8_lossy(&body).matches("wamid.A").count()
            })
            .inspect(|found| assert!(*found <= 50))
            .sum();
        assert_eq!(found, 10_000);
    }

    #[tokio::test]
    async fn what_an_invocation_has_no_time_for_is_queued_again_and_uses_no_receive_up() {
        let (app, seen) = aws(Duration::from_millis(20));
        let response = app.handle(&batch(vec![statuses(50); 10], Duration::from_secs(16))).await.unwrap();
        assert_eq!(response, BatchResponse::default());
        let left = queued(&seen);
        assert!((1..10).contains(&left.len()), "{}", left.len());
        assert!(left.iter().all(|message| *message == statuses(50)));
    }
}
