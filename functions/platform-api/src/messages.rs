//! `/v1/phone-numbers/{id}/messages` and `/v1/messages/{id}`: a message is sent once, tracked, and retried once when
//! that can help.

use super::once::{Claimed, Ticket, answered, reused};
use super::{App, unavailable};
use http::StatusCode;
use serde::Serialize;
use serde_json::{Map, Value};
use shared::clock;
use shared::domain::failure::{Actor, MetaCode};
use shared::domain::ids::{MessageId, PhoneNumberId};
use shared::domain::message::{
    Attempt, Delivery, Draft, Flaw, Message, MessageFact, MessageState, Retry, actor, sentence,
};
use shared::domain::onboarding::Onboarding;
use shared::domain::operation::Operation;
use shared::domain::time::Timestamp;
use shared::http::fields::{Fields, LARGEST_TEXT};
use shared::http::problem::Problem;
use shared::http::{Reply, Request, json};
use shared::store::StoreError;

/// Most messages in a list.
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
    meta: Option<MetaCode>,
    who_acts: Option<Actor>,
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
    meta: Option<MetaCode>,
}

impl App {
    /// Sends a message. Replies 202 whatever Meta answers: the message's state shows the result.
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

    /// The message of a request: sent now, or by an earlier request with the same key; the latter is never sent again,
    /// whatever became of it.
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
        // Sent by a process that crashed before it answered, or longer ago than keys are remembered.
        if ticket.key().is_some()
            && let Some(known) = self.sent_before(&id, draft).await?
        {
            return Ok(known);
        }
        let onboarding = self.connected(&phone).await?;
        let message = begin(id, &onboarding, phone, draft, now)?;
        self.send_new(&onboarding, message, draft, operation).await
    }

    /// Saved before it is sent; the event that names the caller is published before that.
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
        if sender.is_unwanted(&message, &draft.payload, &token).await.map_err(|error| unavailable(&error))? {
            return Err(opted_out());
        }
        self.announce(&named(operation, &message)).await?;
        match self.store.create_message(&message, &draft.payload(), message.created_at).await {
            Ok(()) => {}
            // Two concurrent requests for the same message.
            Err(StoreError::Conflict) => {
                return self.sent_before(&message.id, draft).await?.ok_or(Problem::unavailable());
            }
            Err(error) => return Err(unavailable(&error)),
        }
        let sent = sender.attempt(onboarding, &message, (&token, number), &draft.payload).await;
        let after = sent.unwrap_or_else(|error| {
            // It may have been sent: its state will show that in a minute.
            tracing::error!(message.id = %message.id, error = shared::telemetry::chain(&error), "outcome not saved");
            None
        });
        Ok(after.unwrap_or(message))
    }

    /// The message with that id, if its content is the same.
    async fn sent_before(&self, id: &MessageId, draft: &Draft) -> Result<Option<Message>, Problem> {
        let held = self.store.message(id).await.map_err(|error| unavailable(&error))?;
        match held.map(|held| held.record) {
            Some(known) if known.digest != draft.digest() => Err(reused()),
            known => Ok(known),
        }
    }

    /// Messages that wait for their second attempt, the next one first.
    pub(crate) async fn messages(&self, request: &Request) -> Result<Reply, Problem> {
        if request.parameter("state").as_deref() != Some("retry_scheduled") {
            return Err(Problem::bad_request("bad_parameter", "The state must be retry_scheduled."));
        }
        let found = self.store.retries(MOST_LISTED).await.map_err(|error| unavailable(&error))?;
        Ok(json(StatusCode::OK, &Messages { messages: found.iter().map(MessageView::of).collect() }))
    }

    pub(crate) async fn message(&self, id: &str) -> Result<Reply, Problem> {
        let id = MessageId::parse(id).map_err(|_| Problem::not_found())?;
        let held = self.store.message(&id).await.map_err(|error| unavailable(&error))?;
        Ok(json(StatusCode::OK, &MessageView::of(&held.ok_or(Problem::not_found())?.record)))
    }

    /// Cancels the second attempt.
    pub(crate) async fn cancel_message(&self, id: &str, operation: &Operation) -> Result<Reply, Problem> {
        let id = MessageId::parse(id).map_err(|_| Problem::not_found())?;
        let fact = MessageFact::Dropped("message.cancelled");
        let dropped = self.sender.record_by(&id, &fact, Some(operation)).await;
        match dropped.map_err(|error| unavailable(&error))? {
            Some(message) => Ok(json(StatusCode::ACCEPTED, &MessageView::of(&message))),
            None => {
                let held = self.store.message(&id).await.map_err(|error| unavailable(&error))?;
                held.ok_or(Problem::not_found())?;
                Err(Problem::new(
                    StatusCode::CONFLICT,
                    "nothing_to_cancel",
                    "This message has no pending second attempt.",
                ))
            }
        }
    }

    /// The record of a number that can send messages.
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
            meta: code.as_deref().and_then(|code| message.meta(code)),
            who_acts: code.as_deref().map(actor),
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
        meta: attempt.meta(),
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

/// Adds the ids of what is sent; never the recipient or the content.
fn named(operation: &Operation, message: &Message) -> Operation {
    let operation = operation.about("message_id", message.id.as_str());
    operation.about("onboarding_id", message.onboarding.as_str()).about("phone_number_id", message.phone.as_str())
}

/// The code of a second attempt that is dropped for the same reason; that one's sentence says "not sent again".
const fn opted_out() -> Problem {
    let sentence = "The person opted out of marketing messages from this business, so the message was not sent.";
    Problem::new(StatusCode::CONFLICT, "message.opted_out", sentence)
}

const fn not_connected() -> Problem {
    Problem::new(StatusCode::CONFLICT, "not_connected", "This number is not connected.")
}

fn draft(request: &Request) -> Result<Draft, Problem> {
    let fields: Map<String, Value> = Fields::read_up_to(LARGEST_TEXT, request, &Draft::fields())?.into_map();
    Draft::read(fields).map_err(|flaw| match flaw {
        Flaw::Recipient => Problem::bad_request(
            "message.recipient",
            "Name exactly one recipient: a phone number in `to` or a user id in `recipient`.",
        ),
        Flaw::Type => Problem::bad_request("message.type", "Meta documents no message type of this name."),
        Flaw::Content => {
            Problem::bad_request("message.content", "The object named after the message type is missing or invalid.")
        }
        Flaw::Group => Problem::bad_request("message.recipient_type", "Messages to groups are not supported."),
        Flaw::Product => Problem::bad_request("message.product", "The messaging product must be whatsapp."),
        Flaw::Context => Problem::bad_request("message.context", "A context must name the message that is replied to."),
    })
}
