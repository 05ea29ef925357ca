//! A customer who does what a person at a browser does: tries again, clicks once more when asked to.

use integration::{Lab, Popup, Proxy, Session, Strike};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// How long a signup may take to recover, with waits cut short.
const PATIENCE: Duration = Duration::from_secs(30);

/// A stack whose functions reach everything through a proxy.
pub(crate) async fn start() -> (Lab, Proxy) {
    let proxy = Proxy::start().await;
    let lab = Lab::start_behind(&proxy).await;
    proxy.connect(lab.stack.endpoints());
    (lab, proxy)
}

pub(crate) struct Customer<'a> {
    lab: &'a Lab,
    name: String,
}

impl<'a> Customer<'a> {
    pub(crate) fn new(lab: &'a Lab, name: &str) -> Self {
        Self { lab, name: name.to_owned() }
    }

    pub(crate) async fn becomes_ready(&self) {
        let (_, _, id) = self.lab.signed_up(&self.name, &json!({})).await;
        self.lab.until(&id, "ready").await;
        self.lab
            .event("whatsapp.onboarding.ready.v1", |event| event["data"]["customer_ref"] == self.name.as_str())
            .await;
    }

    /// Goes on until the record is ready, then looks at what must be true.
    pub(crate) async fn becomes_ready_whatever_happens(&self, strike: &Strike) {
        let session = self.session().await;
        let mut popup = self.lab.popup(&json!({})).await;
        let waba = popup.waba.clone();
        let started = Instant::now();
        loop {
            self.lab.callback(&session, &popup).await;
            match self.settled(&session, started).await.as_deref() {
                Some("ready") => break,
                Some("relaunch") => popup = self.lab.popup(&json!({ "waba_id": waba })).await,
                _ => {}
            }
            assert!(
                started.elapsed() < PATIENCE,
                "{strike:?} is not recovered from: {}",
                self.lab.status(&session).await
            );
        }
        self.check(&popup, strike).await;
    }

    /// The platform's back end asks again when its request failed.
    async fn session(&self) -> Session {
        loop {
            let created = self.lab.platform_post("/v1/sessions", &json!({ "customer_ref": self.name })).await;
            if created.status == 201 {
                let text = |name: &str| created.json()[name].as_str().unwrap().to_owned();
                return Session { id: text("session"), url: text("signup_url") };
            }
        }
    }

    /// Time goes by: leases end, the sweeper rings. Gives the state once it is one in which the customer acts, or ready.
    async fn settled(&self, session: &Session, started: Instant) -> Option<String> {
        while started.elapsed() < PATIENCE {
            let state = self.lab.status(session).await["state"].as_str().map(str::to_owned);
            match state.as_deref() {
                Some("ready" | "relaunch" | "open") => return state,
                _ => self.time_goes_by().await,
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        None
    }

    async fn time_goes_by(&self) {
        let listed = self.lab.platform_get(&format!("/v1/onboardings?customer_ref={}", self.name)).await.json();
        for onboarding in listed["onboardings"].as_array().into_iter().flatten() {
            // What is under way gets its time; only then its waits are cut short.
            let quiet = self.lab.is_quiet();
            if quiet {
                self.lab.age(onboarding["id"].as_str().unwrap(), 600).await;
            }
        }
        // A sweep that fails is made up for by the next.
        drop(self.lab.stack.fire("SweeperFunction", "Sweep").await);
    }

    async fn check(&self, popup: &Popup, strike: &Strike) {
        let state = self.lab.simulator("state").await;
        let waba = &state["wabas"][&popup.waba];
        let shares = state["allocations"].as_object().unwrap().values();
        let shares = shares.filter(|share| share["business"] == waba["owner"] && share["status"] == "APPROVED").count();
        assert_eq!(shares, 1, "{strike:?}: the line is shared once");
        assert_eq!(waba["subscribed"].as_array().unwrap().len(), 1, "{strike:?}: subscribed");
        let phone = &state["phones"][waba["phones"][0].as_str().unwrap()];
        assert_eq!(phone["status"], "CONNECTED", "{strike:?}: registered");
        assert!(phone["registrations"].as_array().unwrap().len() <= 3, "{strike:?}: within our part of Meta's budget");
        self.ready_is_told_once(strike).await;
    }

    /// Maybe more than once, and always under the same id.
    async fn ready_is_told_once(&self, strike: &Strike) {
        let mine = |event: &Value| event["data"]["customer_ref"] == self.name.as_str();
        let started = Instant::now();
        loop {
            let told = self.lab.events_of("whatsapp.onboarding.ready.v1").await;
            let ids: std::collections::BTreeSet<String> =
                told.iter().filter(|event| mine(event)).map(|event| event["id"].to_string()).collect();
            assert!(ids.len() <= 1, "{strike:?}: one fact, one id: {ids:?}");
            if ids.len() == 1 {
                return;
            }
            assert!(started.elapsed() < PATIENCE, "{strike:?}: nobody was told");
            self.time_goes_by().await;
            self.age_outbox().await;
        }
    }

    /// An event that was saved and maybe not sent is sent again a minute later.
    async fn age_outbox(&self) {
        let listed = self.lab.platform_get(&format!("/v1/onboardings?customer_ref={}", self.name)).await.json();
        for onboarding in listed["onboardings"].as_array().into_iter().flatten() {
            self.lab.age(onboarding["id"].as_str().unwrap(), 600).await;
        }
    }
}
