//! The HTTP calls of the demo.

use super::{DemoError, GRACE, PAUSE, Session, Signup, show};
use crate::client::{Answer, Client};
use crate::stack::Stack;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// A visitor of one stack.
pub(super) struct Visit<'a> {
    pub(super) client: Client,
    pub(super) stack: &'a Stack,
}

pub(super) fn expect(what: &str, status: u16, answer: Answer) -> Result<Answer, DemoError> {
    if answer.status == status {
        return Ok(answer);
    }
    let body = String::from_utf8_lossy(&answer.body);
    let got = format!("{} {body}", answer.status);
    Err(DemoError::Unexpected { what: what.to_owned(), expected: status.to_string(), got })
}

pub(super) fn text(value: &Value, name: &str) -> String {
    value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

impl Visit<'_> {
    pub(super) fn platform(&self) -> String {
        format!("Bearer {}", self.stack.endpoints().platform_token)
    }

    pub(super) async fn simulator(&self, path: &str, body: &Value) -> Result<Value, DemoError> {
        let url = format!("{}/_sim/{path}", self.stack.endpoints().graph);
        let answer = self.client.post(&url, &[], body).await?;
        match answer.status {
            200..=299 => Ok(answer.json()),
            _ => expect(path, 200, answer).map(|answer| answer.json()),
        }
    }

    pub(super) async fn create_session(&self) -> Result<Session, DemoError> {
        let url = format!("{}/v1/sessions", self.stack.endpoints().api);
        let headers = [("authorization", self.platform())];
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let created = self.client.post(&url, &headers, &json!({ "customer_ref": "acme-bakery" })).await?;
        let created = expect("POST /v1/sessions", 201, created)?.json();
        Ok(Session { id: text(&created, "session"), signup_url: text(&created, "signup_url") })
    }

    /// Opens the page and returns the cookie that identifies its browser.
    pub(super) async fn open_page(&self, session: &Session) -> Result<String, DemoError> {
        let page = expect("GET /signup", 200, self.client.get(&session.signup_url, &[]).await?)?;
        Ok(page.header("set-cookie").split(';').next().unwrap_or_default().to_owned())
    }

    /// The customer's click: binds the link to the browser and returns the `launch` value that the code needs.
    pub(super) async fn launch(&self, session: &Session, cookie: &str) -> Result<String, DemoError> {
        let api = &self.stack.endpoints().api;
        let headers = [("origin", api.as_str()), ("cookie", cookie)];
        let body = json!({ "session": session.id, "confirmed": true });
        let launched = self.client.post(&format!("{api}/signup/launch"), &headers, &body).await?;
        Ok(text(&expect("POST /signup/launch", 200, launched)?.json(), "launch"))
    }

    /// The customer's clicks in Meta's popup; the code is valid for 30 seconds from here.
    pub(super) async fn finish_popup(&self) -> Result<Signup, DemoError> {
        let finished = self.simulator("signups", &json!({ "business_name": "Acme Bakery" })).await?;
        let member = |name: &str| finished.get(name).cloned().unwrap_or_default();
        Ok(Signup {
            code: member("code"),
            event: member("event"),
            data: member("data"),
            waba: text(&finished, "waba_id"),
        })
    }

    pub(super) async fn post_callback(
        &self,
        session: &Session,
        signup: &Signup,
        (cookie, launch): (&str, &str),
    ) -> Result<String, DemoError> {
        let mut body = json!({ "session": session.id, "code": signup.code, "launch": launch, "event": signup.event });
        if let (Some(body), Some(ids)) = (body.as_object_mut(), signup.data.as_object()) {
            body.extend(ids.clone());
        }
        let api = &self.stack.endpoints().api;
        let headers = [("origin", api.as_str()), ("cookie", cookie)];
        let posted = self.client.post(&format!("{api}/signup/callback"), &headers, &body).await?;
        Ok(text(&expect("POST /signup/callback", 202, posted)?.json(), "onboarding_id"))
    }

    /// Polls the status as the page does. Customers that pay for themselves add a payment method when asked.
    pub(super) async fn wait_until_settled(&self, session: &Session, signup: &Signup) -> Result<String, DemoError> {
        let url = format!("{}/signup/status?session={}", self.stack.endpoints().api, session.id);
        let started = Instant::now();
        let mut paid = false;
        loop {
            let status = expect("GET /signup/status", 200, self.client.get(&url, &[]).await?)?.json();
            match text(&status, "state").as_str() {
                "ready" => return Ok(show::steps(&status)),
                "waiting" if !paid => {
                    self.simulator(&format!("wabas/{}", signup.waba), &json!({ "payment_method": true })).await?;
                    self.resume(signup).await?;
                    paid = true;
                }
                _ if started.elapsed() > GRACE => {
                    let got = status.to_string();
                    return Err(DemoError::Unexpected {
                        what: "the status page".into(),
                        expected: "ready".into(),
                        got,
                    });
                }
                _ => {}
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// The operator's resume button; without it the onboarding checks again after a while.
    async fn resume(&self, signup: &Signup) -> Result<(), DemoError> {
        let (api, token) = (&self.stack.endpoints().api, self.platform());
        let listed =
            self.client.get(&format!("{api}/v1/onboardings?state=waiting"), &[("authorization", &token)]).await?;
        let listed = expect("GET /v1/onboardings", 200, listed)?.json();
        let all = listed.get("onboardings").and_then(Value::as_array).into_iter().flatten();
        for onboarding in all.filter(|onboarding| text(onboarding, "waba_id") == signup.waba) {
            let url = format!("{api}/v1/onboardings/{}/resume", text(onboarding, "id"));
            expect("POST resume", 202, self.client.post(&url, &[("authorization", &token)], &json!({})).await?)?;
        }
        Ok(())
    }

    pub(super) async fn templates(&self, signup: &Signup) -> Result<Vec<String>, DemoError> {
        let state = self.client.get(&format!("{}/_sim/state", self.stack.endpoints().graph), &[]).await?;
        let state = expect("the simulator's state", 200, state)?.json();
        let waba = state.get("wabas").and_then(|wabas| wabas.get(&signup.waba)).cloned().unwrap_or_default();
        let templates = waba.get("templates").and_then(Value::as_array).into_iter().flatten();
        Ok(templates.map(|template| text(template, "id")).collect())
    }

    pub(super) async fn change_template(&self, signup: &Signup, id: &str, change: &Value) -> Result<(), DemoError> {
        self.simulator(&format!("wabas/{}/templates/{id}", signup.waba), change).await.map(drop)
    }

    pub(super) async fn onboarding(&self, id: &str) -> Result<Value, DemoError> {
        let url = format!("{}/v1/onboardings/{id}", self.stack.endpoints().api);
        let answer = self.client.get(&url, &[("authorization", &self.platform())]).await?;
        Ok(expect("GET /v1/onboardings/{id}", 200, answer)?.json())
    }

    /// Receives events from the queue until one more of a type has arrived.
    pub(super) async fn next_event(&self, kind: &str, seen: Vec<Value>) -> Result<Vec<Value>, DemoError> {
        let count = show::count(&seen, kind);
        self.events(kind, count + 1, seen).await
    }

    /// Receives events from the queue until `count` of a type have arrived.
    pub(super) async fn events(&self, kind: &str, count: usize, mut seen: Vec<Value>) -> Result<Vec<Value>, DemoError> {
        let queues = &self.stack.endpoints().queues;
        let queue = queues.get("PlatformEventsQueue").map(String::as_str).unwrap_or_default();
        let started = Instant::now();
        while show::count(&seen, kind) < count {
            if started.elapsed() > GRACE {
                return Err(DemoError::Missing(format!("the event {kind}")));
            }
            for message in self.stack.sqs().receive(queue, 10, Duration::from_secs(1), None).await? {
                seen.push(serde_json::from_str(&message.body).unwrap_or_default());
                self.stack.sqs().delete(queue, &message.receipt_handle).await?;
            }
        }
        Ok(seen)
    }

    /// Checks that every exchange with Meta agrees with Meta's own description.
    pub(super) async fn check_no_violations(&self) -> Result<(), DemoError> {
        let url = format!("{}/_sim/violations", self.stack.endpoints().graph);
        let found = expect("the simulator's violations", 200, self.client.get(&url, &[]).await?)?.json();
        if found == json!([]) {
            return Ok(());
        }
        let (what, expected) = ("Meta's OpenAPI document".to_owned(), "no violation".to_owned());
        Err(DemoError::Unexpected { what, expected, got: found.to_string() })
    }
}
