//! A complete onboarding over HTTP, driven as a browser, a customer and a platform would.

mod show;
mod templates;
mod visit;

use crate::client::{Client, ClientError};
use crate::error::StackError;
use crate::stack::Stack;
use aws_emulator::SqsError;
use serde_json::{Value, json};
use std::time::Duration;
use visit::Visit;

/// Timeout for each expected result.
const GRACE: Duration = Duration::from_secs(30);
/// Poll interval.
const PAUSE: Duration = Duration::from_millis(100);

/// Event type for a template that differs from the stored one.
const CHANGED: &str = "whatsapp.template.changed.v1";

/// Why the demo failed.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// No response.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The stack failed.
    #[error(transparent)]
    Stack(#[from] StackError),
    /// The events queue.
    #[error("failed to read the platform events: {0}")]
    Events(#[from] SqsError),
    /// A response differs from the expected one.
    #[error("{what}: expected {expected}, got {got}")]
    Unexpected {
        /// The request.
        what: String,
        /// The expected value.
        expected: String,
        /// The actual value.
        got: String,
    },
    /// An expected result never appeared.
    #[error("{0} did not happen within 30 s")]
    Missing(String),
}

/// Runs the onboarding and prints its progress.
///
/// # Errors
/// [`DemoError`], if anything is missing.
pub async fn run(stack: &Stack, report: &mut (dyn FnMut(&str) + Send)) -> Result<(), DemoError> {
    let visit = Visit { client: Client::new()?, stack };
    let session = visit.create_session().await?;
    report(&format!("1  session created, the customer opens {}", session.signup_url));
    let cookie = visit.open_page(&session).await?;
    let launch = visit.launch(&session, &cookie).await?;
    let signup = visit.finish_popup().await?;
    report("2  the customer finished Meta's popup; the page posts the code");
    let onboarding = visit.post_callback(&session, &signup, (&cookie, &launch)).await?;
    report(&format!("3  accepted as {onboarding}"));
    let state = visit.wait_until_settled(&session, &signup).await?;
    report(&format!("4  the page shows: {state}"));
    let mut seen = visit.next_event("whatsapp.onboarding.ready.v1", Vec::new()).await?;
    // The first sync reports both templates.
    seen = visit.events(CHANGED, 2, seen).await?;

    let templates = visit.templates(&signup).await?;
    let [first, second] = templates.as_slice() else {
        return Err(DemoError::Missing("an account with two templates".to_owned()));
    };
    let rejected = json!({ "status": "REJECTED", "reason": "INVALID_FORMAT" });
    visit.change_template(&signup, first, &rejected).await?;
    report("5  Meta rejected a template and sent a signed webhook");
    seen = visit.next_event(CHANGED, seen).await?;

    visit.change_template(&signup, second, &json!({ "status": "PAUSED", "silent": true })).await?;
    let polled = stack.fire("TemplatePollFunction", "Poll").await?;
    report(&format!("6  Meta paused a template without a webhook; the poll ran: {polled}"));
    seen = visit.next_event(CHANGED, seen).await?;

    visit.templates_and_messages(&onboarding, &signup, report).await?;

    show_all(&visit, &onboarding, &seen, report).await
}

/// Prints the timeline and the events, and checks the exchanges against Meta's own document.
async fn show_all(
    visit: &Visit<'_>,
    onboarding: &str,
    seen: &[Value],
    report: &mut (dyn FnMut(&str) + Send),
) -> Result<(), DemoError> {
    report("\nTimeline");
    for line in show::timeline(&visit.onboarding(onboarding).await?) {
        report(&line);
    }
    report("\nPlatform events");
    for event in seen {
        report(&show::event(event));
    }
    visit.check_no_violations().await
}

/// What the page requests from Meta's popup, and the result.
pub(crate) struct Signup {
    code: Value,
    event: Value,
    data: Value,
    waba: String,
}

/// A link for one customer.
pub(crate) struct Session {
    id: String,
    signup_url: String,
}
