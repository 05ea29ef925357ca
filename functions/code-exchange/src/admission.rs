//! Whether a code may be exchanged: it comes from the browser that launched, and its session accepts it.

use crate::request::{Callback, launch_unknown};
use http::StatusCode;
use shared::domain::ids::OnboardingId;
use shared::domain::session::{Arrival, Session, Unproven};
use shared::domain::time::Timestamp;
use shared::http::problem::Problem;

/// What to do with a code.
pub(crate) enum Admitted {
    /// It is the session's first code: exchange it.
    Fresh,
    /// It was sent before: the same answer is returned.
    Repeat(OnboardingId),
    /// The session had another code. This one is accepted if the customer was asked to click again.
    Another(OnboardingId),
}

/// Runs before anything is stored or called.
pub(crate) fn admit(session: &Session, callback: &Callback, now: Timestamp) -> Result<Admitted, Problem> {
    session.prove(&callback.proof(), &callback.code_hash).map_err(unproven)?;
    let admitted = match session.arrival(&callback.code_hash, now) {
        Arrival::Repeat(id) => return Ok(Admitted::Repeat(id)),
        Arrival::Fresh => Admitted::Fresh,
        Arrival::Another(id) => Admitted::Another(id),
        Arrival::Expired => return Err(session_expired()),
        Arrival::Revoked => return Err(session_revoked()),
        Arrival::Exhausted => return Err(too_many_codes()),
    };
    if session.confirm && session.confirmed_at.is_none() { Err(confirmation_missing()) } else { Ok(admitted) }
}

const fn unproven(reason: Unproven) -> Problem {
    match reason {
        Unproven::Missing => {
            Problem::bad_request("launch_missing", "Send the launch value that POST /signup/launch returned.")
                .of("launch")
        }
        Unproven::Unknown => launch_unknown(),
        Unproven::OtherBrowser => Problem::new(
            StatusCode::FORBIDDEN,
            "browser_unknown",
            "This signup was launched in another browser, or its cookie is missing.",
        ),
        Unproven::Used => Problem::new(
            StatusCode::CONFLICT,
            "launch_used",
            "This launch value was used with another code. Please launch again.",
        ),
    }
}

const fn session_expired() -> Problem {
    Problem::new(StatusCode::GONE, "session_expired", "This signup link has expired. Please ask for a new one.")
}

const fn session_revoked() -> Problem {
    Problem::new(StatusCode::GONE, "session_revoked", "This signup link was revoked. Please ask for a new one.")
}

const fn too_many_codes() -> Problem {
    Problem::new(
        StatusCode::TOO_MANY_REQUESTS,
        "too_many_codes",
        "This signup link was used too often. Please ask for a new one.",
    )
}

const fn confirmation_missing() -> Problem {
    Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "confirmation_missing",
        "This signup has to be confirmed by the person who connects.",
    )
}
