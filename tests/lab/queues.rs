//! Queues of the test stack: what they hold, receiving from them, sending dead letters back.

use crate::events;
use crate::stack::{GRACE, Lab, text};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

impl Lab {
    /// Receives platform events until one matches, and returns it; the others are dropped.
    pub async fn event(&self, kind: &str, fits: impl Fn(&Value) -> bool) -> Value {
        serde_json::from_str(&self.event_of(kind, fits).await).unwrap_or_default()
    }

    /// Receives platform events until one of this type arrives, and returns it as it was written.
    pub async fn event_text(&self, kind: &str) -> String {
        self.event_of(kind, |_| true).await
    }

    async fn event_of(&self, kind: &str, fits: impl Fn(&Value) -> bool) -> String {
        let queue = self.queue("PlatformEventsQueue");
        let started = Instant::now();
        while started.elapsed() < GRACE {
            let wait = Duration::from_secs(1);
            for message in self.stack.sqs().receive(&queue, 1, wait, None).await.expect("the events queue") {
                self.stack.sqs().delete(&queue, &message.receipt_handle).await.expect("the events queue");
                let event = events::read(&message.body);
                if text(&event, "type") == kind && fits(&event) {
                    return message.body;
                }
            }
        }
        panic!("no event {kind} arrived");
    }

    /// Removes and returns every platform event of a type from the queue; the others are dropped.
    pub async fn events_of(&self, kind: &str) -> Vec<Value> {
        self.events().await.into_iter().filter(|event| text(event, "type") == kind).collect()
    }

    /// Removes and returns every platform event from the queue.
    pub async fn events(&self) -> Vec<Value> {
        let queue = self.queue("PlatformEventsQueue");
        let mut found = Vec::new();
        loop {
            let messages = self.stack.sqs().receive(&queue, 10, Duration::ZERO, None).await.expect("the events queue");
            if messages.is_empty() {
                return found;
            }
            for message in messages {
                self.stack.sqs().delete(&queue, &message.receipt_handle).await.expect("the events queue");
                found.push(events::fits(serde_json::from_str(&message.body).unwrap_or_default()));
            }
        }
    }

    /// Waits until no function is running or about to run.
    pub async fn quiet(&self) {
        self.eventually("nothing is running", async || self.stack.is_at_rest().then_some(())).await;
    }

    /// Number of platform events in the queue.
    pub fn events_waiting(&self) -> usize {
        self.stack.sqs().counts(&self.queue("PlatformEventsQueue")).expect("the events queue").visible
    }

    /// Number of messages in a queue that can be received, now or later.
    pub fn waiting(&self, queue: &str) -> usize {
        let counts = self.stack.sqs().counts(&self.queue(queue)).expect("a queue");
        counts.visible + counts.in_flight + counts.delayed
    }

    /// The URL of a queue.
    pub fn queue(&self, id: &str) -> String {
        self.stack.endpoints().queues.get(id).cloned().unwrap_or_default()
    }

    /// Sends a message to a queue.
    pub async fn put(&self, queue: &str, body: &str) {
        let url = self.queue(queue);
        self.stack.sqs().send(&url, aws_emulator::NewMessage::new(body)).await.expect("a queue");
    }

    /// Removes every visible message from a queue and returns how many there were.
    pub async fn lose(&self, queue: &str) -> usize {
        let url = self.queue(queue);
        let mut lost = 0;
        loop {
            let messages = self.stack.sqs().receive(&url, 10, Duration::ZERO, None).await.expect("a queue");
            if messages.is_empty() {
                return lost;
            }
            lost += messages.len();
            for message in messages {
                self.stack.sqs().delete(&url, &message.receipt_handle).await.expect("a queue");
            }
        }
    }

    /// Sends dead letters back to their source queue, as `aws sqs start-message-move-task` does
    /// (infra/runbooks/dead-letters.md). Returns the status.
    pub async fn redrive(&self, queue: &str) -> u16 {
        let endpoints = self.stack.endpoints();
        let name = self.queue(queue).rsplit('/').next().map(str::to_owned).unwrap_or_default();
        let arn = format!("arn:aws:sqs:{}:000000000000:{name}", endpoints.region);
        let headers =
            [("x-amz-target", "AmazonSQS.StartMessageMoveTask"), ("content-type", "application/x-amz-json-1.0")];
        let request = json!({ "SourceArn": arn }).to_string();
        self.send("POST", &endpoints.aws.sqs, &headers, request.as_bytes()).await.status
    }
}
