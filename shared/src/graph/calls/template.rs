//! Message templates of an account.

use super::Page;
use crate::domain::grant::VerifiedWaba;
use crate::domain::ids::TemplateId;
use crate::domain::template::{Template, normal_language};
use crate::domain::time::Timestamp;
use crate::graph::call::{GraphCall, GraphRequest};
use serde::Deserialize;

/// One page of an account's templates, with only the fields that are kept.
pub struct ListTemplates<'a> {
    /// The account.
    pub waba: &'a VerifiedWaba,
    /// Where the page begins.
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
            missing_polls: 0,
        }
    }
}

impl GraphCall for ListTemplates<'_> {
    const NAME: &'static str = "list_templates";
    /// Items stay unparsed: one odd template must not hide the others.
    type Reply = Page<serde_json::Value>;
    fn request(&self) -> GraphRequest {
        let request = GraphRequest::get(&[self.waba.id().as_str(), "message_templates"])
            .with("fields", "id,name,language,status,category,rejected_reason,correct_category,quality_score")
            .with("limit", "100");
        match self.after {
            Some(cursor) => request.with("after", cursor),
            None => request,
        }
    }
}
