//! Whether a session can be launched now, and if not, why.

use super::{App, unavailable};
use http::StatusCode;
use shared::clock;
use shared::domain::language::Language;
use shared::domain::onboarding::{Onboarding, State};
use shared::domain::session::Session;
use shared::domain::time::Timestamp;
use shared::http::problem::Problem;

/// The state of a session.
pub(crate) enum Standing {
    /// No code has arrived yet, and one is accepted.
    Open,
    /// No code has arrived yet, and none is accepted.
    Closed(Closed),
    /// A code arrived; this is its onboarding.
    Begun(Box<Onboarding>),
}

/// Why a session that has not received a code cannot be launched now.
pub(crate) enum Closed {
    /// Expired.
    Expired,
    /// Revoked by the platform.
    Revoked,
    /// The platform paused signups of new customers.
    Paused,
    /// Meta's limit for new customers is reached until then.
    HeldBack(Timestamp),
}

impl Standing {
    /// Why the popup may not be opened now; `None` if it may.
    pub(crate) fn refusal(&self, session: &Session) -> Option<Problem> {
        let problem = |status, code, title| Some(Problem::new(status, code, title));
        let expired =
            || problem(StatusCode::GONE, "session_expired", "This signup link has expired. Please ask for a new one.");
        match self {
            Self::Open => None,
            Self::Closed(Closed::Expired) => expired(),
            Self::Closed(Closed::Revoked) => {
                problem(StatusCode::GONE, "session_revoked", "This signup link was revoked. Please ask for a new one.")
            }
            Self::Closed(Closed::Paused) => {
                problem(StatusCode::CONFLICT, "signups_paused", "Signups of new customers are paused at the moment.")
            }
            Self::Closed(Closed::HeldBack(until)) => {
                let title = "Meta lets no more businesses connect at the moment.";
                Some(Problem::new(StatusCode::CONFLICT, "signups_held_back", title).until(Some(*until)))
            }
            Self::Begun(onboarding) => match onboarding.state() {
                State::Relaunch if clock::now() >= session.expires_at => expired(),
                State::Relaunch if session.is_exhausted() => {
                    let title = "This signup link was used too often. Please ask for a new one.";
                    problem(StatusCode::TOO_MANY_REQUESTS, "too_many_codes", title)
                }
                State::Relaunch => None,
                State::Exchanging => {
                    problem(StatusCode::CONFLICT, "in_progress", "This signup is being completed already.")
                }
                _ => problem(StatusCode::CONFLICT, "session_used", "This signup link was used already."),
            },
        }
    }
}

impl Closed {
    pub(crate) const fn as_str(&self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::Revoked => "revoked",
            Self::Paused => "paused",
            Self::HeldBack(_) => "held_back",
        }
    }

    pub(crate) fn sentence(&self, language: &'static Language) -> String {
        let text = |key| language.text(key).unwrap_or_default();
        match self {
            Self::Expired => text("page.link_expired").to_owned(),
            Self::Revoked => text("page.link_revoked").to_owned(),
            Self::Paused => text("page.paused").to_owned(),
            Self::HeldBack(until) => {
                let until = until.to_rfc3339();
                text("page.held_back").replace("{date}", until.split('T').next().unwrap_or_default())
            }
        }
    }

    pub(crate) const fn status(&self) -> StatusCode {
        if matches!(self, Self::Expired | Self::Revoked) { StatusCode::GONE } else { StatusCode::OK }
    }
}

impl App {
    pub(crate) async fn standing(&self, session: &Session) -> Result<Standing, Problem> {
        if let Some(id) = session.onboarding() {
            let found = self.store.onboarding(id).await.map_err(|error| unavailable(&error))?;
            let onboarding = found.ok_or(Problem::unavailable())?.record;
            let onboarding = self.store.joined(onboarding).await.map_err(|error| unavailable(&error))?;
            return Ok(Standing::Begun(Box::new(onboarding)));
        }
        Ok(self.closed(session).await?.map_or(Standing::Open, Standing::Closed))
    }

    async fn closed(&self, session: &Session) -> Result<Option<Closed>, Problem> {
        if session.revoked_at.is_some() {
            return Ok(Some(Closed::Revoked));
        }
        if clock::now() >= session.expires_at {
            return Ok(Some(Closed::Expired));
        }
        let paused = self.store.signups_paused().await.map_err(|error| unavailable(&error))?;
        // Customers who are already connected may connect again.
        if paused.is_some() && self.known_portfolio(session).await?.is_none() {
            return Ok(Some(Closed::Paused));
        }
        Ok(self.held_until(session).await?.map(Closed::HeldBack))
    }
}
