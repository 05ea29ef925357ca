//! Controls the simulated Meta.

use crate::Lab;
use crate::stack::text;
use serde_json::{Value, json};
use shared::secret::Secret;
use shared::webhook::signature::sign;

/// A time at Meta, in seconds: later than anything it or a poll has reported so far, and at most briefly in the future.
pub fn soon() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_secs()).unwrap_or_default() + 5
}

impl Lab {
    /// Reads from the simulator's control.
    pub async fn simulator(&self, path: &str) -> Value {
        let url = format!("{}/_sim/{path}", self.stack.endpoints().graph);
        self.client.get(&url, &[]).await.expect("the simulator").json()
    }

    /// Scripts the simulator.
    pub async fn simulate(&self, path: &str, body: &Value) -> Value {
        let url = format!("{}/_sim/{path}", self.stack.endpoints().graph);
        let answer = self.client.post(&url, &[], body).await.expect("the simulator");
        assert!(answer.status < 300, "{path}: {}", String::from_utf8_lossy(&answer.body));
        answer.json()
    }

    /// Graph calls so far with this method and path suffix.
    pub async fn calls(&self, method: &str, path: &str) -> usize {
        let calls = self.simulator("calls").await;
        let fits = |call: &&Value| text(call, "method") == method && text(call, "path").ends_with(path);
        calls.as_array().into_iter().flatten().filter(fits).count()
    }

    /// Sends a webhook; `signature` is `valid`, `wrong` or `none`. Returns the status.
    pub async fn webhook(&self, body: &Value, signature: &str) -> Value {
        let sent = self.simulate("webhooks", &json!({ "body": body, "signature": signature })).await;
        sent.get("status").cloned().unwrap_or_default()
    }

    /// Posts exactly these bytes to the webhook, signed as Meta signs. Returns the status.
    pub async fn signed_text(&self, body: &str) -> u16 {
        let endpoints = self.stack.endpoints();
        let signature = sign(body.as_bytes(), &Secret::new(endpoints.meta.app_secret.clone()));
        let headers = [("x-hub-signature-256", signature.as_str()), ("content-type", "application/json")];
        self.send("POST", &endpoints.webhook, &headers, body.as_bytes()).await.status
    }
}
