//! A customer who behaves like a person at a browser: retries, and clicks once more when asked; and a platform that
//! does the same.

use integration::{Lab, Popup, Proxy, Session};
use serde_json::{Value, json};
use std::cell::Cell;
use std::time::{Duration, Instant};

/// Timeout for a flow to recover, with its waits cut short.
pub(crate) const GRACE: Duration = Duration::from_secs(60);
/// Longer than the visibility timeout of a webhook whose process crashed, in seconds.
const INVISIBLE: i64 = 200;

/// Poll interval: each poll enqueues jobs, which compete with the work in progress.
const PAUSE: Duration = Duration::from_millis(40);

/// A stack whose functions call everything through a proxy.
pub(crate) async fn start() -> (Lab, Proxy) {
    let proxy = Proxy::start().await;
    let lab = Lab::start_behind(&proxy).await;
    proxy.connect(lab.stack.endpoints());
    (lab, proxy)
}

pub(crate) struct Customer<'a> {
    pub(crate) lab: &'a Lab,
    pub(crate) name: String,
    /// How often an operator had to act.
    pub(crate) helped: Cell<usize>,
}

impl<'a> Customer<'a> {
    pub(crate) fn new(lab: &'a Lab, name: &str) -> Self {
        Self { lab, name: name.to_owned(), helped: Cell::new(0) }
    }

    /// Completes the popup, continues until the record is ready, and returns the last popup's result.
    pub(crate) async fn signs_up(&self, what: &Value, injection: &str) -> (Session, Popup) {
        let session = self.session().await;
        let mut popup = self.lab.popup(what).await;
        let waba = popup.waba.clone();
        let started = Instant::now();
        loop {
            self.lab.callback(&session, &popup).await;
            match self.settled(&session, started).await.as_deref() {
                Some("ready") => return (session, popup),
                Some("relaunch") => popup = self.lab.popup(&json!({ "waba_id": waba })).await,
                _ => {}
            }
            let late = started.elapsed() >= GRACE;
            assert!(!late, "{injection} is not recovered from: {}", self.lab.status(&session).await);
        }
    }

    /// The platform's back end retries a failed request.
    async fn session(&self) -> Session {
        loop {
            let created = self.lab.platform_post("/v1/sessions", &json!({ "customer_ref": self.name })).await;
            if created.status == 201 {
                let text = |name: &str| created.json()[name].as_str().unwrap().to_owned();
                return Session { id: text("session"), url: text("signup_url") };
            }
        }
    }

    /// Lets time pass: leases expire, the sweeper enqueues. Returns the state once the customer has to act or it is
    /// ready.
    async fn settled(&self, session: &Session, started: Instant) -> Option<String> {
        while started.elapsed() < GRACE {
            let state = self.lab.status(session).await["state"].as_str().map(str::to_owned);
            match state.as_deref() {
                Some("ready" | "relaunch" | "open") => return state,
                _ => self.time_goes_by().await,
            }
            tokio::time::sleep(PAUSE).await;
        }
        None
    }

    /// The customer's records, newest last.
    pub(crate) async fn records(&self) -> Vec<Value> {
        let listed = self.lab.platform_get(&format!("/v1/onboardings?customer_ref={}", self.name)).await.json();
        listed["onboardings"].as_array().cloned().unwrap_or_default()
    }

    pub(crate) async fn time_goes_by(&self) {
        // Work in progress gets its time before its waits are cut short.
        if self.lab.stack.is_at_rest() {
            self.webhooks_come_again();
            for record in self.records().await {
                let id = record["id"].as_str().unwrap();
                if record["who_acts"] == "operator" {
                    self.helped.set(self.helped.get() + 1);
                    self.lab.platform_post(&format!("/v1/onboardings/{id}/resume"), &json!({})).await;
                }
                self.lab.age(id, 1000).await;
            }
        }
        // The next sweep makes up for one that fails.
        drop(self.lab.stack.fire("SweeperFunction", "Sweep").await);
    }

    /// Nothing enqueues a webhook whose worker crashed: it is received again when it becomes visible.
    fn webhooks_come_again(&self) {
        let counts = self.lab.stack.sqs().counts(&self.lab.queue("WebhookQueue")).unwrap();
        if counts.in_flight > 0 {
            self.lab.stack.shift_time(INVISIBLE);
        }
    }

    /// Lets time pass until a condition is true.
    pub(crate) async fn until(&self, what: &str, injection: &str, is_so: impl AsyncFn() -> bool) {
        let started = Instant::now();
        while !is_so().await {
            assert!(
                started.elapsed() < GRACE,
                "{injection}: timed out waiting until {what}: {:?}",
                self.records().await
            );
            self.time_goes_by().await;
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Possibly more than once, and always with the same id.
    pub(crate) async fn gets_event_once(&self, kind: &str, injection: &str) {
        let mine = |event: &Value| event["data"]["customer_ref"] == self.name.as_str();
        let started = Instant::now();
        loop {
            let published = self.lab.events_of(kind).await;
            let ids: std::collections::BTreeSet<String> =
                published.iter().filter(|event| mine(event)).map(|event| event["id"].to_string()).collect();
            assert!(ids.len() <= 1, "{injection}: one fact, one id: {ids:?}");
            if ids.len() == 1 {
                return;
            }
            assert!(started.elapsed() < GRACE, "{injection}: no event {kind}");
            // An event that was saved but possibly not sent is sent again a minute later.
            for record in self.records().await {
                self.lab.age(record["id"].as_str().unwrap(), 600).await;
            }
            drop(self.lab.stack.fire("SweeperFunction", "Sweep").await);
        }
    }
}
