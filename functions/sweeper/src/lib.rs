//! Enqueues every minute what is due according to the table. This covers lost jobs, crashed workers, and waits longer
//! than the longest SQS delay.

use lambda_runtime::Diagnostic;
use serde::Serialize;
use shared::aws::OPERATION;
use shared::clock;
use shared::config::{Lookup, StartError};
use shared::deadline::Deadline;
use shared::queue::{Job, MOST_AT_ONCE, Queue, QueueError};
use shared::store::{Store, StoreError};
use shared::telemetry::diagnostic;
use shared::wiring::Wiring;

/// State of the function between invocations.
pub struct App {
    store: Store,
    steps: Queue,
    webhooks: Queue,
    retries: Queue,
}

/// Jobs of a kind were not enqueued, or not all of them; they are still due in the next sweep.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// The table.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The queue.
    #[error(transparent)]
    Queue(#[from] QueueError),
}

/// The error type that Lambda logs and counts.
impl From<SweepError> for Diagnostic {
    fn from(error: SweepError) -> Self {
        let error_type = match &error {
            SweepError::Store(_) => "TableUnavailable",
            SweepError::Queue(_) => "QueueUnavailable",
        };
        diagnostic(error_type, &error)
    }
}

/// Result of a sweep.
#[derive(Debug, Serialize, PartialEq, Eq)]
pub struct Swept {
    /// Jobs enqueued.
    pub enqueued: usize,
}

/// Most jobs per sweep and kind: several times what five concurrent workers can process in a minute.
const AT_ONCE: i32 = 500;

impl App {
    /// Reads the configuration.
    ///
    /// # Errors
    /// [`StartError`] with all problems.
    pub fn from_lookup(lookup: &Lookup<'_>) -> Result<Self, StartError> {
        let mut wiring = Wiring::new(lookup)?;
        let (store, steps) = (wiring.store(), wiring.queue("ONBOARDING_QUEUE_URL"));
        let (webhooks, retries) = (wiring.queue("WEBHOOK_QUEUE_URL"), wiring.queue("MESSAGE_RETRY_QUEUE_URL"));
        wiring.finish(|| Some(Self { store, steps, webhooks, retries }))
    }

    /// Enqueues what is due, the longest overdue and the most recent of each kind. The kinds are independent of each
    /// other. `onboarding-steps` hands over steps of other functions.
    ///
    /// # Errors
    /// [`SweepError`] when the table or a queue failed for one of the kinds; the other kinds are enqueued.
    pub async fn sweep(&self, deadline: Deadline) -> Result<Swept, SweepError> {
        let (store, now) = (&self.store, clock::now());
        let to = |queue| Kind { queue, deadline };
        let swept = tokio::join!(
            to(&self.steps).enqueue(store.due(now, AT_ONCE), |id| Job::Onboarding { id }),
            to(&self.steps).enqueue(store.announced(now, AT_ONCE), |waba| Job::Announced { waba }),
            to(&self.webhooks).enqueue(store.parked_accounts(now, AT_ONCE), |waba| Job::Parked { waba }),
            to(&self.retries).enqueue(store.due_messages(now, AT_ONCE), |id| Job::Message { id }),
            to(&self.steps).enqueue(store.due_migrations(now, AT_ONCE), |id| Job::Migration { id }),
        );
        let kinds = [swept.0, swept.1, swept.2, swept.3, swept.4];
        let enqueued = kinds.iter().map(|kind| kind.enqueued).sum();
        tracing::info!(enqueued, "swept");
        let failed = kinds.into_iter().filter_map(|kind| kind.failed);
        match failed
            .inspect(|error| tracing::error!(error = %error, "sweep failed for one kind"))
            .reduce(|first, _| first)
        {
            Some(error) => Err(error),
            None => Ok(Swept { enqueued }),
        }
    }
}

/// One kind of due records: the queue of its jobs, and the deadline.
struct Kind<'a> {
    queue: &'a Queue,
    deadline: Deadline,
}

/// Result of one kind.
#[derive(Default)]
struct SweptKind {
    enqueued: usize,
    failed: Option<SweepError>,
}

impl Kind<'_> {
    /// Enqueues what is due, ten jobs per request. Stops when the queue rejects a whole request or no time is left: the
    /// remaining jobs are still due in the next sweep.
    async fn enqueue<T>(
        self,
        due: impl Future<Output = Result<Vec<T>, StoreError>>,
        job: impl Fn(T) -> Job,
    ) -> SweptKind {
        let mut swept = SweptKind::default();
        let jobs: Vec<Job> = match due.await {
            Ok(due) => due.into_iter().map(job).collect(),
            Err(error) => return SweptKind { failed: Some(error.into()), ..swept },
        };
        for batch in jobs.chunks(MOST_AT_ONCE) {
            if !self.deadline.leaves(OPERATION) {
                tracing::warn!(left = jobs.len().saturating_sub(swept.enqueued), "jobs not enqueued: no time left");
                break;
            }
            let (taken, refused): (Vec<_>, Vec<_>) =
                self.queue.enqueue_all(batch).await.into_iter().partition(Result::is_ok);
            swept.enqueued += taken.len();
            swept.failed = swept.failed.or(refused.into_iter().find_map(Result::err).map(SweepError::from));
            if taken.is_empty() {
                break;
            }
        }
        swept
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    /// Bodies of the requests to the table and the queues.
    type Seen = Arc<Mutex<Vec<String>>>;

    /// AWS with twelve due records of every kind, and a queue `steps` that rejects everything.
    fn aws() -> (App, Seen) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, seen) = (format!("http://{}", listener.local_addr().unwrap()), Seen::default());
        let requests = Arc::clone(&seen);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let requests = Arc::clone(&requests);
                std::thread::spawn(move || connection(stream.unwrap(), &requests));
            }
        });
        let lookup = |name: &str| match name {
            name if name.starts_with("AWS_ENDPOINT_URL") => Some(address.clone()),
            "ONBOARDING_QUEUE_URL" => Some(format!("{address}/steps")),
            name if name.ends_with("QUEUE_URL") => Some(format!("{address}/{name}")),
            _ => Some("x".to_owned()),
        };
        (App::from_lookup(&lookup).unwrap(), seen)
    }

    fn connection(mut stream: TcpStream, seen: &Seen) {
        let mut read = Vec::new();
        let mut buffer = [0; 8192];
        while let Ok(length @ 1..) = stream.read(&mut buffer) {
            read.extend_from_slice(&buffer[..length]);
            let text = String::from_utf8_lossy(&read).to_lowercase();
            let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
            let expected = head.split("content-length: ").nth(1).and_then(|after| after.lines().next());
            if expected.and_then(|length| length.parse().ok()).unwrap_or(0) > body.len() {
                continue;
            }
            let (status, reply) = answer(body);
            seen.lock().unwrap().push(body.to_owned());
            read.clear();
            let length = reply.len();
            write!(stream, "HTTP/1.1 {status}\r\ncontent-length: {length}\r\n\r\n{reply}").unwrap();
        }
    }

    fn answer(body: &str) -> (&'static str, String) {
        if body.contains("/steps") {
            return ("400 Bad Request", r#"{"__type":"AccessDenied"}"#.to_owned());
        }
        if body.contains("queueurl") {
            let taken: Vec<_> =
                (0..body.matches("\"id\":").count()).map(|id| format!(r#"{{"Id":"{id}","MessageId":"m"}}"#)).collect();
            return ("200 OK", format!(r#"{{"Successful":[{}]}}"#, taken.join(",")));
        }
        let ids = 100..112;
        let key = |id| match body {
            body if body.contains("message") => format!("MESSAGE#msg_01jd0000000000000000000{id}"),
            _ => format!("WABA#{id}"),
        };
        let items: Vec<_> = ids.map(|id| format!(r#"{{"pk":{{"S":"{}"}}}}"#, key(id))).collect();
        ("200 OK", format!(r#"{{"Items":[{}]}}"#, items.join(",")))
    }

    fn sent(seen: &Seen, queue: &str) -> usize {
        let seen = seen.lock().unwrap();
        let to = seen.iter().filter(|body| body.contains(&format!("/{queue}\"")));
        to.count()
    }

    #[tokio::test]
    async fn a_failing_queue_does_not_prevent_the_other_kinds_from_being_swept() {
        let (app, seen) = aws();
        let swept = app.sweep(Deadline::after(Duration::from_secs(30))).await;
        assert!(matches!(swept, Err(SweepError::Queue(_))), "{swept:?}");
        assert_eq!((sent(&seen, "webhook_queue_url"), sent(&seen, "message_retry_queue_url")), (2, 2));
    }

    #[tokio::test]
    async fn no_request_is_started_that_would_not_finish_within_the_invocation() {
        let (app, seen) = aws();
        assert_eq!(app.sweep(Deadline::after(Duration::from_secs(4))).await.unwrap(), Swept { enqueued: 0 });
        assert_eq!(sent(&seen, "webhook_queue_url") + sent(&seen, "steps"), 0);
    }

    #[test]
    fn lambda_logs_what_failed_and_not_the_name_of_a_box() {
        let failed = Diagnostic::from(SweepError::from(StoreError::Conflict));
        assert_eq!(failed.error_type, "TableUnavailable");
        assert!(!failed.error_message.is_empty());
    }
}
