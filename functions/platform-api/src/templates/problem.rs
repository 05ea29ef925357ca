//! Problems of the template editor.

use crate::once::{in_progress, soon};
use http::StatusCode;
use shared::clock;
use shared::domain::failure::{Class, Failure};
use shared::domain::time::Timestamp;
use shared::http::problem::Problem;
use shared::perform::template_editor::TemplateEditorError;
use std::time::Duration;

pub(super) const fn not_open() -> Problem {
    Problem::new(StatusCode::CONFLICT, "not_connected", "This account is not connected.")
}

pub(super) fn editor_problem(error: &TemplateEditorError) -> Problem {
    tracing::warn!(error = shared::telemetry::chain(error), "template not changed");
    match error {
        TemplateEditorError::Store(_) | TemplateEditorError::Meta(Failure { class: Class::Later, .. }) => {
            Problem::unavailable()
        }
        TemplateEditorError::Full(at) => used_up(*at),
        TemplateEditorError::Exists => {
            let title = "A template of this name already exists in this language.";
            Problem::new(StatusCode::CONFLICT, "template.exists", title)
        }
        TemplateEditorError::InProgress { same: true } => in_progress(),
        TemplateEditorError::InProgress { same: false } => {
            let title = "A template of this name and language is being submitted at the moment.";
            Problem::new(StatusCode::CONFLICT, "template.in_progress", title).until(Some(soon()))
        }
        TemplateEditorError::Meta(Failure { class: Class::LaterAfter(seconds), .. }) => {
            used_up(clock::now().after(Duration::from_secs(u64::from(*seconds))))
        }
        TemplateEditorError::Meta(Failure { class: Class::TokenDead, .. }) => not_open(),
        TemplateEditorError::Meta(_) => {
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "template.meta_refused", "Meta rejected the request.")
        }
    }
}

const fn used_up(until: Timestamp) -> Problem {
    let title = "Meta's limit for template changes is reached. Try again later.";
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "template.budget", title).until(Some(until))
}
