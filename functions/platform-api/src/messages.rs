//! `/v1/phone-numbers/{id}/messages` and `/v1/messages/{id}`: a message is sent once, followed up, and tried once more when
//! that can help.

use super::once::{Claimed, Ticket, answered, reused};
use super::{App, unavailable};
use http::StatusCode;
use serde::Serialize;
use serde_json::{Map, Value};
use shared::clock;
use shared::domain::ids::{MessageId, PhoneNumberId};
use shared::domain::message::{Attempt, Delivery, Draft, Flaw, Message, MessageFact, MessageState, Retry, sentence};
use shared::domain::onboarding::Onboarding;
use shared::domain::operation::Operation;
use shared::domain::time::Timestamp;
use shared::http::fields::{Fields, LARGEST_TEXT};
use shared::http::problem::Problem;
use shared::http::{Reply, Request, json};
use shared::store::StoreError;

/// Messages a list shows.
const MOST_LISTED: i32 = 100;

#[derive(Serialize)]
struct Messages {
    messages: Vec<MessageView>,
}

#[derive(Serialize)]
struct MessageView {
    message_id: String,
    onboarding_id: String,
    phone_number_id: String,
    #[serde(rename = "type")]
    kind: String,
    state: MessageState,
    created_at: String,
    code: Option<String>,
    message: Option<&'static str>,
    retry_at: Option<String>,
    attempts: Vec<AttemptView>,
}

#[derive(Serialize)]
struct AttemptView {
    wamid: Option<String>,
    state: Delivery,
    begun_at: String,
    at: String,
    code: Option<String>,
}

impl App {
    /// Sends a message. 202 whatever Meta says: the state tells.
    pub(crate) async fn send_message(
        &self,
        phone: &str,
        request: &Request,
        operation: &Operation,
    ) -> Result<Reply, Problem> {
        let draft = draft(request)?;
        let phone = PhoneNumberId::parse(phone).map_err(|_| Problem::not_found())?;
        let ticket = match self.claim(request).await? {
            Claimed::Open(ticket) => ticket,
            Claimed::Answered(_, answer) => return Ok(answered(&answer)),
        };
        let message = self.send_once(phone, &draft, &ticket, operation).await?;
        Ok(self.settle_reply(&ticket, json(StatusCode::ACCEPTED, &MessageView::of(&message))).await)
    }

    /// The message of a request: sent now, or by an earlier one under the same key, and then not again, whatever became of it.
    async fn send_once(
        &self,
        phone: PhoneNumberId,
        draft: &Draft,
        ticket: &Ticket,
        operation: &Operation,
    ) -> Result<Message, Problem> {
        let now = clock::now();
        let id = match ticket.key() {
            Some(key) => MessageId::of_key(&phone, key.as_str()),
            None => MessageId::new(now, rand::random()),
        };
        // By a process that died before it answered, or longer ago than keys are remembered.
        if ticket.key().is_some()
            && let Some(known) = self.sent_before(&id, draft).await?
        {
            return Ok(known);
        }
        let onboarding = self.connected(&phone).await?;
        let message = begin(id, &onboarding, phone, draft, now)?;
        self.send_new(&onboarding, message, draft, operation).await
    }

    /// Kept before it is sent; whoever asked for it is named before that.
    async fn send_new(
        &self,
        onboarding: &Onboarding,
        message: Message,
        draft: &Draft,
        operation: &Operation,
    ) -> Result<Message, Problem> {
        let sender = &self.sender;
        let credentials = sender.credentials(onboarding, &message).await.map_err(|error| unavailable(&error))?;
        let (token, number) = credentials.ok_or(not_connected())?;
        if sender.is_unwanted(&message, &draft.payload).await.map_err(|error| unavailable(&error))? {
            return Err(Problem::new(StatusCode::CONFLICT, "message.opted_out", sentence("message.opted_out")));
        }
        self.announce(&named(operation, &message)).await?;
        match self.store.create_message(&message, &draft.payload(), message.created_at).await {
            Ok(()) => {}
            // Asked for twice at the same moment.
            Err(StoreError::Conflict) => {
                return self.sent_before(&message.id, draft).await?.ok_or(Problem::unavailable());
            }
            Err(error) => return Err(unavailable(&error)),
        }
        let sent = sender.attempt(onboarding, &message, (&token, number), &draft.payload).await;
        let after = sent.unwrap_or_else(|error| {
            // It may be on its way: its state says so in a minute.
            tracing::error!(message.id = %message.id, error = shared::telemetry::chain(&error), "an outcome was not saved");
            None
        });
        Ok(after.unwrap_or(message))
    }

    /// The message of that id, if it is the same one.
    async fn sent_before(&self, id: &MessageId, draft: &Draft) -> Result<Option<Message>, Problem> {
        let held = self.store.message(id).await.map_err(|error| unavailable(&error))?;
        match held.map(|held| held.record) {
            Some(known) if known.digest != draft.digest() => Err(reused()),
            known => Ok(known),
        }
    }

    /// Those whose second attempt waits, the next first.
    pub(crate) async fn messages(&self, request: &Request) -> Result<Reply, Problem> {
        if request.parameter("state").as_deref() != Some("retry_scheduled") {
            return Err(Problem::bad_request("bad_parameter", "Ask for state=retry_scheduled."));
        }
        let found = self.store.retries(MOST_LISTED).await.map_err(|error| unavailable(&error))?;
        Ok(json(StatusCode::OK, &Messages { messages: found.iter().map(MessageView::of).collect() }))
    }

    pub(crate) async fn message(&self, id: &str) -> Result<Reply, Problem> {
        let id = MessageId::parse(id).map_err(|_| Problem::not_found())?;
        let held = self.store.message(&id).await.map_err(|error| unavailable(&error))?;
        Ok(json(StatusCode::OK, &MessageView::of(&held.ok_or(Problem::not_found())?.record)))
    }

    /// Gives the second attempt up.
    pub(crate) async fn cancel_message(&self, id: &str, operation: &Operation) -> Result<Reply, Problem> {
        let id = MessageId::parse(id).map_err(|_| Problem::not_found())?;
        let fact = MessageFact::Dropped("message.cancelled");
        let dropped = self.sender.record_by(&id, &fact, Some(operation)).await;
        match dropped.map_err(|error| unavailable(&error))? {
            Some(message) => Ok(json(StatusCode::ACCEPTED, &MessageView::of(&message))),
            None => {
                let held = self.store.message(&id).await.map_err(|error| unavailable(&error))?;
                held.ok_or(Problem::not_found())?;
                Err(Problem::new(StatusCode::CONFLICT, "nothing_to_cancel", "No second attempt of this message waits."))
            }
        }
    }

    /// The record of a number that can send.
    async fn connected(&self, phone: &PhoneNumberId) -> Result<Onboarding, Problem> {
        let id = self.store.record_of(phone).await.map_err(|error| unavailable(&error))?;
        let held =
            self.store.onboarding(&id.ok_or(Problem::not_found())?).await.map_err(|error| unavailable(&error))?;
        let onboarding = held.ok_or(Problem::not_found())?.record;
        if onboarding.token_attempt().is_none() || onboarding.is_leaving() || !onboarding.numbers.contains_key(phone) {
            return Err(not_connected());
        }
        Ok(onboarding)
    }
}

impl MessageView {
    fn of(message: &Message) -> Self {
        let last = message.attempts.last();
        let code = match &message.retry {
            Retry::Scheduled { code, .. } | Retry::AwaitsWindow { code, .. } | Retry::Cancelled { code } => {
                Some(code.clone())
            }
            Retry::None => last.and_then(|attempt| attempt.code.clone()),
        };
        let retry_at = match &message.retry {
            Retry::Scheduled { due, .. } => Some(due.to_rfc3339()),
            Retry::None | Retry::AwaitsWindow { .. } | Retry::Cancelled { .. } => None,
        };
        Self {
            message_id: message.id.to_string(),
            onboarding_id: message.onboarding.to_string(),
            phone_number_id: message.phone.to_string(),
            kind: message.kind.clone(),
            state: message.state(),
            created_at: message.created_at.to_rfc3339(),
            message: code.as_deref().map(sentence),
            code,
            retry_at,
            attempts: message.attempts.iter().map(attempt_view).collect(),
        }
    }
}

fn attempt_view(attempt: &Attempt) -> AttemptView {
    AttemptView {
        wamid: attempt.wamid.clone(),
        state: attempt.delivery,
        begun_at: Timestamp::to_rfc3339(attempt.begun_at),
        at: Timestamp::to_rfc3339(attempt.at),
        code: attempt.code.clone(),
    }
}

fn begin(
    id: MessageId,
    onboarding: &Onboarding,
    phone: PhoneNumberId,
    draft: &Draft,
    now: Timestamp,
) -> Result<Message, Problem> {
    let waba = onboarding.waba.as_ref().ok_or(not_connected())?.id().clone();
    Ok(Message::begin(id, (onboarding.id.clone(), waba, phone), draft, now))
}

/// Ids of what is sent; never to whom, or what.
fn named(operation: &Operation, message: &Message) -> Operation {
    let operation = operation.about("message_id", message.id.as_str());
    operation.about("onboarding_id", message.onboarding.as_str()).about("phone_number_id", message.phone.as_str())
}

const fn not_connected() -> Problem {
    Problem::new(StatusCode::CONFLICT, "not_connected", "This number is not connected.")
}

fn draft(request: &Request) -> Result<Draft, Problem> {
    let fields: Map<String, Value> = Fields::read_up_to(LARGEST_TEXT, request, &Draft::fields())?.into_map();
    Draft::read(fields).map_err(|flaw| match flaw {
        Flaw::Recipient => Problem::bad_request(
            "message.recipient",
            "Name one person: a phone number in `to` or a user id in `recipient`.",
        ),
        Flaw::Type => Problem::bad_request("message.type", "The type is none that Meta documents for sending."),
        Flaw::Content => Problem::bad_request(
            "message.content",
            "The object of the message's type is missing or not as Meta wants it.",
        ),
        Flaw::Group => Problem::bad_request("message.recipient_type", "Messages to groups are not followed up here."),
        Flaw::Product => Problem::bad_request("message.product", "Messages go by WhatsApp, and by nothing else."),
        Flaw::Context => Problem::bad_request("message.context", "A context names the message it answers."),
    })
}
