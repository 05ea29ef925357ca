//! `POST /v1/sessions`: the platform asks for a signup link for one of its customers.

use super::{App, unavailable};
use http::StatusCode;
use serde::Serialize;
use serde_json::Value;
use shared::clock;
use shared::config::parse_base;
use shared::domain::ids::{CustomerRef, SessionId};
use shared::domain::session::{Flow, Session, SessionState};
use shared::http::fields::Fields;
use shared::http::problem::Problem;
use shared::http::{Reply, Request, json};

#[derive(Serialize)]
struct Created<'a> {
    session: &'a SessionId,
    signup_url: String,
    expires_at: String,
}

/// Groups of `extras.setup` that Meta documents ("Pre-filling screens").
const PREFILL: [&str; 5] = ["business", "phone", "preVerifiedPhone", "solutionID", "whatsAppBusinessAccount"];

/// Longest return address.
const LONGEST_URL: usize = 2048;

impl App {
    pub(crate) async fn create_session(&self, request: &Request) -> Result<Reply, Problem> {
        let fields = Fields::read(request, &["customer_ref", "flow", "prefill", "locale", "return_url"])?;
        let session = self.session(&fields)?;
        let id = SessionId::new(session.created_at, [rand::random(), rand::random()]);
        self.store.create_session(&id, &session).await.map_err(|error| unavailable(&error))?;
        let signup_url = self.signup_url(request, &id);
        Ok(json(
            StatusCode::CREATED,
            &Created { session: &id, signup_url, expires_at: session.expires_at.to_rfc3339() },
        ))
    }

    fn session(&self, fields: &Fields) -> Result<Session, Problem> {
        let customer_ref = fields.id("customer_ref", CustomerRef::parse)?;
        let missing = Problem::bad_request("customer_ref_missing", "Name the customer by your own reference.");
        let flow = match fields.text("flow", 32)? {
            None => Flow::Default,
            Some(flow) => Flow::parse(flow).ok_or(Problem::bad_request("bad_value", "This flow is not known."))?,
        };
        let now = clock::now();
        Ok(Session {
            customer_ref: customer_ref.ok_or(missing)?,
            flow,
            prefill: prefill(fields)?,
            locale: fields.text("locale", 16)?.map(locale).transpose()?,
            return_url: fields.text("return_url", LONGEST_URL)?.map(return_url).transpose()?,
            created_at: now,
            expires_at: now.after(self.session_life),
            state: SessionState::Open,
            abandoned: None,
        })
    }

    fn signup_url(&self, request: &Request, id: &SessionId) -> String {
        let own = self.signup_base.as_ref().map(|base| base.as_str().trim_end_matches('/').to_owned());
        format!("{}/signup?session={id}", own.unwrap_or_else(|| request.base_url()))
    }
}

fn prefill(fields: &Fields) -> Result<Option<Value>, Problem> {
    match fields.value("prefill") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(groups)) if groups.keys().all(|name| PREFILL.contains(&name.as_str())) => {
            Ok(Some(Value::Object(groups.clone())))
        }
        Some(Value::Object(_)) => {
            Err(Problem::bad_request("unknown_field", "The pre-fill has a group that Meta does not know."))
        }
        Some(_) => Err(Problem::bad_request("bad_type", "A field has the wrong type.")),
    }
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
