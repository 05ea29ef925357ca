//! Records a popup that ended without a code, to show where customers give up.

use super::{App, unavailable};
use serde_json::Value;
use shared::client_limit::Attempt;
use shared::clock;
use shared::domain::ids::SessionId;
use shared::domain::session::{Abandonment, SessionState};
use shared::http::fields::Fields;
use shared::http::problem::Problem;
use shared::http::{Reply, Request, no_content, origin};
use shared::store::StoreError;

const FIELDS: [&str; 6] = ["session", "event", "current_step", "error_code", "error_message", "session_id"];

impl App {
    pub(crate) async fn abandoned(&self, request: &Request) -> Result<Reply, Problem> {
        origin::check(request, &self.origins)?;
        let fields = Fields::read(request, &FIELDS)?;
        let missing = |code| Problem::bad_request(code, "A field is missing.");
        let session = fields.text("session", 128)?.ok_or(missing("session_missing"))?;
        let abandonment = Abandonment {
            at: clock::now(),
            event: fields
                .text("event", 64)?
                .filter(|event| !event.is_empty())
                .ok_or(missing("event_missing"))?
                .to_owned(),
            current_step: fields.text("current_step", 64)?.map(str::to_owned),
            error_code: error_code(&fields)?,
            error_message: fields.text("error_message", 256)?.map(str::to_owned),
            meta_session: fields.text("session_id", 128)?.map(str::to_owned),
        };
        SessionId::parse(session).map_err(|_| Problem::not_found())?;
        // The attempt stays counted.
        let _counted = self.clients.count(request, Attempt::Abandoned).await?;
        let (id, mut held) = self.session(session).await?.ok_or(Problem::not_found())?;
        if held.record.state == SessionState::Open {
            held.record.abandoned = Some(abandonment);
            match self.store.save_session(&id, &held).await {
                // A code arrived in the meantime: the popup was not abandoned.
                Ok(()) | Err(StoreError::Conflict) => {}
                Err(error) => return Err(unavailable(&error)),
            }
        }
        Ok(no_content())
    }
}

/// Meta sends the code as a number or as text.
fn error_code(fields: &Fields) -> Result<Option<String>, Problem> {
    match fields.value("error_code") {
        Some(Value::Number(number)) if number.is_u64() => Ok(Some(number.to_string())),
        _ => Ok(fields.text("error_code", 32)?.map(str::to_owned)),
    }
}
