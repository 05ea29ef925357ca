//! `POST /v1/sessions`: the platform asks for a signup link for one of its customers.

use super::overrides::{self, Ordered};
use super::prefill;
use super::{App, unavailable};
use http::StatusCode;
use serde::Serialize;
use shared::clock;
use shared::config::parse_base;
use shared::domain::ids::{CustomerRef, OverrideId, SessionId};
use shared::domain::session::{CallbackOverride, Flow, Session, SessionState};
use shared::domain::time::Timestamp;
use shared::http::fields::Fields;
use shared::http::problem::Problem;
use shared::http::{Reply, Request, json};

#[derive(Serialize)]
struct Created<'a> {
    session: &'a SessionId,
    signup_url: String,
    expires_at: String,
    /// Set while Meta's limit of new customers is reached: a customer that is new waits until then.
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

/// Longest name of a business that is shown to the person who connects it.
const LONGEST_NAME: usize = 80;

/// Longest return address.
const LONGEST_URL: usize = 2048;

impl App {
    pub(crate) async fn create_session(&self, request: &Request) -> Result<Reply, Problem> {
        let fields = Fields::read(request, &FIELDS)?;
        let mut session = self.session(&fields)?;
        session.callback_override = self.keep_override(overrides::read(&fields)?, session.created_at).await?;
        let id = SessionId::new(session.created_at, [rand::random(), rand::random()]);
        self.store.create_session(&id, &session).await.map_err(|error| unavailable(&error))?;
        let customers = self.store.new_customers(session.created_at).await.map_err(|error| unavailable(&error))?;
        let held_until = self.limit.budget(&customers, session.created_at).full_until;
        let created = Created {
            session: &id,
            signup_url: self.signup_url(request, &id),
            expires_at: session.expires_at.to_rfc3339(),
            held_until: held_until.map(Timestamp::to_rfc3339),
        };
        Ok(json(StatusCode::CREATED, &created))
    }

    /// The token goes into the vault before the session names it.
    async fn keep_override(
        &self,
        ordered: Option<Ordered>,
        now: Timestamp,
    ) -> Result<Option<CallbackOverride>, Problem> {
        let Some(Ordered { url, verify_token }) = ordered else { return Ok(None) };
        let id = OverrideId::new(now, rand::random());
        self.vault.store_override_token(&id, &verify_token).await.map_err(|error| unavailable(&error))?;
        Ok(Some(CallbackOverride { url, id }))
    }

    fn session(&self, fields: &Fields) -> Result<Session, Problem> {
        let customer_ref = fields.id("customer_ref", CustomerRef::parse)?;
        let missing = Problem::bad_request("customer_ref_missing", "Name the customer by your own reference.");
        if customer_ref.as_ref().is_some_and(CustomerRef::is_unclaimed) {
            return Err(Problem::bad_request("bad_value", "References that begin with meta: are not the platform's."));
        }
        let flow = match fields.text("flow", 32)? {
            None => Flow::Default,
            Some(flow) => Flow::parse(flow).ok_or(Problem::bad_request("bad_value", "This flow is not known."))?,
        };
        let now = clock::now();
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

/// People read it before they connect: it is what they think it is, without spaces at its ends.
fn customer_name(fields: &Fields) -> Result<Option<String>, Problem> {
    let name = fields.text("customer_name", LONGEST_NAME)?;
    let shown = |name: &str| !name.is_empty() && name.trim() == name && !name.chars().any(is_unseen);
    match name {
        Some(name) if !shown(name) => {
            Err(Problem::bad_request("bad_value", "A name has 1 to 80 visible characters.").of("customer_name"))
        }
        name => Ok(name.map(str::to_owned)),
    }
}

/// Marks that change the order in which others are read, and characters without a shape: a name with them can look like
/// another one.
const fn is_unseen(character: char) -> bool {
    matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// A page, or an address to write to.
fn help_url(text: &str) -> Result<String, Problem> {
    match text.strip_prefix("mailto:") {
        Some(address) if prefill::is_email(address) && address.bytes().all(is_plain) => Ok(text.to_owned()),
        Some(_) => Err(rejected("The help address must be a public HTTPS address or mailto: with an e-mail address.")),
        None => return_url(text).map_err(|problem| problem.of("help_url")),
    }
}

/// No header, no second recipient, nothing that ends an attribute.
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
        Err(Problem::bad_request("bad_value", "The locale is not a language tag."))
    }
}

/// Customers are sent back by HTTPS; plain HTTP is for a platform's own machine only.
fn return_url(text: &str) -> Result<String, Problem> {
    let rejected = Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "url_rejected",
        "The return address must be a public HTTPS address.",
    );
    let (base, _) = text.split_once(['?', '#']).unwrap_or((text, ""));
    let url = parse_base(base).and_then(|_| url::Url::parse(text).ok());
    url.map(String::from).ok_or(rejected)
}
