//! The cost of a million webhooks, from the calls that are actually made.

use crate::binaries::Built;
use crate::process;
use crate::stub::Stub;
use crate::webhook::{AWAY, Services, at_a_distance, envelope, serve};
use aws_emulator::Sqs;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use bytes::Bytes;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// List prices of us-east-1, November 2026, in USD: a million Lambda requests, a gigabyte-second, a million SQS
/// requests (each up to 64 KB).
const LAMBDA_REQUESTS: f64 = 0.20;
const GIGABYTE_SECOND: f64 = 0.000_016_666_7;
const SQS_REQUESTS: f64 = 0.40;
/// Memory of the two functions (template.yaml), in gigabytes.
const WEBHOOK_MEMORY: f64 = 0.5;
const EVENTS_MEMORY: f64 = 0.25;
/// Batches to count.
const BATCHES: u32 = 20;

pub(crate) async fn measure(built: &Built) -> io::Result<String> {
    let mut text = String::from(
        "A million webhooks of one message each, from the calls made (SQS: store, receive, delete, platform event; 5 ms away)\n  batch   SQS calls a webhook   Lambda ms a webhook      USD a million\n",
    );
    let receipt = receipt(built).await?;
    for size in [1_u32, 10] {
        let (sends, time) = interpretation(built, size).await?;
        let batch = f64::from(size);
        // The event source receives and deletes a batch with one call each.
        let calls = 1.0 + 2.0 / batch + sends / batch;
        let seconds = receipt.as_secs_f64() * WEBHOOK_MEMORY + time.as_secs_f64() / batch * EVENTS_MEMORY;
        let requests = LAMBDA_REQUESTS * (1.0 + 1.0 / batch);
        let usd = calls * SQS_REQUESTS + requests + seconds * 1_000_000.0 * GIGABYTE_SECOND;
        let milliseconds = (receipt.as_secs_f64() + time.as_secs_f64() / batch) * 1000.0;
        text.push_str(&format!("  {size:>5}   {calls:>19.2}   {milliseconds:>19.2}   {usd:>16.2}\n"));
    }
    Ok(text)
}

/// Duration of the webhook function for one webhook.
async fn receipt(built: &Built) -> io::Result<Duration> {
    let Some(webhook) = built.functions.get("webhook") else { return Err(io::ErrorKind::NotFound.into()) };
    let services = Services::start(AWAY).await?;
    let mut stub = Stub::start().await?;
    let (_, mut child) = process::start(webhook, &stub.address, &services.variables())?;
    let event = envelope(&body(0));
    let mut total = Duration::ZERO;
    for round in 0..2 * BATCHES {
        let took = stub.invoke(event.clone()).await?;
        total += if round < BATCHES { Duration::ZERO } else { took };
    }
    child.kill().await?;
    Ok(total / BATCHES)
}

fn body(number: u32) -> String {
    let message =
        json!({ "id": format!("wamid.HBgLMTYzMTU1NTEyMzQ{number:08}"), "type": "text", "text": { "body": "hello" } });
    let value = json!({ "messaging_product": "whatsapp", "messages": [message] });
    let change = json!({ "field": "messages", "value": value });
    json!({ "object": "whatsapp_business_account", "entry": [{ "id": "102290129340398", "changes": [change] }] })
        .to_string()
}

/// SQS calls and duration of one batch of published messages.
async fn interpretation(built: &Built, size: u32) -> io::Result<(f64, Duration)> {
    let Some(events) = built.functions.get("webhook-events") else { return Err(io::ErrorKind::NotFound.into()) };
    let calls = Arc::new(AtomicU32::new(0));
    let sqs = Sqs::new("us-east-1", "000000000000");
    let router = at_a_distance(sqs.router(), AWAY).layer(from_fn_with_state(Arc::clone(&calls), count));
    let at = serve(router).await?;
    sqs.set_endpoint(&at);
    let none = BTreeMap::new();
    let queue = sqs.create_queue("events", &none, &none).map_err(io::Error::other)?;
    let mut stub = Stub::start().await?;
    let variables = [("AWS_ENDPOINT_URL_SQS", at.as_str()), ("PLATFORM_EVENTS_QUEUE_URL", &queue)];
    let (_, mut child) = process::start(events, &stub.address, &variables)?;
    let mut total = Duration::ZERO;
    for round in 0..2 * BATCHES {
        if round == BATCHES {
            calls.store(0, Ordering::Relaxed);
        }
        let took = stub.invoke(batch(round, size)?).await?;
        total += if round < BATCHES { Duration::ZERO } else { took };
    }
    child.kill().await?;
    Ok((f64::from(calls.load(Ordering::Relaxed)) / f64::from(BATCHES), total / BATCHES))
}

async fn count(State(calls): State<Arc<AtomicU32>>, request: Request, next: Next) -> Response {
    calls.fetch_add(1, Ordering::Relaxed);
    next.run(request).await
}

fn batch(round: u32, size: u32) -> io::Result<Bytes> {
    let record = |at: u32| -> io::Result<Value> {
        let received_at = shared::domain::time::Timestamp::from_millis(1_795_000_000_000);
        let envelope = shared::webhook::envelope::Envelope::new(received_at, body(round * size + at).into_bytes());
        let packed = envelope.pack().map_err(io::Error::other)?;
        Ok(json!({ "messageId": at.to_string(), "body": packed }))
    };
    let records: Vec<Value> = (0..size).map(record).collect::<io::Result<_>>()?;
    Ok(Bytes::from(json!({ "Records": records }).to_string()))
}
