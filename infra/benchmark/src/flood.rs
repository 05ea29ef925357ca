//! Genuine webhooks while attackers flood the Function URL of the local stack with large, wrongly signed bodies.

use crate::binaries::Built;
use crate::report::Samples;
use crate::webhook::{body, sign_with};
use bytes::Bytes;
use local::{Client, Stack, StackOptions};
use serde_json::json;
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

/// Attackers, each with one request in flight at any time.
const STRANGERS: usize = 24;
/// Genuine webhooks, and the time between two.
const GENUINE: usize = 100;
const PACE: Duration = Duration::from_millis(50);
/// Bytes of an attacker's body: Meta's maximum.
const LARGE: usize = 3_000_000;
/// Meta repeats what is not answered 200 at once, and later less often; here until this long after the first attempt.
const RETRIED_FOR: Duration = Duration::from_secs(1);
const RETRY_EVERY: Duration = Duration::from_millis(100);

/// Outcome of the genuine webhooks.
#[derive(Default)]
struct Outcome {
    at_once: usize,
    after_retries: usize,
    attempts: usize,
    samples: Samples,
}

/// Statuses and how many attackers got each.
type Answers = BTreeMap<u16, usize>;

pub(crate) async fn measure(built: &Built) -> io::Result<String> {
    let options = StackOptions {
        binaries: Some(built.functions.clone()),
        schedules: false,
        capture_logs: true,
        ..StackOptions::default()
    };
    let stack = Stack::start(options).await.map_err(io::Error::other)?;
    let over = Arc::new(AtomicBool::new(false));
    let strangers = (0..STRANGERS).map(|_| stranger(&stack, &over)).collect::<io::Result<Vec<_>>>()?;
    // Wait until the attackers occupy every environment before Meta calls.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let began = Instant::now();
    let outcome = genuine(&stack).await?;
    let seconds = began.elapsed().as_secs_f64();
    over.store(true, Ordering::Relaxed);
    let mut answers = Answers::new();
    for stranger in strangers {
        for (status, count) in stranger.await.map_err(io::Error::other)? {
            *answers.entry(status).or_default() += count;
        }
    }
    let throttles = stack.counts().get("WebhookFunction").map_or(0, |counts| counts.throttles);
    stack.stop().await.map_err(io::Error::other)?;
    Ok(text(&outcome, &answers, throttles, seconds))
}

fn text(outcome: &Outcome, answers: &Answers, throttles: u64, seconds: f64) -> String {
    let Outcome { at_once, after_retries, attempts, samples } = outcome;
    let answers: Vec<String> = answers.iter().map(|(status, count)| format!("{count} x {status}")).collect();
    let taken = at_once + after_retries;
    format!(
        "Flood: {STRANGERS} attackers with wrongly signed bodies of {LARGE} bytes, {GENUINE} genuine webhooks, one each {PACE:?}, for {seconds:.1} s\n  \
         genuine: {taken} of {GENUINE} answered 200 within {RETRIED_FOR:?}, {at_once} of them at once; {attempts} attempts; p50 {:.0} ms, p99 {:.0} ms\n  \
         attackers: {}; refused for want of an environment, both together: {throttles}\n",
        samples.quantile(0.5),
        samples.quantile(0.99),
        answers.join(", ")
    )
}

/// Sends one large body after another until the end, with a signature made for another body.
fn stranger(stack: &Stack, over: &Arc<AtomicBool>) -> io::Result<JoinHandle<Answers>> {
    let client = Client::new().map_err(io::Error::other)?;
    let (url, over) = (stack.endpoints().webhook.clone(), Arc::clone(over));
    let (body, signature) = (Bytes::from(body(LARGE)), sign_with("not the app secret", b"another body"));
    Ok(tokio::spawn(async move {
        let headers = [("x-hub-signature-256", signature.as_str()), ("content-type", "application/json")];
        let mut answers = Answers::new();
        while !over.load(Ordering::Relaxed) {
            let status = client.send("POST", &url, &headers, body.clone()).await.map_or(0, |answer| answer.status);
            *answers.entry(status).or_default() += 1;
        }
        answers
    }))
}

async fn genuine(stack: &Stack) -> io::Result<Outcome> {
    let mut sent = Vec::new();
    let mut next = tokio::time::interval(PACE);
    for number in 0..GENUINE {
        next.tick().await;
        let client = Client::new().map_err(io::Error::other)?;
        let (url, secret) = (stack.endpoints().webhook.clone(), stack.endpoints().meta.app_secret.clone());
        sent.push(tokio::spawn(async move { deliver(&client, &url, &secret, number).await }));
    }
    let mut outcome = Outcome::default();
    for delivery in sent {
        let (attempts, taken) = delivery.await.map_err(io::Error::other)?;
        outcome.attempts += attempts;
        if let Some(took) = taken {
            outcome.samples.add(took);
            if attempts == 1 { outcome.at_once += 1 } else { outcome.after_retries += 1 }
        }
    }
    Ok(outcome)
}

/// One webhook as Meta delivers it: its attempts, and the time until 200.
async fn deliver(client: &Client, url: &str, secret: &str, number: usize) -> (usize, Option<Duration>) {
    let change = json!({ "field": "flows", "value": { "number": number } });
    let entry = json!({ "id": "102290129340398", "changes": [change] });
    let body = Bytes::from(json!({ "object": "whatsapp_business_account", "entry": [entry] }).to_string());
    let signature = sign_with(secret, &body);
    let headers = [("x-hub-signature-256", signature.as_str()), ("content-type", "application/json")];
    let (began, mut attempts) = (Instant::now(), 0);
    while began.elapsed() < RETRIED_FOR {
        if attempts > 1 {
            tokio::time::sleep(RETRY_EVERY).await;
        }
        attempts += 1;
        let answer = client.send("POST", url, &headers, body.clone()).await;
        let took = began.elapsed();
        if answer.is_ok_and(|answer| answer.status == 200) && took <= RETRIED_FOR {
            return (attempts, Some(took));
        }
    }
    (attempts, None)
}
