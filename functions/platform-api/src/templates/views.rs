//! Templates as shown by the API, and findings that prevent a submission.

use http::StatusCode;
use serde::Serialize;
use serde_json::{Map, Value};
use shared::clock;
use shared::domain::composition::Finding;
use shared::domain::template::{Status, Template};
use shared::domain::template_refusal::meaning_of;
use shared::domain::wording;
use shared::http::problem::PROBLEM_JSON;
use shared::http::{Reply, Request, reply};
use shared::perform::samples;
use shared::store::TemplateDraft;
use std::time::Duration;

/// Meta: a review takes up to 24 hours; a longer one counts as stuck.
const REVIEW: Duration = Duration::from_secs(24 * 3600);

#[derive(Serialize)]
pub(super) struct TemplateList {
    pub(super) templates: Vec<TemplateView>,
    /// Drafts that are not submitted yet.
    pub(super) drafts: Vec<DraftView>,
    /// When Meta's list was last read to its end.
    pub(super) synced_at: Option<String>,
    pub(super) created_last_hour: usize,
    pub(super) creations_an_hour: usize,
}

#[derive(Serialize)]
pub(super) struct TemplateView {
    id: String,
    name: String,
    language: String,
    status: String,
    /// `yellow` in review, `green` usable, `red` not usable, `grey` deleted, archived or not submitted.
    colour: &'static str,
    category: Option<String>,
    correct_category: Option<String>,
    quality: Option<String>,
    reason: Option<String>,
    message: Option<&'static str>,
    changed_at: String,
    stuck_in_review: bool,
    edits_last_30_days: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) components: Option<Vec<Map<String, Value>>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) hints: Vec<Finding>,
}

#[derive(Serialize)]
pub(super) struct DraftView {
    name: String,
    language: String,
    category: String,
    colour: &'static str,
    since: String,
    code: Option<String>,
    /// What to do about the code.
    message: Option<&'static str>,
}

impl TemplateView {
    pub(super) fn of(template: &Template, edits: usize) -> Self {
        let age = clock::now().since(template.changed_at);
        Self {
            id: template.id.to_string(),
            name: template.name.clone(),
            language: template.language.clone(),
            status: template.status.clone(),
            colour: Status::parse(&template.status).colour(),
            category: template.category.clone(),
            correct_category: template.correct_category.clone(),
            quality: template.quality.clone(),
            message: template.reason.as_deref().map(wording::template_reason),
            reason: template.reason.clone(),
            changed_at: template.changed_at.to_rfc3339(),
            stuck_in_review: Status::parse(&template.status) == Status::Pending && age > REVIEW,
            edits_last_30_days: edits,
            components: None,
            hints: Vec::new(),
        }
    }
}

#[derive(Serialize)]
struct Refused<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    title: &'static str,
    status: u16,
    code: &'static str,
    request_id: &'a str,
    findings: &'a [Finding],
}

pub(super) fn refused(findings: &[Finding], request: &Request) -> Reply {
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    let body = Refused {
        kind: "about:blank",
        title: "Meta would reject this template.",
        status: status.as_u16(),
        code: "template.refused",
        request_id: &request.request_id,
        findings,
    };
    reply(status, PROBLEM_JSON, serde_json::to_string(&body).unwrap_or_default())
}

pub(super) fn draft_view(draft: TemplateDraft) -> DraftView {
    DraftView {
        name: draft.composition.name,
        language: draft.composition.language,
        category: draft.composition.category,
        colour: "grey",
        since: draft.at.to_rfc3339(),
        message: draft.code.as_deref().map(|code| samples::sentence(code).unwrap_or_else(|| meaning_of(code).sentence)),
        code: draft.code,
    }
}
