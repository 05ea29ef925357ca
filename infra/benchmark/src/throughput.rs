//! From receipt to platform event on the whole local stack, all on one machine.

use crate::binaries::Built;
use crate::report::Samples;
use crate::webhook::sign_with;
use local::{Client, Stack, StackOptions};
use serde_json::json;
use std::collections::VecDeque;
use std::io;
use std::sync::Mutex;
use std::time::{Duration, Instant};

const WEBHOOKS: usize = 3_000;
/// Webhooks in flight.
const AT_ONCE: usize = 16;
/// Timeout without a new event.
const GRACE: Duration = Duration::from_secs(30);

pub(crate) async fn measure(built: &Built) -> io::Result<String> {
    let options = StackOptions {
        binaries: Some(built.functions.clone()),
        schedules: false,
        capture_logs: true,
        ..StackOptions::default()
    };
    let stack = Stack::start(options).await.map_err(io::Error::other)?;
    let load = Load {
        client: Client::new().map_err(io::Error::other)?,
        numbers: Mutex::new((0..WEBHOOKS).collect()),
        samples: Mutex::default(),
    };
    let began = Instant::now();
    let (posted, drained) = tokio::join!(load.all(&stack), drain(&stack));
    posted?;
    drained?;
    let seconds = began.elapsed().as_secs_f64();
    stack.stop().await.map_err(io::Error::other)?;
    let samples = load.samples.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    #[expect(clippy::cast_precision_loss, reason = "a few thousand webhooks")]
    let rate = WEBHOOKS as f64 / seconds;
    Ok(format!(
        "End to end on this machine, {WEBHOOKS} webhooks, {AT_ONCE} at once: receipt to platform event, all services included\n  {rate:.0} webhooks/s; receipt p50 {:.1} ms, p99 {:.1} ms\n",
        samples.quantile(0.5),
        samples.quantile(0.99)
    ))
}

/// Webhooks still to be posted, and the duration of each.
struct Load {
    client: Client,
    numbers: Mutex<VecDeque<usize>>,
    samples: Mutex<Samples>,
}

impl Load {
    async fn all(&self, stack: &Stack) -> io::Result<()> {
        let four =
            || async { tokio::try_join!(self.post(stack), self.post(stack), self.post(stack), self.post(stack)) };
        const { assert!(AT_ONCE == 16, "four times four") };
        tokio::try_join!(four(), four(), four(), four()).map(drop)
    }

    async fn post(&self, stack: &Stack) -> io::Result<()> {
        loop {
            let Some(number) = lock(&self.numbers).pop_front() else { return Ok(()) };
            let body = body(number);
            let signature = sign_with(&stack.endpoints().meta.app_secret, body.as_bytes());
            let headers = [("x-hub-signature-256", signature.as_str()), ("content-type", "application/json")];
            let sent = Instant::now();
            let answer = self.client.send("POST", &stack.endpoints().webhook, &headers, body.into()).await;
            let status = answer.map_err(io::Error::other)?.status;
            lock(&self.samples).add(sent.elapsed());
            if status != 200 {
                return Err(io::Error::other(format!("a webhook was answered {status}")));
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Receives platform events until all have arrived.
async fn drain(stack: &Stack) -> io::Result<()> {
    let queue = stack.endpoints().queues.get("PlatformEventsQueue").cloned().unwrap_or_default();
    let (mut seen, mut moved) = (0, Instant::now());
    while seen < WEBHOOKS {
        let messages = stack.sqs().receive(&queue, 10, Duration::from_secs(1), None).await.map_err(io::Error::other)?;
        if !messages.is_empty() {
            moved = Instant::now();
        }
        seen += messages.len();
        for message in messages {
            stack.sqs().delete(&queue, &message.receipt_handle).await.map_err(io::Error::other)?;
        }
        if moved.elapsed() > GRACE {
            return Err(io::Error::other(format!("{seen} of {WEBHOOKS} came")));
        }
    }
    Ok(())
}

fn body(number: usize) -> String {
    let message = json!({ "id": format!("wamid.{number}"), "type": "text", "text": { "body": "hello" } });
    let value = json!({ "messaging_product": "whatsapp", "messages": [message] });
    let change = json!({ "field": "messages", "value": value });
    json!({ "object": "whatsapp_business_account", "entry": [{ "id": "102290129340398", "changes": [change] }] })
        .to_string()
}
