//! `POST /v1/sessions`: creates a signup link for one of the platform's customers.

use super::once::{Claimed, Ticket};
use super::overrides::{self, Ordered};
use super::prefill;
use super::{App, unavailable};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::clock;
use shared::domain::address::{PublicUrl, RETURN_ADDRESS};
use shared::domain::idempotency::Answer;
use shared::domain::ids::{CustomerRef, OverrideId, SessionId};
use shared::domain::operation::Operation;
use shared::domain::session::{CallbackOverride, Flow, Session, SessionState};
use shared::domain::time::Timestamp;
use shared::http::fields::Fields;
use shared::http::problem::Problem;
use shared::http::{Reply, Request, json};
use shared::store::StoreError;

#[derive(Serialize)]
struct Created {
    session: SessionId,
    signup_url: String,
    #[serde(flatten)]
    times: Times,
}

/// What is stored of the answer. The session id is a secret and is derived again from the request's key.
#[derive(Serialize, Deserialize)]
struct Times {
    expires_at: String,
    /// Set while Meta's limit for new customers is reached: a new customer has to wait until then.
    held_until: Option<String>,
}

const FIELDS: [&str; 9] = [
    "customer_ref",
    "flow",
    "prefill",
    "locale",
    "return_url",
    "callback_override",
    "customer_name",
    "help_url",
    "confirm",
];

/// Longest business name that is shown to the person who connects it.
const LONGEST_NAME: usize = 80;

/// Longest return URL.
const LONGEST_URL: usize = RETURN_ADDRESS.longest;

impl App {
    pub(crate) async fn create_session(&self, request: &Request, operation: &Operation) -> Result<Reply, Problem> {
        let fields = Fields::read(request, &FIELDS)?;
        let session = self.session(&fields)?;
        let ordered = overrides::read(&fields, &self.override_origins)?;
        let (ticket, answer) = match self.claim(request).await? {
            Claimed::Answered(ticket, answer) => (ticket, answer),
            Claimed::Open(ticket) => {
                let times = self.create_once(&ticket, session, ordered, operation).await?;
                let body = serde_json::to_string(&times).unwrap_or_default();
                let answer = self.settle(&ticket, Answer { status: StatusCode::CREATED.as_u16(), body }).await;
                (ticket, answer)
            }
        };
        let times = serde_json::from_str(&answer.body).map_err(|error| unavailable(&error))?;
        let id = session_id(&ticket);
        Ok(json(StatusCode::CREATED, &Created { signup_url: self.signup_url(request, &id), session: id, times }))
    }

    /// Stores the session of a request; a session that an earlier request with the same key stored is the same one.
    async fn create_once(
        &self,
        ticket: &Ticket,
        session: Session,
        ordered: Option<Ordered>,
        operation: &Operation,
    ) -> Result<Times, Problem> {
        let id = session_id(ticket);
        // The session id is a secret, so the event names the customer.
        self.announce(&operation.about("customer_ref", session.customer_ref.as_str())).await?;
        let callback_override = self.save_override(ordered, ticket).await?;
        let session = Session { callback_override, ..session };
        let expires_at = match self.store.create_session(&id, &session).await {
            Ok(()) => session.expires_at,
            Err(StoreError::Conflict) => {
                let held = self.store.session(&id).await.map_err(|error| unavailable(&error))?;
                held.ok_or(Problem::unavailable())?.record.expires_at
            }
            Err(error) => return Err(unavailable(&error)),
        };
        let customers = self.store.new_customers(session.created_at).await.map_err(|error| unavailable(&error))?;
        let held_until = self.limit.budget(&customers, session.created_at).full_until;
        Ok(Times { expires_at: expires_at.to_rfc3339(), held_until: held_until.map(Timestamp::to_rfc3339) })
    }

    /// The token is stored in the vault before the session references it.
    async fn save_override(
        &self,
        ordered: Option<Ordered>,
        ticket: &Ticket,
    ) -> Result<Option<CallbackOverride>, Problem> {
        let Some(Ordered { url, verify_token }) = ordered else { return Ok(None) };
        let id = OverrideId::new(ticket.begun_at, ticket.bits("override"));
        self.vault.store_override_token(&id, &verify_token).await.map_err(|error| unavailable(&error))?;
        Ok(Some(CallbackOverride { url, id }))
    }

    fn session(&self, fields: &Fields) -> Result<Session, Problem> {
        let customer_ref = fields.id("customer_ref", CustomerRef::parse)?;
        let missing = Problem::bad_request("customer_ref_missing", "Name the customer by your own reference.");
        if customer_ref.as_ref().is_some_and(CustomerRef::is_unclaimed) {
            return Err(Problem::bad_request("bad_value", "References must not begin with meta:."));
        }
        let flow = match fields.text("flow", 32)? {
            None => Flow::Default,
            Some(flow) => Flow::parse(flow).ok_or(Problem::bad_request("bad_value", "This flow is unknown."))?,
        };
        let now = clock::now();
        let return_url = |text: &str| return_url(text, &self.doctor.origins);
        let help_url = |text: &str| help_url(text, &self.doctor.origins);
        Ok(Session {
            customer_ref: customer_ref.ok_or(missing)?,
            flow,
            prefill: prefill::read(fields)?,
            locale: fields.text("locale", 16)?.map(locale).transpose()?,
            return_url: fields.text("return_url", LONGEST_URL)?.map(return_url).transpose()?,
            callback_override: None,
            created_at: now,
            expires_at: now.after(self.session_life),
            state: SessionState::Open,
            abandoned: None,
            customer_name: customer_name(fields)?,
            help_url: fields.text("help_url", LONGEST_URL)?.map(help_url).transpose()?,
            confirm: fields.flag("confirm")?,
            confirmed_at: None,
            binding: None,
            codes: 0,
            revoked_at: None,
        })
    }

    fn signup_url(&self, request: &Request, id: &SessionId) -> String {
        format!("{}/signup?session={id}", self.signup_page(request))
    }

    /// The origin of the hosted page.
    pub(crate) fn signup_page(&self, request: &Request) -> String {
        let own = self.signup_base.as_ref().map(|base| base.as_str().trim_end_matches('/').to_owned());
        own.unwrap_or_else(|| request.base_url())
    }
}

/// The person reads the name before connecting, so it must not be misleading; surrounding spaces are removed.
fn customer_name(fields: &Fields) -> Result<Option<String>, Problem> {
    let name = fields.text("customer_name", LONGEST_NAME)?;
    let shown = |name: &str| !name.is_empty() && name.trim() == name && !name.chars().any(is_unseen);
    match name {
        Some(name) if !shown(name) => {
            Err(Problem::bad_request("bad_value", "A name must have 1 to 80 visible characters.").of("customer_name"))
        }
        name => Ok(name.map(str::to_owned)),
    }
}

/// Characters that change the order in which others are displayed, and invisible ones: a name with them can look like
/// another name.
const fn is_unseen(character: char) -> bool {
    matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// A web page, or an e-mail address as a `mailto:` link.
fn help_url(text: &str, pages: &[String]) -> Result<String, Problem> {
    match text.strip_prefix("mailto:") {
        Some(address) if prefill::is_email(address) && address.bytes().all(is_plain) => Ok(text.to_owned()),
        Some(_) => Err(rejected("The help address must be a public HTTPS address or mailto: with an e-mail address.")),
        None => return_url(text, pages).map_err(|problem| problem.of("help_url")),
    }
}

/// No header, no second recipient, nothing that could end an HTML attribute.
const fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'@' | b'.' | b'-' | b'_' | b'+')
}

const fn rejected(title: &'static str) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "url_rejected", title)
}

fn locale(text: &str) -> Result<String, Problem> {
    let tag =
        (2..=16).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if tag {
        Ok(text.replace('_', "-"))
    } else {
        Err(Problem::bad_request("bad_value", "The locale is not a valid language tag."))
    }
}

fn session_id(ticket: &Ticket) -> SessionId {
    SessionId::new(ticket.begun_at, [ticket.bits("session"), ticket.bits("session, the other half")])
}

/// Where people are sent back to: a public HTTPS URL, or one of the platform's own pages. It is visible to everybody
/// who holds the link, so it must not contain a secret.
fn return_url(text: &str, pages: &[String]) -> Result<String, Problem> {
    let rejected = Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "url_rejected",
        "The return address must be a public HTTPS address without user, password or token, in normalised form.",
    );
    PublicUrl::parse(text, RETURN_ADDRESS, pages).map(String::from).map_err(|_| rejected)
}
