//! `WebhookQueue`: unpacks webhook deliveries, applies their changes to our records, and forwards every change to the
//! platform. A change that fails is queued again by itself; the other changes of its delivery are complete.

mod apply;
mod breaker;
mod delivery;
mod forward;
mod parked;
mod people;
mod reception;
mod records;
mod route;
mod settle;
mod windows;

use apply::Applier;
use breaker::Breaker;
use delivery::{Bodies, Delivery, Message};
use forward::Group;
use lambda_runtime::{Diagnostic, LambdaEvent};
use people::People;
use reception::Reception;
use route::Owners;
use settle::MESSAGE_BUDGET;
use shared::batch::{BatchResponse, Record, SqsEvent, guarded};
use shared::config::{Lookup, StartError, parse_retry_delay};
use shared::deadline::Deadline;
use shared::domain::ids::AppId;
use shared::domain::time::Timestamp;
use shared::events::Publisher;
use shared::queue::{Queue, QueueError};
use shared::store::StoreError;
use shared::telemetry::diagnostic;
use shared::webhook::envelope::EnvelopeError;
use shared::webhook::interpret::Context;
use shared::wiring::Wiring;
use std::time::Duration;
use windows::Windows;

/// The longest wait before a change is tried again whose record too many others were saving.
const CONTENTION: Duration = Duration::from_secs(3);

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
#[derive(Debug, Clone, thiserror::Error)]
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
    /// The invocation ends too soon to apply it.
    #[error("no time left")]
    OutOfTime,
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
            EventError::OutOfTime => "OutOfTime",
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
            Self::Envelope(_) | Self::Store(_) | Self::Panicked | Self::OutOfTime => false,
        }
    }

    /// Whether the change itself may be at fault.
    fn is_of_the_content(&self) -> bool {
        !self.is_of_dependency() && self.wait().is_none()
    }

    /// The longest wait until a change is tried again that is not at fault: too many others were saving its record, or
    /// no time was left.
    fn wait(&self) -> Option<Duration> {
        match self {
            Self::Store(StoreError::Conflict) => Some(CONTENTION),
            Self::OutOfTime => Some(Duration::ZERO),
            _ => None,
        }
    }
}

/// One invocation.
struct Batch {
    deadline: Deadline,
    breaker: Breaker,
}

/// The event of each part of a delivery that has one, by the part's index.
type Events = Vec<(usize, String)>;

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
            let people = People::default();
            let applier = Applier { store, jobs, polls, retries, retry_delay, publisher: publisher.clone(), people };
            let (reception, windows) = (Reception::default(), Windows::default());
            Some(Self { applier, publisher, webhooks, app, reception, windows })
        })
    }

    /// Handles a batch of deliveries: their changes are forwarded, those of several deliveries in one request because
    /// SQS bills per request, and then applied. Deliveries for which no time is left are queued again; the first one is
    /// always processed.
    ///
    /// # Errors
    /// [`EventError::Dependency`] when all of them failed because of the table or a queue: Lambda's poller slows down
    /// only when the whole invocation fails.
    pub async fn handle(&self, event: &LambdaEvent<SqsEvent>) -> Result<BatchResponse, EventError> {
        let records = &event.payload.records;
        let batch = Batch { deadline: Deadline::of(&event.context), breaker: Breaker::default() };
        let mut response = BatchResponse::default();
        let unpacked: Vec<_> = records.iter().map(|record| (record, Message::unpack(&record.body))).collect();
        let (mut left, mut group) = (Vec::new(), Group::default());
        for (place, (record, message)) in unpacked.iter().enumerate() {
            if place > 0 && !batch.deadline.leaves(MESSAGE_BUDGET) {
                left.push(*record);
                continue;
            }
            match guarded(record, Box::pin(self.begun(record, message, &batch.breaker))).await {
                Some(Some((delivery, events))) => group.put(delivery, events),
                Some(None) => {}
                None => response.fail(record),
            }
            if group.is_full() {
                self.finish(std::mem::take(&mut group), &batch, &mut response).await;
            }
        }
        self.finish(group, &batch, &mut response).await;
        self.postpone(&left, &mut response).await;
        if batch.breaker.all_failed(records.len()) { Err(EventError::Dependency) } else { Ok(response) }
    }

    /// Reads one message, unless the circuit breaker is open. `None` when nothing is left to do for it.
    async fn begun<'a>(
        &self,
        record: &'a Record,
        message: &'a Result<Message, EventError>,
        breaker: &Breaker,
    ) -> Result<Option<(Delivery<'a>, Events)>, EventError> {
        if breaker.is_open() {
            breaker.back_off(&self.webhooks, record).await;
            return Err(EventError::Dependency);
        }
        let outcome = match message {
            Ok(Message::Parked(waba)) => self.parked(waba).await.map(|()| None),
            Ok(Message::Bodies(bodies)) => {
                let mut delivery = bodies.read(record, &self.context(bodies.received_at()));
                let events = self.routed_unless_large(bodies, &mut delivery).await;
                events.map(|events| events.map(|events| (delivery, events)))
            }
            Err(error) => Err(error.clone()),
        };
        breaker.applying.note(failed(&outcome));
        if failed(&outcome) {
            breaker.back_off(&self.webhooks, record).await;
        }
        outcome
    }

    /// The events of a delivery; `None` for a large one, which was queued again in pieces.
    async fn routed_unless_large(
        &self,
        bodies: &Bodies,
        delivery: &mut Delivery<'_>,
    ) -> Result<Option<Events>, EventError> {
        if self.queue_in_pieces(bodies, delivery).await? {
            return Ok(None);
        }
        self.routed(delivery, &Owners::default()).await.map(Some)
    }

    pub(crate) fn context(&self, received_at: Timestamp) -> Context {
        Context { app: self.app.clone(), received_at }
    }

    /// Forwards the changes of a group, applies them, and settles the messages they came in.
    async fn finish(&self, mut group: Group<'_>, batch: &Batch, response: &mut BatchResponse) {
        Box::pin(self.forward(&mut group)).await;
        let mut deliveries = group.deliveries;
        self.apply(&mut deliveries, batch.deadline).await;
        let mut any_failed = false;
        for delivery in deliveries {
            let record = delivery.record;
            let settled = async {
                let outcome = self.settle(delivery).await;
                if failed(&outcome) {
                    any_failed = true;
                    batch.breaker.back_off(&self.webhooks, record).await;
                }
                outcome
            };
            if guarded(record, Box::pin(settled)).await.is_none() {
                response.fail(record);
            }
        }
        batch.breaker.sending.note(any_failed);
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
        stand_in(pause, "200 OK", "{}")
    }

    /// AWS whose table answers every request so after `pause`, and queues that accept everything.
    fn stand_in(pause: Duration, status: &'static str, table: &'static str) -> (App, Seen) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, seen) = (format!("http://{}", listener.local_addr().unwrap()), Seen::default());
        let requests = Arc::clone(&seen);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let requests = Arc::clone(&requests);
                std::thread::spawn(move || connection(stream.unwrap(), &requests, (pause, status, table)));
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

    fn connection(mut stream: TcpStream, seen: &Seen, (pause, status, table): (Duration, &str, &str)) {
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
            let (status, reply) = if body.contains("QueueUrl") {
                let taken: Vec<_> = (0..body.matches("\"MessageBody\"").count()).map(taken).collect();
                ("200 OK", format!(r#"{{"Successful":[{}]}}"#, taken.join(",")))
            } else {
                std::thread::sleep(pause);
                (status, table.to_owned())
            };
            seen.lock().unwrap().push(body.to_owned());
            let length = reply.len();
            write!(stream, "HTTP/1.1 {status}\r\ncontent-length: {length}\r\n\r\n{reply}").unwrap();
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
        Envelope::new(Timestamp::from_millis(5), body.into_bytes()).pack().unwrap()
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
                let Envelope { received_at, body, .. } = Envelope::unpack(piece).unwrap();
                assert_eq!(received_at, Timestamp::from_millis(5));
                String::from_utf8_lossy(&body).matches("wamid.A").count()
            })
            .inspect(|found| assert!(*found <= 50))
            .sum();
        assert_eq!(found, 10_000);
    }

    #[tokio::test]
    async fn a_change_whose_record_others_keep_saving_is_tried_again_soon_and_uses_no_receive_up() {
        let (app, seen) = aws(Duration::ZERO);
        let batch = batch(vec![statuses(1)], Duration::from_secs(30));
        let record = &batch.payload.records[0];
        let Ok(Message::Bodies(bodies)) = Message::unpack(&record.body) else { panic!("bodies") };
        let mut delivery = bodies.read(record, &app.context(bodies.received_at()));
        delivery.pieces[0].forwarded = true;
        delivery.pieces[0].failed = Some(EventError::Store(StoreError::Conflict));
        assert!(app.settle(delivery).await.is_ok(), "the delivery is complete");
        let requests = seen.lock().unwrap().clone();
        let [request] = requests.as_slice() else { panic!("{requests:?}") };
        assert!(request.contains("DelaySeconds") && request.contains(r#"\"forwarded\":true"#), "{request}");
    }

    #[tokio::test]
    async fn while_the_table_fails_the_rest_of_a_delivery_is_not_tried_and_it_comes_again_later() {
        let error = r#"{"__type":"com.amazonaws.dynamodb.v20120810#AccessDeniedException"}"#;
        let (app, seen) = stand_in(Duration::ZERO, "400 Bad Request", error);
        let change = |number: usize| {
            format!(
                r#"{{"field":"messages","value":{{"metadata":{{"phone_number_id":"{number}"}},
                "messages":[{{"from":"4917000000","id":"wamid.{number}","type":"text"}}]}}}}"#
            )
        };
        let changes: Vec<_> = (1..=20).map(change).collect();
        let body = format!(
            r#"{{"object":"whatsapp_business_account","entry":[{{"id":"7","changes":[{}]}}]}}"#,
            changes.join(",")
        );
        let message = Envelope::new(Timestamp::from_millis(5), body.into_bytes()).pack().unwrap();
        let outcome = app.handle(&batch(vec![message], Duration::from_secs(30))).await;
        assert!(matches!(outcome, Err(EventError::Dependency)), "every message failed");
        let requests = seen.lock().unwrap().clone();
        let of_the_table = requests.iter().filter(|body| !body.contains("QueueUrl")).count();
        assert_eq!(of_the_table, 1, "one change was tried");
        assert!(requests.iter().any(|body| body.contains("VisibilityTimeout")), "its message is delayed");
        assert_eq!(requests.iter().filter(|body| body.contains("wamid.")).count(), 2, "but passed on, ten at a time");
    }

    #[tokio::test]
    async fn what_an_invocation_has_no_time_for_is_queued_again_and_uses_no_receive_up() {
        let (app, seen) = aws(Duration::from_millis(20));
        let response = app.handle(&batch(vec![statuses(50); 10], Duration::from_secs(18))).await.unwrap();
        assert_eq!(response, BatchResponse::default());
        let left: Vec<_> = queued(&seen).iter().map(|message| Envelope::unpack(message).unwrap()).collect();
        assert!((1..10).contains(&left.len()), "{}", left.len());
        assert!(left.iter().all(|left| left.forwarded), "the platform has them already");
        let statuses = |body: &[u8]| String::from_utf8_lossy(body).matches("wamid.A").count();
        assert!(left.iter().all(|left| statuses(&left.body) == 50));
    }
}
