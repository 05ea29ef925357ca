//! Meta's webhook endpoint (Function URL, or an HTTP API behind mutual TLS): verifies the raw bytes, stores them in
//! SQS, answers 200. Nothing is parsed, no table is read, and an unsigned request causes no AWS call.

mod event;

pub use event::{Answer, BodyError, Event, LARGEST_BODY};

use shared::clock;
use shared::config::{Lookup, StartError};
use shared::queue::Queue;
use shared::secrets::PlatformSecret;
use shared::webhook::envelope::{Envelope, EnvelopeError};
use shared::webhook::handshake::{self, Refusal};
use shared::webhook::signature::Signature;
use shared::wiring::Wiring;
use std::sync::atomic::{AtomicU64, Ordering};

/// State of the function between invocations.
pub struct App {
    app_secret: PlatformSecret,
    verify_token: PlatformSecret,
    queue: Queue,
    /// Requests rejected since this execution environment started.
    refused: AtomicU64,
}

impl App {
    /// Reads the configuration.
    ///
    /// # Errors
    /// [`StartError`] with all problems.
    pub fn from_lookup(lookup: &Lookup<'_>) -> Result<Self, StartError> {
        let mut wiring = Wiring::new(lookup)?;
        let app_secret = wiring.platform_secret("APP_SECRET_ARN");
        let verify_token = wiring.platform_secret("VERIFY_TOKEN_ARN");
        let queue = wiring.queue("WEBHOOK_QUEUE_URL");
        wiring.finish(|| Some(Self { app_secret, verify_token, queue, refused: AtomicU64::new(0) }))
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
            Err(error) => return unavailable("failed to read the verify token", &error),
        };
        match handshake::answer(query, &token) {
            Ok(challenge) => Answer::text(challenge),
            Err(Refusal::Malformed) => Answer::empty(400),
            Err(Refusal::Denied) => Answer::empty(403),
        }
    }

    /// Rejects a request that is unsigned, wrongly signed or too large; a sample of these is counted.
    fn refuse(&self, status: u16) -> Answer {
        let before = self.refused.fetch_add(1, Ordering::Relaxed);
        if before.is_multiple_of(SAMPLE) {
            let refused = if before == 0 { 1 } else { SAMPLE };
            tracing::warn!(refused, "webhooks without our signature were refused");
        }
        Answer::empty(status)
    }

    /// A wrongly signed request costs as little as possible: the header is checked before the body, its length before
    /// its bytes, and the body is hashed once per possible secret.
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
            Err(error) => return unavailable("failed to read the app secret", &error),
        }
        let packed = Envelope::new(clock::now(), body).pack_all();
        // If a part is rejected, Meta sends all of them again, including the stored ones: processing is idempotent.
        for message in packed.messages {
            if let Err(error) = self.queue.send(message).await {
                return unavailable("webhook not accepted by the queue", &error);
            }
        }
        if packed.left_out > 0 {
            return unavailable("webhook part too large for the queue", &EnvelopeError::TooLarge);
        }
        Answer::empty(200)
    }
}

/// Rejections per log line after an environment's first: anybody can cause one.
const SAMPLE: u64 = 100;

/// Meta retries a webhook that is not answered with 200, for seven days.
fn unavailable(what: &str, error: &dyn std::error::Error) -> Answer {
    tracing::error!(error = shared::telemetry::chain(error), "{what}");
    Answer::empty(503)
}
