//! Amazon SQS: standard queues.

mod attributes;
mod batch;
mod checksum;
mod content;
mod error;
mod http;
mod message;
mod queue;
mod receipt;
mod redrive;
mod store;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use serde_json::Value;

pub use error::SqsError;
pub use message::{MessageAttribute, NewMessage, QueueCounts, ReceivedMessage, SentMessage, SystemAttributes};

use crate::RestoreError;
use crate::clock::{Clock, SystemClock};
use store::Store;

/// Maximum messages per receive.
const MAXIMUM_RECEIVED: usize = 10;

/// Maximum long-poll wait, in milliseconds.
const MAXIMUM_WAIT: u64 = 20_000;

/// Amazon SQS of one account in one Region. A handle: clones share the queues.
#[derive(Clone)]
pub struct Sqs {
    shared: Arc<Shared>,
}

struct Shared {
    region: String,
    account: String,
    clock: Arc<dyn Clock>,
    endpoint: Mutex<Option<String>>,
    store: Mutex<Store>,
}

impl Sqs {
    /// An empty SQS on the machine's clock.
    #[must_use]
    pub fn new(region: &str, account: &str) -> Self {
        Self::with_clock(region, account, Arc::new(SystemClock))
    }

    /// An empty SQS on the caller's clock.
    #[must_use]
    pub fn with_clock(region: &str, account: &str, clock: Arc<dyn Clock>) -> Self {
        let shared = Shared {
            region: region.to_owned(),
            account: account.to_owned(),
            clock,
            endpoint: Mutex::default(),
            store: Mutex::default(),
        };
        Self { shared: Arc::new(shared) }
    }

    /// The HTTP endpoint: AWS JSON 1.0 on every path.
    pub fn router(&self) -> Router {
        http::router(self.clone())
    }

    /// Base URL of the router, for example `http://127.0.0.1:4566`. Queue URLs are built from it; without it they are
    /// built from the `Host` header of the request.
    pub fn set_endpoint(&self, base: &str) {
        *lock(&self.shared.endpoint) = Some(base.trim_end_matches('/').to_owned());
    }

    /// Creates a queue, or finds the queue of this name with these attributes, and returns its URL.
    ///
    /// # Errors
    /// An invalid name, attribute or value; a name taken by a queue with other attributes, or by one deleted less than
    /// 60 seconds ago.
    pub fn create_queue(
        &self,
        name: &str,
        attributes: &BTreeMap<String, String>,
        tags: &BTreeMap<String, String>,
    ) -> Result<String, SqsError> {
        let now = self.now();
        self.store().create(name, self.queue_arn(name), attributes, tags, now)?;
        Ok(self.url_at(None, name))
    }

    /// The ARN for a queue name, whether the queue exists or not.
    #[must_use]
    pub fn queue_arn(&self, name: &str) -> String {
        format!("arn:aws:sqs:{}:{}:{name}", self.shared.region, self.shared.account)
    }

    /// The URL of a queue, by name, URL or ARN.
    ///
    /// # Errors
    /// [`SqsError::QueueDoesNotExist`].
    pub fn queue_url(&self, queue: &str) -> Result<String, SqsError> {
        let name = self.name_of(queue)?;
        self.store().queue(name)?;
        Ok(self.url_at(None, name))
    }

    /// Sends a message to a queue, by name, URL or ARN.
    ///
    /// # Errors
    /// No such queue; an invalid body, attribute or delay.
    // Awaits nothing today; async like the other message operations, so that callers do not depend on it.
    pub async fn send(&self, queue: &str, message: NewMessage) -> Result<SentMessage, SqsError> {
        let now = self.now();
        self.store().queue_mut(self.name_of(queue)?)?.send(message, &self.shared.account, now)
    }

    /// Receives up to `max` messages (1 to 10) from a queue, by name, URL or ARN, waiting up to `wait` (at most 20 s)
    /// for the first. They remain invisible for `visibility` (at most 12 h), or for the queue's default.
    ///
    /// # Errors
    /// No such queue, also if it is deleted during the wait; a value out of range; 120,000 messages in flight.
    pub async fn receive(
        &self,
        queue: &str,
        max: usize,
        wait: Duration,
        visibility: Option<Duration>,
    ) -> Result<Vec<ReceivedMessage>, SqsError> {
        if !(1..=MAXIMUM_RECEIVED).contains(&max) {
            return Err(SqsError::invalid_value(max, "MaxNumberOfMessages", "Must be between 1 and 10, if provided."));
        }
        let wait = millis(wait);
        if wait > MAXIMUM_WAIT {
            let reason = "Must be >= 0 and <= 20, if provided.";
            return Err(SqsError::invalid_value(wait / 1000, "WaitTimeSeconds", reason));
        }
        let visibility = visibility.map(millis);
        visibility.map_or(Ok(()), check_visibility)?;
        let name = self.name_of(queue)?;
        let deadline = self.now().saturating_add(wait);
        loop {
            // Registered before checking the queue, so that a message that arrives in between still wakes the receive.
            let arrivals = self.store().queue(name)?.arrivals();
            let arrival = arrivals.notified();
            tokio::pin!(arrival);
            arrival.as_mut().enable();
            let now = self.now();
            let messages = self.store().receive(name, max, visibility, now)?;
            if !messages.is_empty() || now >= deadline {
                return Ok(messages);
            }
            let next = self.store().queue(name)?.next_visible_at(now);
            let wake_at = next.map_or(deadline, |next| next.min(deadline));
            tokio::select! {
                () = arrival => {}
                () = self.shared.clock.sleep_until(wake_at) => {}
            }
        }
    }

    /// Deletes the message of a receipt handle. A handle that a later receive has replaced deletes nothing and is not
    /// an error.
    ///
    /// # Errors
    /// No such queue; a handle this queue has not issued.
    pub async fn delete(&self, queue: &str, receipt_handle: &str) -> Result<(), SqsError> {
        self.store().queue_mut(self.name_of(queue)?)?.delete(receipt_handle)
    }

    /// Makes an in-flight message visible again `timeout` from now (at most 12 h after its receive); zero means at
    /// once.
    ///
    /// # Errors
    /// No such queue; a handle this queue has not issued or a later receive has replaced; the message is not in flight.
    pub async fn change_visibility(
        &self,
        queue: &str,
        receipt_handle: &str,
        timeout: Duration,
    ) -> Result<(), SqsError> {
        let timeout = millis(timeout);
        check_visibility(timeout)?;
        let now = self.now();
        self.store().queue_mut(self.name_of(queue)?)?.change_visibility(receipt_handle, timeout, now)
    }

    /// How many messages a queue holds, by name, URL or ARN.
    ///
    /// # Errors
    /// [`SqsError::QueueDoesNotExist`].
    pub fn counts(&self, queue: &str) -> Result<QueueCounts, SqsError> {
        Ok(self.store().queue(self.name_of(queue)?)?.counts(self.now()))
    }

    /// How many messages each queue holds, by name, all at the same instant.
    #[must_use]
    pub fn all_counts(&self) -> BTreeMap<String, QueueCounts> {
        let now = self.now();
        self.store().queues.iter().map(|(name, queue)| (name.clone(), queue.counts(now))).collect()
    }

    /// All queues with their messages, for [`Sqs::restore`].
    #[must_use]
    pub fn snapshot(&self) -> Value {
        // Text keys and plain values only, so serialisation cannot fail.
        serde_json::to_value(&*self.store()).unwrap_or_default()
    }

    /// Replaces all queues by those of a snapshot. Waiting receives start over in the restored queues.
    ///
    /// # Errors
    /// The value is not a snapshot of this service; nothing is changed in that case.
    pub fn restore(&self, snapshot: Value) -> Result<(), RestoreError> {
        let restored = serde_json::from_value(snapshot)?;
        let before = std::mem::replace(&mut *self.store(), restored);
        before.queues.values().for_each(queue::Queue::wake);
        Ok(())
    }

    /// The queue name in a queue URL, an ARN, or a name. Queues of other accounts do not exist here.
    fn name_of<'q>(&self, queue: &'q str) -> Result<&'q str, SqsError> {
        let own = |account: Option<&str>| account == Some(self.shared.account.as_str());
        if queue.starts_with("arn:") {
            let mut parts = queue.rsplit(':');
            let (name, account, region) = (parts.next(), parts.next(), parts.next());
            let here = own(account) && region == Some(self.shared.region.as_str());
            return name.filter(|_| here).ok_or(SqsError::QueueDoesNotExist);
        }
        let mut segments = queue.trim_end_matches('/').rsplit('/');
        match (segments.next(), segments.next()) {
            (Some(name), None) => Ok(name),
            (Some(name), account) if own(account) => Ok(name),
            _ => Err(SqsError::QueueDoesNotExist),
        }
    }

    /// The URL of a queue: at the configured endpoint, else at `host`, else where AWS would have it.
    fn url_at(&self, host: Option<&str>, name: &str) -> String {
        let base = lock(&self.shared.endpoint).clone().or_else(|| host.map(|host| format!("http://{host}")));
        let base = base.unwrap_or_else(|| format!("https://sqs.{}.amazonaws.com", self.shared.region));
        format!("{base}/{}/{name}", self.shared.account)
    }

    fn now(&self) -> u64 {
        self.shared.clock.now()
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        lock(&self.shared.store)
    }
}

/// A panic while the lock was held is a defect of its own and must not spread to every later call.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn check_visibility(timeout: u64) -> Result<(), SqsError> {
    if timeout <= attributes::MAXIMUM_VISIBILITY * 1000 {
        return Ok(());
    }
    Err(SqsError::invalid_value(timeout / 1000, "VisibilityTimeout", "Must be between 0 and 43200, if provided."))
}

#[cfg(test)]
mod tests;
