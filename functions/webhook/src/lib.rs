//! Meta's webhook endpoint (Function URL, or an HTTP API behind mutual TLS): verify over the raw bytes, store in SQS, answer 200. Nothing is parsed, no table is read, and
//! what is not signed costs no call to AWS.

mod event;

pub use event::{Answer, BodyError, Event, LARGEST_BODY};

use shared::aws::AwsConfig;
use shared::clock;
use shared::config::{Lookup, Problems, StartError};
use shared::queue::Queue;
use shared::secrets::PlatformSecret;
use shared::tls::Tls;
use shared::webhook::envelope::{Envelope, EnvelopeError};
use shared::webhook::handshake::{self, Refusal};
use shared::webhook::signature::Signature;
use std::sync::atomic::{AtomicU64, Ordering};

/// What the function holds between invocations.
pub struct App {
    app_secret: PlatformSecret,
    verify_token: PlatformSecret,
    queue: Queue,
    /// Requests refused since this environment began.
    refused: AtomicU64,
}

impl App {
    /// Reads the configuration.
    ///
    /// # Errors
    /// [`StartError`] with everything that is wrong.
    pub fn from_lookup(lookup: &Lookup<'_>) -> Result<Self, StartError> {
        let tls = Tls::new()?;
        let mut problems = Problems::default();
        let aws = AwsConfig::from_lookup(lookup, &mut problems, &tls);
        let queue = problems.required(lookup, "WEBHOOK_QUEUE_URL");
        let app_secret = problems.required(lookup, "APP_SECRET_ARN");
        let verify_token = problems.required(lookup, "VERIFY_TOKEN_ARN");
        problems.finish(Some(()))?;
        Ok(Self {
            app_secret: PlatformSecret::new(&aws, &app_secret),
            verify_token: PlatformSecret::new(&aws, &verify_token),
            queue: Queue::new(&aws, &queue),
            refused: AtomicU64::new(0),
        })
    }

    /// Answers one request of the Function URL or the HTTP API.
    pub async fn handle(&self, event: Event) -> Answer {
        match (event.path(), event.method()) {
            ("" | "/", "GET") => self.handshake(event.query()).await,
            ("" | "/", "POST") => self.receive(event).await,
            ("" | "/", _) => Answer::empty(405).with("allow", "GET, POST"),
            _ => Answer::empty(404),
        }
    }

    async fn handshake(&self, query: &str) -> Answer {
        let token = match self.verify_token.value().await {
            Ok(token) => token,
            Err(error) => return unavailable("the verify token cannot be read", &error),
        };
        match handshake::answer(query, &token) {
            Ok(challenge) => Answer::text(challenge),
            Err(Refusal::Malformed) => Answer::empty(400),
            Err(Refusal::Denied) => Answer::empty(403),
        }
    }

    /// Refuses what is not signed with a secret of ours, or is none of Meta's; a sample of it is counted.
    fn refuse(&self, status: u16) -> Answer {
        let before = self.refused.fetch_add(1, Ordering::Relaxed);
        if before.is_multiple_of(SAMPLE) {
            let refused = if before == 0 { 1 } else { SAMPLE };
            tracing::warn!(refused, "webhooks without our signature were refused");
        }
        Answer::empty(status)
    }

    /// What is wrongly signed costs as little as it can: the header is looked at before the body, its length before its
    /// bytes, and each secret that can be right hashes it once.
    async fn receive(&self, event: Event) -> Answer {
        let Some(signature) = event.signature().and_then(Signature::parse) else { return self.refuse(401) };
        let body = match event.into_body() {
            Ok(body) => body,
            Err(BodyError::TooLarge) => return self.refuse(413),
            Err(BodyError::Malformed) => return self.refuse(401),
        };
        match self.app_secret.is_accepted(|secret| signature.is_of(&body, secret)).await {
            Ok(true) => {}
            Ok(false) => return self.refuse(401),
            Err(error) => return unavailable("the app secret cannot be read", &error),
        }
        let packed = Envelope { received_at: clock::now(), body }.pack_all();
        // Parts that are stored before one is refused come again with the rest: what is twice is once effective.
        for message in packed.messages {
            if let Err(error) = self.queue.send(message).await {
                return unavailable("the queue did not take a webhook", &error);
            }
        }
        if packed.left_out > 0 {
            return unavailable("part of a webhook does not fit into the queue", &EnvelopeError::TooLarge);
        }
        Answer::empty(200)
    }
}

/// How many refusals there are to one line of the log after an environment's first: anybody can send one.
const SAMPLE: u64 = 100;

/// Meta repeats what is not answered 200, for seven days.
fn unavailable(what: &str, error: &dyn std::error::Error) -> Answer {
    tracing::error!(error = shared::telemetry::chain(error), "{what}");
    Answer::empty(503)
}
