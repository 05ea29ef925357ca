//! What a platform does with a connected customer: a message that fails, and a number from another provider.

use super::visit::{Visit, expect, text};
use super::{DemoError, GRACE, PAUSE, Signup, show};
use serde_json::{Value, json};
use std::time::Instant;

impl Visit<'_> {
    async fn platform_post(&self, status: u16, path: &str, body: &Value) -> Result<Value, DemoError> {
        let url = format!("{}{path}", self.stack.endpoints().api);
        let answer = self.client.post(&url, &[("authorization", &self.platform())], body).await?;
        Ok(expect(path, status, answer)?.json())
    }

    async fn platform_get(&self, path: &str) -> Result<Value, DemoError> {
        let url = format!("{}{path}", self.stack.endpoints().api);
        let answer = self.client.get(&url, &[("authorization", &self.platform())]).await?;
        Ok(expect(path, 200, answer)?.json())
    }

    async fn until(&self, path: &str, state: &str) -> Result<Value, DemoError> {
        let started = Instant::now();
        loop {
            let found = self.platform_get(path).await?;
            if text(&found, "state") == state {
                return Ok(found);
            }
            if started.elapsed() > GRACE {
                let (what, expected) = (path.to_owned(), state.to_owned());
                return Err(DemoError::Unexpected { what, expected, got: found.to_string() });
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    pub(super) async fn templates_and_messages(
        &self,
        onboarding: &str,
        signup: &Signup,
        report: &mut (dyn FnMut(&str) + Send),
    ) -> Result<(), DemoError> {
        let retrying = self.message_that_fails(signup).await?;
        report(&format!(
            "7  a message failed at Meta; its one second attempt is due at {}",
            text(&retrying, "retry_at")
        ));
        report("8  a number migrates from another provider");
        self.move_a_number(onboarding, signup, report).await
    }

    /// Meta accepts a message and then reports its failure; it is retried once, 9 min 30 s later.
    async fn message_that_fails(&self, signup: &Signup) -> Result<Value, DemoError> {
        let phone = signup.data.get("phone_number_id").and_then(Value::as_str).unwrap_or_default();
        self.simulator(&format!("phones/{phone}"), &json!({ "outcomes": ["failed:131000"] })).await?;
        let message = json!({ "to": "16505551234", "type": "text", "text": { "body": "Your cake is ready." } });
        let sent = self.platform_post(202, &format!("/v1/phone-numbers/{phone}/messages"), &message).await?;
        self.until(&format!("/v1/messages/{}", text(&sent, "message_id")), "retrying").await
    }

    /// A number of the same business migrates, step by step.
    async fn move_a_number(
        &self,
        onboarding: &str,
        signup: &Signup,
        report: &mut (dyn FnMut(&str) + Send),
    ) -> Result<(), DemoError> {
        let wish = self.number_elsewhere(onboarding, signup).await?;
        let begun = self.platform_post(202, "/v1/moves", &wish).await?;
        let path = format!("/v1/moves/{}", text(&begun, "move_id"));
        let waiting = self.until(&path, "awaiting_code").await?;
        report(&format!("   conditions: {}", show::checks(&waiting)));
        self.platform_post(202, &format!("{path}/code"), &json!({ "method": "SMS", "language": "en_US" })).await?;
        let code = self.phone(&text(&waiting, "phone_number_id")).await?;
        let code = code.pointer("/arrival/code").cloned().unwrap_or_default();
        report("   Meta sent a code to the number; its owner enters it");
        self.platform_post(202, &format!("{path}/verify"), &json!({ "code": code })).await?;
        let done = self.until(&path, "done").await?;
        report(&format!("   registered and read back; migrated with it: {}", show::kept(&done)));
        Ok(())
    }

    async fn phone(&self, id: &str) -> Result<Value, DemoError> {
        let state = self.client.get(&format!("{}/_sim/state", self.stack.endpoints().graph), &[]).await?;
        let state = expect("the simulator's state", 200, state)?.json();
        Ok(state.pointer(&format!("/phones/{id}")).cloned().unwrap_or_default())
    }

    async fn number_elsewhere(&self, onboarding: &str, signup: &Signup) -> Result<Value, DemoError> {
        let owner = signup.data.get("business_id");
        let source =
            self.simulator("signups", &json!({ "business_id": owner, "business_name": "Acme Bakery" })).await?;
        let waba = text(&source, "waba_id");
        self.simulator(&format!("wabas/{}", signup.waba), &json!({ "grant": waba })).await?;
        let there = source.pointer("/data/phone_number_id").and_then(Value::as_str).unwrap_or_default();
        let earned = json!({ "quality": "GREEN", "limit": "TIER_10K", "official": false });
        self.simulator(&format!("phones/{there}"), &json!({ "status": "CONNECTED", "standing": earned })).await?;
        let display = text(&self.phone(there).await?, "display_phone_number");
        Ok(json!({
            "onboarding_id": onboarding, "country_code": "1", "phone_number": display,
            "source_waba_id": waba, "source_phone_number_id": there,
        }))
    }
}
