//! `/v1/sessions/{session}`: the state of a signup link, and its revocation.

use super::{App, unavailable};
use http::StatusCode;
use serde::Serialize;
use shared::clock;
use shared::domain::ids::{CustomerRef, OnboardingId, SessionId};
use shared::domain::operation::Operation;
use shared::domain::session::Session;
use shared::domain::time::Timestamp;
use shared::http::problem::Problem;
use shared::http::{Reply, json, no_content};
use shared::store::{StoreError, Versioned};

/// What the platform can read of a link; its pre-filled data is not included.
#[derive(Serialize)]
struct Link<'a> {
    state: &'static str,
    customer_ref: &'a CustomerRef,
    expires_at: String,
    /// When a browser first used it.
    launched_at: Option<String>,
    /// When the person confirmed what is being connected.
    confirmed_at: Option<String>,
    onboarding_id: Option<&'a OnboardingId>,
}

impl App {
    pub(crate) async fn get_session(&self, id: &str) -> Result<Reply, Problem> {
        let (_, Versioned { record, .. }) = self.link(id).await?;
        let link = Link {
            state: state(&record),
            customer_ref: &record.customer_ref,
            expires_at: record.expires_at.to_rfc3339(),
            launched_at: record.binding.as_ref().map(|binding| binding.since.to_rfc3339()),
            confirmed_at: record.confirmed_at.map(Timestamp::to_rfc3339),
            onboarding_id: record.onboarding(),
        };
        Ok(json(StatusCode::OK, &link))
    }

    /// A link that received a code cannot be revoked: its connection is ended by `DELETE /v1/onboardings/{id}`.
    pub(crate) async fn revoke_session(&self, id: &str, operation: &Operation) -> Result<Reply, Problem> {
        let (id, held) = self.link(id).await?;
        if may_revoke(&held.record) {
            // The session id is a secret, so the event names the customer.
            self.announce(&operation.about("customer_ref", held.record.customer_ref.as_str())).await?;
        }
        let mut used = false;
        let revoke = |session: Option<&Session>| {
            used = session.is_some_and(|session| session.onboarding().is_some());
            let revoked = |session: &Session| Session { revoked_at: Some(clock::now()), ..session.clone() };
            Ok::<_, StoreError>(session.filter(|session| may_revoke(session)).map(|session| (revoked(session), ())))
        };
        self.store.update_read(&id, Some(held), revoke).await.map_err(|error| unavailable(&error))?;
        if used {
            let title = "This link has already received a code. End its onboarding instead.";
            return Err(Problem::new(StatusCode::CONFLICT, "session_used", title));
        }
        Ok(no_content())
    }

    async fn link(&self, id: &str) -> Result<(SessionId, Versioned<Session>), Problem> {
        let id = SessionId::parse(id).map_err(|_| Problem::not_found())?;
        let found = self.store.session(&id).await.map_err(|error| unavailable(&error))?;
        Ok((id, found.ok_or(Problem::not_found())?))
    }
}

fn may_revoke(session: &Session) -> bool {
    session.onboarding().is_none() && session.revoked_at.is_none()
}

fn state(session: &Session) -> &'static str {
    if session.onboarding().is_some() {
        "used"
    } else if session.revoked_at.is_some() {
        "revoked"
    } else if clock::now() >= session.expires_at {
        "expired"
    } else {
        "open"
    }
}
