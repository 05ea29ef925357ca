//! A warm webhook: signature verified, compressed, sent to SQS, acknowledged.

use crate::binaries::Built;
use crate::process;
use crate::report::Samples;
use crate::stub::Stub;
use aws_emulator::{SecretsManager, Sqs};
use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::time::Duration;
use tokio::net::TcpListener;

/// Response time of SQS in the measurements with latency: about that of its own Region.
pub(crate) const AWAY: Duration = Duration::from_millis(5);
/// Timed invocations, after as many untimed ones.
const INVOCATIONS: usize = 200;
pub(crate) const SECRET: &str = "0123456789abcdef0123456789abcdef";

pub(crate) async fn measure(built: &Built) -> io::Result<String> {
    let Some(webhook) = built.functions.get("webhook") else { return Err(io::ErrorKind::NotFound.into()) };
    let (near, far) = (Services::start(Duration::ZERO).await?, Services::start(AWAY).await?);
    let mut text = format!(
        "Warm round trip through the Runtime API, {INVOCATIONS} invocations; SQS on loopback, or {AWAY:?} away\n"
    );
    text.push_str("  event                   median       p95  x hello       p99   one after the other\n");
    for (name, event, services) in [
        ("1 change", event(1), &near),
        ("100 changes", event(100), &near),
        ("1000 changes", event(1000), &near),
        ("1 change, SQS away", event(1), &far),
        ("3 MB, SQS away", envelope(&body(3_000_000)), &far),
    ] {
        let hello = warm(&built.hello, &event, &[]).await?;
        let own = warm(webhook, &event, &services.variables()).await?;
        for (name, samples) in [("hello, same event", &hello), (name, &own)] {
            let (high, rate) = (samples.quantile(0.99), samples.per_second());
            text.push_str(&format!("{}  {high:>8.2} ms  {rate:>8.0}/s\n", samples.line(name, &hello)));
        }
    }
    Ok(text)
}

/// From the start of a process to its first answer, which includes work that a start defers.
pub(crate) async fn measure_first(built: &Built, rounds: usize) -> io::Result<String> {
    let Some(webhook) = built.functions.get("webhook") else { return Err(io::ErrorKind::NotFound.into()) };
    let (services, event) = (Services::start(Duration::ZERO).await?, event(1));
    let (mut hello, mut own) = (Samples::default(), Samples::default());
    for _ in 0..rounds {
        hello.add(first(&built.hello, &event, &[]).await?);
        own.add(first(webhook, &event, &services.variables()).await?);
    }
    Ok(format!(
        "Process start to the first answer, {rounds} interleaved rounds; Secrets Manager and SQS on loopback, without TLS\n{}\n{}\n",
        hello.line("hello, same event", &hello),
        own.line("webhook, 1 change", &hello)
    ))
}

async fn first(binary: &Path, event: &Bytes, variables: &[(&str, &str)]) -> io::Result<Duration> {
    let mut stub = Stub::start().await?;
    let (began, mut child) = process::start(binary, &stub.address, variables)?;
    stub.invoke(event.clone()).await?;
    let took = began.elapsed();
    child.kill().await?;
    Ok(took)
}

async fn warm(binary: &Path, event: &Bytes, variables: &[(&str, &str)]) -> io::Result<Samples> {
    let mut stub = Stub::start().await?;
    let (_, mut child) = process::start(binary, &stub.address, variables)?;
    for _ in 0..INVOCATIONS {
        stub.invoke(event.clone()).await?;
    }
    let mut samples = Samples::default();
    for _ in 0..INVOCATIONS {
        samples.add(stub.invoke(event.clone()).await?);
    }
    child.kill().await?;
    Ok(samples)
}

pub(crate) struct Services {
    pub(crate) sqs: String,
    pub(crate) queue: String,
    secrets: String,
    secret: String,
}

impl Services {
    /// Starts both; SQS answers after `away`.
    pub(crate) async fn start(away: Duration) -> io::Result<Self> {
        let (sqs, secrets) = (Sqs::new("us-east-1", "000000000000"), SecretsManager::new("us-east-1", "000000000000"));
        let sqs_at = serve(at_a_distance(sqs.router(), away)).await?;
        sqs.set_endpoint(&sqs_at);
        let none = BTreeMap::new();
        let queue = sqs.create_queue("webhooks", &none, &none).map_err(io::Error::other)?;
        let secret = secrets.create_secret("app-secret", Some(SECRET.to_owned()), None, &none);
        let secret = secret.map_err(io::Error::other)?;
        Ok(Self { sqs: sqs_at, queue, secrets: serve(secrets.router()).await?, secret })
    }

    pub(crate) fn variables(&self) -> [(&str, &str); 5] {
        [
            ("AWS_ENDPOINT_URL_SQS", &self.sqs),
            ("AWS_ENDPOINT_URL_SECRETS_MANAGER", &self.secrets),
            ("WEBHOOK_QUEUE_URL", &self.queue),
            ("APP_SECRET_ARN", &self.secret),
            ("VERIFY_TOKEN_ARN", &self.secret),
        ]
    }
}

/// A service that answers after a delay.
pub(crate) fn at_a_distance(service: Router, away: Duration) -> Router {
    if away.is_zero() { service } else { service.layer(from_fn_with_state(away, late)) }
}

async fn late(State(away): State<Duration>, request: Request, next: Next) -> Response {
    tokio::time::sleep(away).await;
    next.run(request).await
}

pub(crate) async fn serve(router: Router) -> io::Result<String> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let url = format!("http://{}", listener.local_addr()?);
    tokio::spawn(axum::serve(listener, router).into_future());
    Ok(url)
}

/// A signed body of status changes, as a Function URL passes it.
fn event(changes: usize) -> Bytes {
    let change = |at: usize| {
        let status = json!({ "id": format!("wamid.HBgLMTYzMTU1NTEyMzQ{at:08}"), "status": "delivered", "timestamp": "1795000000" });
        let metadata = json!({ "display_phone_number": "16315551181", "phone_number_id": "106540352242922" });
        let value = json!({ "messaging_product": "whatsapp", "metadata": metadata, "statuses": [status] });
        json!({ "field": "messages", "value": value })
    };
    let changes: Vec<Value> = (0..changes).map(change).collect();
    let entry = json!({ "id": "102290129340398", "time": 1_795_000_000, "changes": changes });
    envelope(&json!({ "object": "whatsapp_business_account", "entry": [entry] }).to_string())
}

/// A signed body, as a Function URL passes it.
pub(crate) fn envelope(body: &str) -> Bytes {
    envelope_with(&sign(body.as_bytes()), body)
}

/// The same with a signature made for another body.
pub(crate) fn wrongly_signed(body: &str) -> Bytes {
    envelope_with(&sign(b"another body"), body)
}

fn envelope_with(signature: &str, body: &str) -> Bytes {
    let context = json!({ "http": { "method": "POST", "path": "/", "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1" } });
    let headers = json!({ "content-type": "application/json", "x-hub-signature-256": signature });
    let event = json!({
        "version": "2.0",
        "rawPath": "/",
        "rawQueryString": "",
        "headers": headers,
        "requestContext": context,
        "body": body,
        "isBase64Encoded": false,
    });
    Bytes::from(event.to_string())
}

fn sign(body: &[u8]) -> String {
    sign_with(SECRET, body)
}

/// Signs as Meta does.
pub(crate) fn sign_with(secret: &str, body: &[u8]) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return String::new() };
    mac.update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

/// Message webhooks of about the given size in bytes.
pub(crate) fn body(bytes: usize) -> String {
    let change = |number: usize| {
        let text = json!({ "body": format!("order {number} has left our house and will be with you {}", number % 97) });
        let message = json!({ "from": "16505551234", "id": format!("wamid.HBgLMTYzMTU1NTEyMzQ{number:08}"), "type": "text", "text": text });
        json!({ "field": "messages", "value": { "messaging_product": "whatsapp", "messages": [message] } })
    };
    let mut changes = Vec::new();
    let mut length = 120;
    while changes.is_empty() || length < bytes {
        let next = change(changes.len()).to_string();
        length += next.len() + 1;
        changes.push(next);
    }
    format!(
        r#"{{"object":"whatsapp_business_account","entry":[{{"id":"102290129340398","changes":[{}]}}]}}"#,
        changes.join(",")
    )
}
