//! Webhooks as Meta sends them: signed over the raw bytes, retried until the answer is 200.

use crate::clock::Clock;
use crate::journal::{Delivery, Journal};
use crate::options::Options;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Attempts per delivery. Meta retries for up to 7 days, which is not simulated.
const ATTEMPTS: u32 = 6;
/// Wait before the second attempt; doubles after each.
const FIRST_WAIT: Duration = Duration::from_millis(500);

/// The sender.
pub(crate) struct Webhooks {
    pub(crate) client: reqwest::Client,
    pub(crate) options: Options,
    pub(crate) clock: Arc<Clock>,
    pub(crate) journal: Arc<Mutex<Journal>>,
    pub(crate) tasks: TaskTracker,
    pub(crate) ended: CancellationToken,
}

impl Webhooks {
    /// `sha256=<hex>` over the body (Meta: "Validating Payloads").
    pub(crate) fn sign(&self, body: &[u8]) -> String {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.options.app_secret.as_bytes()) else {
            return String::new();
        };
        mac.update(body);
        format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
    }

    /// A body with one change.
    pub(crate) fn body(&self, entry: &str, field: &str, value: &Value) -> Value {
        let change = json!({ "field": field, "value": value });
        json!({
            "object": "whatsapp_business_account",
            "entry": [{ "id": entry, "time": self.clock.now(), "changes": [change] }],
        })
    }

    /// Sends a body until it is acknowledged, in the background.
    pub(crate) fn send(self: &Arc<Self>, body: &Value) {
        if self.options.webhook_url.is_none() {
            return;
        }
        let (sender, body) = (Arc::clone(self), body.to_string());
        self.tasks.spawn(async move {
            let mut wait = FIRST_WAIT;
            for attempt in 1..=ATTEMPTS {
                if sender.deliver(&body, Some(sender.sign(body.as_bytes())), attempt).await == Some(200) {
                    return;
                }
                tokio::select! {
                    () = sender.ended.cancelled() => return,
                    () = tokio::time::sleep(wait) => wait *= 2,
                }
            }
        });
    }

    /// Sends a body once and returns the status.
    pub(crate) async fn deliver(&self, body: &str, signature: Option<String>, attempt: u32) -> Option<u16> {
        let url = self.options.webhook_url.as_ref()?;
        let mut request =
            self.client.post(url).header("content-type", "application/json").header("user-agent", "facebookexternalua");
        if let Some(signature) = signature {
            request = request.header("x-hub-signature-256", signature);
        }
        let status = request.body(body.to_owned()).send().await.ok().map(|response| response.status().as_u16());
        let parsed: Value = serde_json::from_str(body).unwrap_or_default();
        let delivery = Delivery { at: self.clock.now(), fields: fields(&parsed), attempt, status };
        self.journal.lock().unwrap_or_else(PoisonError::into_inner).deliveries.push(delivery);
        status
    }

    /// Performs the app dashboard's handshake and returns whether the challenge came back.
    pub(crate) async fn handshake(&self) -> Option<bool> {
        let url = self.options.webhook_url.as_ref()?;
        self.challenge(url, &self.options.verify_token).await
    }

    /// Whether an address proves that it knows a verify token. Only addresses of this machine are called. For any other
    /// address the token decides: the address refuses if it begins with `refuse`.
    pub(crate) async fn answers_at(&self, url: &str, token: &str) -> bool {
        let here = url::Url::parse(url).is_ok_and(|url| {
            matches!(url.host(), Some(url::Host::Ipv4(address)) if address.is_loopback())
                || url.host_str() == Some("localhost")
        });
        if here { self.challenge(url, token).await.unwrap_or(false) } else { !token.starts_with("refuse") }
    }

    async fn challenge(&self, url: &str, token: &str) -> Option<bool> {
        let query = [("hub.mode", "subscribe"), ("hub.verify_token", token), ("hub.challenge", "1158201444")];
        let mut url = url::Url::parse(url).ok()?;
        url.query_pairs_mut().extend_pairs(query);
        let response = self.client.get(url).send().await.ok()?;
        let ok = response.status().is_success();
        Some(ok && response.text().await.ok()? == "1158201444")
    }
}

/// The fields of a body's changes.
fn fields(body: &Value) -> Vec<String> {
    let entries = body.get("entry").and_then(Value::as_array).into_iter().flatten();
    let changes = entries.filter_map(|entry| entry.get("changes")?.as_array()).flatten();
    changes.filter_map(|change| change.get("field")?.as_str().map(str::to_owned)).collect()
}
