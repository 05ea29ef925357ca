//! One attempt to send a message: its prerequisites, the call, and how to interpret the result.

use crate::clock;
use crate::domain::failure::Class;
use crate::domain::grant::VerifiedPhone;
use crate::domain::ids::MessageId;
use crate::domain::message::{Message, MessageFact, MessageNext, STOPPED_MARKETING};
use crate::domain::onboarding::Onboarding;
use crate::domain::operation::Operation;
use crate::domain::person::{Names, Person, Preference};
use crate::domain::progress::Fact;
use crate::domain::recipient::Recipient;
use crate::graph::call::Auth;
use crate::graph::calls::message::{SendMessage, Sent, TemplateCategory};
use crate::graph::client::GraphClient;
use crate::graph::error::{GraphError, Kind};
use crate::queue::{Job, LONGEST_DELAY, Queue, QueueError};
use crate::secret::Secret;
use crate::secrets::{Vault, VaultError};
use crate::store::{Store, StoreError};
use crate::transport::TransportError;
use serde_json::{Map, Value};
use std::time::{Duration, Instant};

/// Sends messages and follows up on them.
#[derive(Debug, Clone)]
pub struct Sender {
    /// The table.
    pub store: Store,
    /// Customers' tokens.
    pub vault: Vault,
    /// Meta.
    pub graph: GraphClient,
    /// `MessageRetryQueue`.
    pub retries: Queue,
    /// `OnboardingQueue`, for customers whose token turns out to be invalid.
    pub steps: Queue,
    /// Time between a failure and the second attempt.
    pub delay: Duration,
}

/// A message cannot be processed now; it is due again.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The table.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A queue.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// The vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// A stored payload is not valid JSON.
    #[error("failed to decode the message payload")]
    Payload,
}

impl Sender {
    /// The same, with calls to Meta that are answered by `until`.
    #[must_use]
    pub fn until(&self, until: Instant) -> Self {
        Self { graph: self.graph.until(until), ..self.clone() }
    }

    /// The token and the proven number a message is sent with; `None` when the number is not connected.
    ///
    /// # Errors
    /// [`SendError::Vault`] when the vault cannot be read.
    pub async fn credentials<'a>(
        &self,
        onboarding: &'a Onboarding,
        message: &Message,
    ) -> Result<Option<(Secret, &'a VerifiedPhone)>, SendError> {
        let attempt = onboarding.token_attempt().filter(|_| !onboarding.is_leaving());
        let phone = onboarding.numbers.get(&message.phone).map(|number| &number.phone);
        let Some((attempt, phone)) = attempt.zip(phone) else { return Ok(None) };
        Ok(self.vault.business_token(attempt).await?.map(|token| (token, phone)))
    }

    /// Makes the attempt that was saved as started, and saves its outcome. An invalid token ends the connection.
    ///
    /// # Errors
    /// [`SendError`] when the outcome cannot be saved; it counts as unknown a minute later.
    pub async fn attempt(
        &self,
        onboarding: &Onboarding,
        message: &Message,
        (token, phone): (&Secret, &VerifiedPhone),
        payload: &Map<String, Value>,
    ) -> Result<Option<Message>, SendError> {
        let number = message.attempts.len();
        let call = SendMessage { phone, payload, reference: &message.reference() };
        let sent = self.graph.call(&call, Auth::Bearer(token)).await;
        if let Err(error) = &sent {
            let code = error.failure().code;
            tracing::warn!(message.id = %message.id, attempt = number, error.code = code, "message not accepted");
        }
        self.learn(message, sent.as_ref()).await;
        let dead = sent.as_ref().err().map(GraphError::failure).filter(|failure| failure.class == Class::TokenDead);
        let refusal = sent.as_ref().err().and_then(GraphError::refusal);
        let doubted = refusal.is_some_and(|refusal| refusal.meta().doubts_access());
        let after = self.record(&message.id, &outcome(number, sent.map(Sent::wamid))).await?;
        if let Some(failure) = dead {
            self.token_died(onboarding, failure.code).await?;
        } else if doubted {
            self.noted(onboarding, &Fact::AccessDoubted).await?;
        }
        Ok(after)
    }

    /// What the answer says about the recipient: other names, or that it stopped marketing messages. A table that fails
    /// loses nothing of the message itself: the same is in its statuses.
    async fn learn(&self, message: &Message, sent: Result<&Sent, &GraphError>) {
        let (phone, now) = (&message.phone, clock::now());
        let learned = match sent {
            Ok(sent) => {
                let mut names = sent.recipient(phone);
                names.insert(message.person.clone());
                self.store.join_person(phone, &names, now).await
            }
            Err(error) if error.refusal().is_some_and(|refusal| refusal.code == STOPPED_MARKETING) => {
                let (names, preference) =
                    (Names::from([message.person.clone()]), Preference { at: now, stopped: true });
                self.store.note_preference(phone, &names, preference, now).await
            }
            Err(_) => return,
        };
        if let Err(error) = learned {
            tracing::error!(message.id = %message.id, error = crate::telemetry::chain(&error), "recipient not recorded");
        }
    }

    /// Whether this is a marketing message to a person who stopped marketing messages from this number, under whichever
    /// name. A template whose category is not known is read from Meta; if that does not tell either, it counts as
    /// marketing.
    ///
    /// # Errors
    /// [`SendError::Store`] when the table cannot be read.
    pub async fn is_unwanted(
        &self,
        message: &Message,
        payload: &Map<String, Value>,
        token: &Secret,
    ) -> Result<bool, SendError> {
        let name = payload.get("template").and_then(|template| template.get("name")).and_then(Value::as_str);
        let Some(name) = name.filter(|_| message.kind == "template") else { return Ok(false) };
        if !self.recipient(message, payload).await?.has_stopped() {
            return Ok(false);
        }
        let templates = self.store.templates(&message.waba).await?;
        let named = templates.iter().map(|held| &held.record).filter(|template| template.name == name);
        if let Some(known) = is_marketing(named.map(|template| template.category.as_deref())) {
            return Ok(known);
        }
        let call = TemplateCategory { waba: &message.waba, name };
        let read = self.graph.call(&call, Auth::Bearer(token)).await;
        Ok(read.ok().and_then(|found| is_marketing(found.of(name))).unwrap_or(true))
    }

    /// The person a message goes to: under the name that was given, and under the other spelling of a number.
    async fn recipient(&self, message: &Message, payload: &Map<String, Value>) -> Result<Person, SendError> {
        let text = payload.get("to").or(payload.get("recipient")).and_then(Value::as_str);
        let names = text.and_then(Recipient::any).map(|recipient| recipient.names(&message.phone)).unwrap_or_default();
        let mut person = Person::default();
        for name in names.iter().chain([&message.person]) {
            person = person.joined(&self.store.person(&message.phone, name, clock::now()).await?);
        }
        Ok(person)
    }

    /// Saves a fact about a message and enqueues what is due next.
    ///
    /// # Errors
    /// [`SendError`] when it could not be saved. If a job cannot be enqueued, the sweeper enqueues it later.
    pub async fn record(&self, id: &MessageId, event: &MessageFact) -> Result<Option<Message>, SendError> {
        self.record_by(id, event, None).await
    }

    /// Like [`Sender::record`], and saves who requested the operation with the fact.
    ///
    /// # Errors
    /// As [`Sender::record`].
    pub async fn record_by(
        &self,
        id: &MessageId,
        event: &MessageFact,
        operation: Option<&Operation>,
    ) -> Result<Option<Message>, SendError> {
        let after = self.store.record_message_by(id, event, operation, self.delay, clock::now()).await?;
        if let Some(message) = &after {
            self.enqueue(message).await;
        }
        Ok(after)
    }

    /// Enqueues what is due next.
    pub async fn enqueue(&self, message: &Message) {
        let now = clock::now();
        let wait = match message.next(now) {
            MessageNext::Publish | MessageNext::Send => Duration::ZERO,
            // SQS delays by 15 minutes at most; the sweeper enqueues what is due later.
            MessageNext::Wait(at) if at.since(now) <= LONGEST_DELAY => at.since(now),
            MessageNext::Wait(_) | MessageNext::Reconcile | MessageNext::Nothing => return,
        };
        let scheduled = matches!(message.retry, crate::domain::message::Retry::Scheduled { .. });
        if !scheduled && wait > Duration::ZERO {
            return;
        }
        // Rounded up, so that the job does not arrive early.
        let wait =
            wait.checked_add(Duration::from_millis(999)).map_or(wait, |wait| Duration::from_secs(wait.as_secs()));
        let job = Job::Message { id: message.id.clone() };
        if let Err(error) = self.retries.enqueue(&job, wait.min(LONGEST_DELAY)).await {
            tracing::warn!(message.id = %message.id, error = crate::telemetry::chain(&error), "job not enqueued");
        }
    }

    /// The customer has to connect again; `onboarding-steps` publishes the event.
    async fn token_died(&self, onboarding: &Onboarding, code: String) -> Result<(), SendError> {
        let Some(attempt) = onboarding.token_attempt() else { return Ok(()) };
        self.noted(onboarding, &Fact::TokenDied(attempt.clone(), code)).await
    }

    /// Saves a fact that a message brought to light, and has it acted on.
    async fn noted(&self, onboarding: &Onboarding, fact: &Fact) -> Result<(), SendError> {
        self.store.record(&onboarding.id, fact, clock::moment()).await?;
        Ok(self.steps.enqueue(&Job::Onboarding { id: onboarding.id.clone() }, Duration::ZERO).await?)
    }
}

/// Whether a template is marketing, from its categories in its languages; `None` when that is not known. Any word but
/// the other two counts as marketing.
fn is_marketing<'a>(categories: impl Iterator<Item = Option<&'a str>>) -> Option<bool> {
    let other = |category: &str| ["UTILITY", "AUTHENTICATION"].iter().any(|other| category.eq_ignore_ascii_case(other));
    let categories: Vec<Option<&str>> = categories.collect();
    if categories.iter().flatten().any(|category| !other(category)) {
        return Some(true);
    }
    (!categories.is_empty() && categories.iter().all(Option::is_some)).then_some(false)
}
/// An attempt is known to have failed only if the request certainly was not sent, or Meta rejected it.
fn outcome(attempt: usize, sent: Result<Option<String>, GraphError>) -> MessageFact {
    let unanswered = MessageFact::Unanswered { attempt };
    match sent {
        Ok(Some(wamid)) => MessageFact::Accepted { attempt, wamid },
        Ok(None) => unanswered,
        Err(error) => match error.kind {
            // A rejection with a Meta error code is an answer, whatever its HTTP status.
            Kind::Refused(refusal) if refusal.code > 0 => {
                MessageFact::Refused { attempt, code: Some(refusal.meta()), wait: refusal.regain_access }
            }
            Kind::NoAppSecret
            | Kind::NotDone
            | Kind::Transport(TransportError::NotSent | TransportError::OutOfTime) => {
                MessageFact::Refused { attempt, code: None, wait: None }
            }
            Kind::Refused(_) | Kind::Transport(_) | Kind::Undecodable => unanswered,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_category_that_is_unknown_or_missing_is_not_taken_for_utility() {
        let of = |categories: &[Option<&'static str>]| is_marketing(categories.iter().copied());
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[None]), None);
        assert_eq!(of(&[Some("UTILITY"), None]), None);
        assert_eq!(of(&[Some("UTILITY"), Some("authentication")]), Some(false));
        assert_eq!(of(&[Some("UTILITY"), Some("MARKETING")]), Some(true));
        assert_eq!(of(&[None, Some("marketing")]), Some(true));
        assert_eq!(of(&[Some("MARKETING_LITE")]), Some(true));
    }
}
