//! Message templates of an account.

use super::{Acknowledged, Page};
use crate::call::{GraphCall, GraphRequest};
use onboarding_core::domain::composition::Composition;
use onboarding_core::domain::grant::VerifiedWaba;
use onboarding_core::domain::ids::{TemplateId, WabaId};
use onboarding_core::domain::template::{Template, normal_language};
use onboarding_core::domain::time::Timestamp;
use serde::Deserialize;

/// One page of an account's templates, with only the stored fields.
pub struct ListTemplates<'a> {
    /// The account. It need not be verified, because listing proves and changes nothing.
    pub waba: &'a WabaId,
    /// Cursor of the page.
    pub after: Option<&'a str>,
}

/// A template in the list.
#[derive(Debug, Deserialize)]
pub struct ListedTemplate {
    id: TemplateId,
    name: String,
    language: String,
    status: String,
    category: Option<String>,
    rejected_reason: Option<String>,
    correct_category: Option<String>,
    quality_score: Option<QualityScore>,
}

#[derive(Debug, Deserialize)]
struct QualityScore {
    score: Option<String>,
}

impl ListedTemplate {
    /// The template as it was seen at `now`.
    #[must_use]
    pub fn seen_at(self, now: Timestamp) -> Template {
        Template {
            id: self.id,
            name: self.name,
            language: normal_language(&self.language),
            status: self.status,
            reason: self.rejected_reason.filter(|reason| reason != "NONE"),
            changed_at: now,
            correct_category: self.correct_category.filter(|correct| Some(correct) != self.category.as_ref()),
            category: self.category,
            category_at: now,
            quality: self.quality_score.and_then(|quality| quality.score),
            quality_at: now,
            missing_since: None,
            unpublished: false,
        }
    }
}

impl GraphCall for ListTemplates<'_> {
    const NAME: &'static str = "list_templates";
    /// Items stay unparsed, so that one malformed template does not affect the others.
    type Reply = Page<serde_json::Value>;
    fn request(&self) -> GraphRequest {
        let request = GraphRequest::get(&[self.waba.as_str(), "message_templates"])
            .with("fields", "id,name,language,status,category,rejected_reason,correct_category,quality_score")
            .with("limit", "100");
        match self.after {
            Some(cursor) => request.with("after", cursor),
            None => request,
        }
    }
}

/// Submits a template for review (Meta: 100 per hour and account).
pub struct CreateTemplate<'a> {
    /// The account.
    pub waba: &'a VerifiedWaba,
    /// The template.
    pub composition: &'a Composition,
}

/// An accepted template.
#[derive(Debug, Deserialize)]
pub struct CreatedTemplate {
    /// Its id.
    pub id: TemplateId,
    /// Its review status.
    pub status: Option<String>,
    /// The category assigned by Meta.
    pub category: Option<String>,
}

impl GraphCall for CreateTemplate<'_> {
    const NAME: &'static str = "create_template";
    type Reply = CreatedTemplate;
    fn request(&self) -> GraphRequest {
        let body = serde_json::to_value(self.composition).unwrap_or_default();
        GraphRequest::post(&[self.waba.id().as_str(), "message_templates"]).body(body)
    }
}

/// Edits a template, which Meta then reviews again.
pub struct EditTemplate<'a> {
    /// The template.
    pub id: &'a TemplateId,
    /// The changes: components, category, time to live.
    pub change: &'a serde_json::Value,
}

impl GraphCall for EditTemplate<'_> {
    const NAME: &'static str = "edit_template";
    type Reply = Acknowledged;
    fn request(&self) -> GraphRequest {
        GraphRequest::post(&[self.id.as_str()]).body(self.change.clone())
    }
}

/// Deletes a template in one language.
pub struct DeleteTemplate<'a> {
    /// The account.
    pub waba: &'a VerifiedWaba,
    /// The template.
    pub id: &'a TemplateId,
    /// Its name, which Meta requires in addition to the id.
    pub name: &'a str,
}

impl GraphCall for DeleteTemplate<'_> {
    const NAME: &'static str = "delete_template";
    type Reply = Acknowledged;
    fn request(&self) -> GraphRequest {
        GraphRequest::delete(&[self.waba.id().as_str(), "message_templates"])
            .with("hsm_id", self.id.as_str())
            .with("name", self.name)
    }
}

/// Reads a template with its components.
pub struct ReadTemplate<'a> {
    /// The template.
    pub id: &'a TemplateId,
}

impl GraphCall for ReadTemplate<'_> {
    const NAME: &'static str = "read_template";
    type Reply = Composition;
    fn request(&self) -> GraphRequest {
        GraphRequest::get(&[self.id.as_str()]).with(
            "fields",
            "id,name,language,category,sub_category,parameter_format,message_send_ttl_seconds,components",
        )
    }
}
