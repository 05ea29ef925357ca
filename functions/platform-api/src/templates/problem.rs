//! Problems of the template editor. Whatever Meta refuses carries its numbers, a sentence, and who acts.

use crate::once::{in_progress, soon};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use shared::clock;
use shared::domain::failure::{Actor, Class};
use shared::domain::template_refusal::{Meaning, NOT_DONE, meaning, meaning_of};
use shared::domain::time::Timestamp;
use shared::graph::error::{Refusal, is_refused_without_reason};
use shared::http::problem::{PROBLEM_JSON, Problem};
use shared::http::{Reply, reply};
use shared::perform::declined::Declined;
use shared::perform::samples::{self, SampleError};
use shared::perform::template_editor::TemplateEditorError;
use std::time::Duration;

pub(super) const fn not_open() -> Problem {
    Problem::new(StatusCode::CONFLICT, "not_connected", "This account is not connected.")
}

/// Meta's numbers and its own words for the person who made this request: they are in this answer and nowhere else.
#[derive(Serialize)]
struct Meta<'a> {
    code: Option<u64>,
    subcode: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
}

#[derive(Serialize)]
struct MetaRefused<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    title: &'static str,
    /// What to show first: Meta's words for the customer, else our sentence, else Meta's words for developers.
    detail: String,
    status: u16,
    code: &'static str,
    request_id: &'a str,
    actor: Actor,
    retry: &'static str,
    meta: Meta<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_at: Option<String>,
}

/// The answer to a change that was not made.
pub(super) fn not_changed(error: &TemplateEditorError, request_id: &str) -> Result<Reply, Problem> {
    tracing::warn!(error = shared::telemetry::chain(error), "template not changed");
    match error {
        TemplateEditorError::Store(_) => Err(Problem::unavailable()),
        TemplateEditorError::Full(at) => Err(used_up(*at)),
        TemplateEditorError::Exists => {
            let title = "A template of this name already exists in this language.";
            Err(Problem::new(StatusCode::CONFLICT, "template.exists", title))
        }
        TemplateEditorError::InProgress { same: true } => Err(in_progress()),
        TemplateEditorError::InProgress { same: false } => {
            let title = "A template of this name and language is being submitted at the moment.";
            Err(Problem::new(StatusCode::CONFLICT, "template.in_progress", title).until(Some(soon())))
        }
        TemplateEditorError::Sample(error) => not_taken_along(error, request_id),
        TemplateEditorError::Meta(declined) => refused_by_meta(declined, request_id),
    }
}

/// The answer to an upload or a change that Meta declined.
pub(super) fn refused_by_meta(declined: &Declined, request_id: &str) -> Result<Reply, Problem> {
    let Declined { failure, refusal } = declined;
    match refusal {
        Some(refusal) => Ok(answer(status(declined), Some(refusal), failure.class, request_id)),
        None if is_refused_without_reason(failure) => Ok(answer(REFUSED, None, failure.class, request_id)),
        None => Err(match failure.class {
            Class::TokenDead => not_open(),
            Class::LaterAfter(seconds) => used_up(clock::now().after(Duration::from_secs(u64::from(seconds)))),
            Class::Later => Problem::unavailable(),
            _ => Problem::new(REFUSED.0, REFUSED.1, meaning_of(&failure.code).sentence),
        }),
    }
}

fn not_taken_along(error: &SampleError, request_id: &str) -> Result<Reply, Problem> {
    let code = error.code();
    if let SampleError::Upload(error) = error {
        let declined = Declined { failure: error.failure(), refusal: error.refusal().cloned() };
        return refused_by_meta(&declined, request_id);
    }
    match samples::sentence(code) {
        Some(title) if code != "sample.unreachable" => Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, code, title)),
        _ => Err(Problem::unavailable()),
    }
}

/// Seconds after which a request may be repeated when Meta was unavailable.
const RETRY_AFTER: u32 = 2;

const REFUSED: (StatusCode, &str) = (StatusCode::UNPROCESSABLE_ENTITY, "template.meta_refused");

fn status(declined: &Declined) -> (StatusCode, &'static str) {
    match declined.failure.class {
        _ if declined.is_duplicate() => (StatusCode::CONFLICT, "template.exists"),
        Class::TokenDead => (StatusCode::CONFLICT, "not_connected"),
        Class::LaterAfter(_) => (StatusCode::TOO_MANY_REQUESTS, "template.budget"),
        Class::Later => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
        _ => REFUSED,
    }
}

fn answer((status, code): (StatusCode, &'static str), refusal: Option<&Refusal>, class: Class, id: &str) -> Reply {
    let means = refusal.map_or(NOT_DONE, |refusal| meaning(refusal.code, refusal.subcode));
    let (title, message) = refusal.map_or((None, None), |refusal| refusal.told.to_the_caller());
    let numbers = refusal.filter(|refusal| refusal.code > 0);
    let meta = Meta { code: numbers.map(|r| r.code), subcode: refusal.and_then(|r| r.subcode), title, message };
    let retry_at = match class {
        Class::LaterAfter(seconds) => Some(clock::now().after(Duration::from_secs(u64::from(seconds)))),
        _ => None,
    };
    let body = MetaRefused {
        kind: "about:blank",
        title: means.sentence,
        detail: detail(means, refusal),
        status: status.as_u16(),
        code,
        request_id: id,
        actor: means.actor,
        retry: means.retry.as_str(),
        meta,
        retry_at: retry_at.map(Timestamp::to_rfc3339),
    };
    let mut reply = reply(status, PROBLEM_JSON, serde_json::to_string(&body).unwrap_or_default());
    let seconds = match class {
        Class::LaterAfter(seconds) => Some(seconds),
        _ => (status == StatusCode::SERVICE_UNAVAILABLE).then_some(RETRY_AFTER),
    };
    reply.headers_mut().extend(seconds.map(|seconds| (header::RETRY_AFTER, HeaderValue::from(seconds))));
    reply
}

fn detail(means: Meaning, refusal: Option<&Refusal>) -> String {
    let told = refusal.map(|refusal| refusal.told.to_the_caller());
    let technical =
        || refusal.filter(|_| means.is_general()).and_then(|refusal| refusal.told.technical_to_the_caller());
    match told {
        Some((Some(title), Some(message))) => format!("{title}: {message}"),
        Some((Some(one), None) | (None, Some(one))) => one.to_owned(),
        Some((None, None)) | None => technical().unwrap_or(means.sentence).to_owned(),
    }
}

const fn used_up(until: Timestamp) -> Problem {
    let title = "Meta's limit for template changes is reached. Try again later.";
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "template.budget", title).until(Some(until))
}
