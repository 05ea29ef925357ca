//! One stack per test.

use crate::Proxy;
use crate::pages::Launches;
use local::{Answer, Binaries, Client, Profile, Stack, StackOptions, build_functions};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};
use tokio::sync::OnceCell;

/// Timeout of a condition, on a busy machine.
pub(crate) const GRACE: Duration = Duration::from_secs(60);
/// Poll interval.
const PAUSE: Duration = Duration::from_millis(20);
/// The platform's own page.
pub(crate) const PLATFORM_PAGE: &str = "http://localhost:8080";

static BINARIES: OnceCell<Binaries> = OnceCell::const_new();

/// The stack and its clients.
pub struct Lab {
    /// The stack under test.
    pub stack: Stack,
    /// An anonymous client.
    pub client: Client,
    /// Recorded responses.
    pub(crate) replies: Mutex<Vec<String>>,
    /// Launches of the platform's page.
    pub(crate) launches: tokio::sync::Mutex<Launches>,
}

/// A signup link.
#[derive(Debug, Clone)]
pub struct Session {
    /// The session.
    pub id: String,
    /// The address the customer opens.
    pub url: String,
}

/// What Meta's popup returned to the page.
#[derive(Debug, Clone)]
pub struct Popup {
    /// The code.
    pub code: String,
    /// The account.
    pub waba: String,
    /// The callback's body, without the session.
    pub body: Value,
}

pub(crate) fn text(value: &Value, name: &str) -> String {
    value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

impl Lab {
    /// A stack of a solution partner.
    pub async fn start() -> Self {
        Self::start_as("solution-partner").await
    }

    /// A stack of a role.
    pub async fn start_as(role: &str) -> Self {
        let mut options = Self::options();
        options.meta.set("role", role).expect("role is a key");
        Self::start_with(options).await
    }

    /// A stack of a solution partner whose functions call everything through a proxy.
    pub async fn start_behind(proxy: &Proxy) -> Self {
        let mut options = Self::options();
        options.parameters.insert("GraphApiBase".to_owned(), proxy.address("graph").to_owned());
        options.parameters.insert("OnboardingLimit".to_owned(), "100000".to_owned());
        options.parameters.insert("MessageRetryDelaySeconds".to_owned(), "1".to_owned());
        for (variable, service) in [
            ("AWS_ENDPOINT_URL_DYNAMODB", "dynamodb"),
            ("AWS_ENDPOINT_URL_SQS", "sqs"),
            ("AWS_ENDPOINT_URL_SECRETS_MANAGER", "secretsmanager"),
        ] {
            options.function_environment.insert(variable.to_owned(), proxy.address(service).to_owned());
        }
        Self::start_with(options).await
    }

    /// A stack of a solution partner that saves its state in a directory.
    pub async fn start_persistent(directory: &Path) -> Self {
        Self::start_with(StackOptions { data: Some(directory.to_owned()), ..Self::options() }).await
    }

    fn options() -> StackOptions {
        StackOptions { capture_logs: true, schedules: false, ..StackOptions::default() }
    }

    /// A stack with other parameters or another identity at Meta.
    pub async fn start_with(mut options: StackOptions) -> Self {
        (options.capture_logs, options.schedules) = (true, false);
        // Whatever template a test writes, the functions are the repository's.
        let template = StackOptions::default().template;
        let built = BINARIES.get_or_try_init(|| build_functions(&template, Profile::Debug)).await;
        options.binaries = Some(built.expect("the functions build").clone());
        let stack = Stack::start(options).await.expect("the stack starts");
        let client = Client::new().expect("a client");
        Self { stack, client, replies: Mutex::default(), launches: tokio::sync::Mutex::default() }
    }

    /// Stops the stack after checking what must be true of every test: no secret outside the vault, no exchange that
    /// contradicts Meta's own description.
    pub async fn stop(self) {
        let violations = self.simulator("violations").await;
        assert_eq!(violations, json!([]), "exchanges contradict Meta's OpenAPI document");
        self.no_secret_is_anywhere().await;
        self.events_of("all others are only checked").await;
        self.stack.stop().await.expect("the stack stops");
    }

    /// An address of the API.
    pub fn api(&self, path: &str) -> String {
        format!("{}{path}", self.stack.endpoints().api)
    }

    /// Sends any request to any address.
    pub async fn send(&self, method: &str, url: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let body = bytes::Bytes::copy_from_slice(body);
        self.seen(self.client.send(method, url, headers, body).await.expect("an answer"))
    }

    /// A GET by the platform's back end.
    pub async fn platform_get(&self, path: &str) -> Answer {
        let bearer = format!("Bearer {}", self.stack.endpoints().platform_token);
        self.seen(self.client.get(&self.api(path), &[("authorization", &bearer)]).await.expect("an answer"))
    }

    /// A POST by the platform's back end.
    pub async fn platform_post(&self, path: &str, body: &Value) -> Answer {
        let bearer = format!("Bearer {}", self.stack.endpoints().platform_token);
        self.seen(self.client.post(&self.api(path), &[("authorization", &bearer)], body).await.expect("an answer"))
    }

    /// A POST by the platform's back end with an idempotency key.
    pub async fn keyed_post(&self, path: &str, key: &str, body: &Value) -> Answer {
        let bearer = format!("Bearer {}", self.stack.endpoints().platform_token);
        let headers =
            [("authorization", bearer.as_str()), ("content-type", "application/json"), ("idempotency-key", key)];
        self.send("POST", &self.api(path), &headers, body.to_string().as_bytes()).await
    }

    /// A DELETE by the platform's back end.
    pub async fn platform_delete(&self, path: &str) -> Answer {
        let bearer = format!("Bearer {}", self.stack.endpoints().platform_token);
        self.send("DELETE", &self.api(path), &[("authorization", &bearer)], b"").await
    }

    /// A signup link for a customer.
    pub async fn session(&self, customer: &str) -> Session {
        let created = self.platform_post("/v1/sessions", &json!({ "customer_ref": customer })).await;
        assert_eq!(created.status, 201, "{}", created.json());
        Session { id: text(&created.json(), "session"), url: text(&created.json(), "signup_url") }
    }

    /// A customer completes Meta's popup; `what` differs from a new business with one number.
    pub async fn popup(&self, what: &Value) -> Popup {
        let finished = self.simulate("signups", what).await;
        let (code, waba) = (text(&finished, "code"), text(&finished, "waba_id"));
        let mut body = json!({ "code": code, "event": finished.get("event") });
        if let (Some(body), Some(ids)) = (body.as_object_mut(), finished.get("data").and_then(Value::as_object)) {
            body.extend(ids.clone());
        }
        Popup { code, waba, body }
    }

    /// What a platform's page does with a popup: it launches, and posts the result. The same popup again is a repeat.
    pub async fn callback(&self, session: &Session, popup: &Popup) -> Answer {
        let launch = match self.launch_of(session, popup).await {
            Ok(launch) => launch,
            Err(refused) => return *refused,
        };
        let mut body = popup.body.clone();
        if let Some(body) = body.as_object_mut() {
            body.extend([("session".to_owned(), json!(session.id)), ("launch".to_owned(), json!(launch))]);
        }
        self.post_callback(&body).await
    }

    /// A callback with any body, from the platform's page.
    pub async fn post_callback(&self, body: &Value) -> Answer {
        let url = self.api("/signup/callback");
        self.seen(self.client.post(&url, &[("origin", PLATFORM_PAGE)], body).await.expect("an answer"))
    }

    /// A whole signup up to the callback; returns the session, the popup's result, and the onboarding's id.
    pub async fn signed_up(&self, customer: &str, what: &Value) -> (Session, Popup, String) {
        let session = self.session(customer).await;
        let popup = self.popup(what).await;
        let accepted = self.callback(&session, &popup).await;
        assert_eq!(accepted.status, 202, "{}", accepted.json());
        let id = text(&accepted.json(), "onboarding_id");
        (session, popup, id)
    }

    /// What the customer sees.
    pub async fn status(&self, session: &Session) -> Value {
        let url = self.api(&format!("/signup/status?session={}", session.id));
        self.seen(self.client.get(&url, &[]).await.expect("an answer")).json()
    }

    /// The record as the platform sees it.
    pub async fn onboarding(&self, id: &str) -> Value {
        let answer = self.platform_get(&format!("/v1/onboardings/{id}")).await;
        assert_eq!(answer.status, 200, "{}", answer.json());
        answer.json().get("onboarding").cloned().unwrap_or_default()
    }

    /// Waits until the record has a state, and returns it.
    pub async fn until(&self, id: &str, state: &str) -> Value {
        let reached = async || Some(self.onboarding(id).await).filter(|record| text(record, "state") == state);
        self.eventually(&format!("{id} is {state}"), reached).await
    }

    /// Waits until a condition yields a value.
    pub async fn eventually<T>(&self, what: &str, read: impl AsyncFn() -> Option<T>) -> T {
        let started = Instant::now();
        loop {
            if let Some(found) = read().await {
                return found;
            }
            if started.elapsed() > GRACE {
                let logs: Vec<String> =
                    self.stack.logs().into_iter().map(|line| format!("{}: {}", line.function, line.text)).collect();
                panic!("timed out waiting until {what}\n{}", logs.join("\n"));
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}
