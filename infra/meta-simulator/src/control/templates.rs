//! Templates are created, reviewed and deleted; Meta notifies the app unless `silent` is set.

use super::Shared;
use crate::meta::Meta;
use crate::world::Template;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewTemplate {
    name: String,
    #[serde(default = "english")]
    language: String,
    #[serde(default = "approved")]
    status: String,
}

fn english() -> String {
    "en_US".to_owned()
}

fn approved() -> String {
    "APPROVED".to_owned()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TemplateChange {
    status: Option<String>,
    reason: Option<String>,
    quality: Option<String>,
    category: Option<String>,
    correct_category: Option<String>,
    /// No webhook: only the poll can detect the change.
    #[serde(default)]
    silent: bool,
}

pub(super) async fn create(
    State(meta): Shared,
    Path(waba): Path<String>,
    Json(new): Json<NewTemplate>,
) -> Result<Json<Value>, StatusCode> {
    let mut world = meta.world();
    let template = Template {
        id: world.id(),
        name: new.name,
        language: new.language,
        status: new.status,
        category: "UTILITY".to_owned(),
        rejected_reason: "NONE".to_owned(),
        quality: "UNKNOWN".to_owned(),
        correct_category: None,
        rest: crate::signup::parts(),
    };
    let created = json!({ "id": template.id });
    world.wabas.get_mut(&waba).ok_or(StatusCode::NOT_FOUND)?.templates.push(template);
    Ok(Json(created))
}

pub(super) async fn change(
    State(meta): Shared,
    Path((waba, id)): Path<(String, String)>,
    Json(change): Json<TemplateChange>,
) -> Result<StatusCode, StatusCode> {
    let mut world = meta.world();
    let templates = &mut world.wabas.get_mut(&waba).ok_or(StatusCode::NOT_FOUND)?.templates;
    let template = templates.iter_mut().find(|template| template.id == id).ok_or(StatusCode::NOT_FOUND)?;
    let before = template.clone();
    if let Some(status) = change.status {
        template.status = status;
        template.rejected_reason = change.reason.unwrap_or_else(|| "NONE".to_owned());
    }
    template.quality = change.quality.unwrap_or_else(|| before.quality.clone());
    template.correct_category = change.correct_category.or(before.correct_category.clone());
    if let Some(category) = change.category {
        template.category = category;
        template.correct_category = None;
    }
    let after = template.clone();
    drop(world);
    if !change.silent {
        notify(&meta, &waba, &before, &after);
    }
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn delete(
    State(meta): Shared,
    Path((waba, id)): Path<(String, String)>,
) -> Result<StatusCode, StatusCode> {
    let mut world = meta.world();
    world.wabas.get_mut(&waba).ok_or(StatusCode::NOT_FOUND)?.templates.retain(|template| template.id != id);
    Ok(StatusCode::NO_CONTENT)
}

/// Sends each change in its own field, to subscribed apps only.
fn notify(meta: &Meta, waba: &str, before: &Template, after: &Template) {
    let subscribed = meta.world().wabas.get(waba).is_some_and(|waba| waba.subscribed.contains(&meta.options.app_id));
    if !subscribed {
        return;
    }
    let send = |field: &str, value: Value| {
        let mut whole = json!({
            "message_template_id": after.id.parse::<u64>().unwrap_or_default(),
            "message_template_name": after.name,
            "message_template_language": after.language,
        });
        if let (Some(whole), Some(value)) = (whole.as_object_mut(), value.as_object()) {
            whole.extend(value.clone());
        }
        meta.webhooks.send(&meta.webhooks.body(waba, field, &whole));
    };
    if (&before.status, &before.rejected_reason) != (&after.status, &after.rejected_reason) {
        send(
            "message_template_status_update",
            json!({ "event": after.status, "message_template_category": after.category, "reason": after.rejected_reason }),
        );
    }
    if before.quality != after.quality {
        let value = json!({ "previous_quality_score": before.quality, "new_quality_score": after.quality });
        send("message_template_quality_update", value);
    }
    if before.category != after.category {
        let value = json!({ "previous_category": before.category, "new_category": after.category });
        send("template_category_update", value);
    } else if before.correct_category != after.correct_category {
        // Meta: before the change, `new_category` holds the current category.
        let value = json!({ "correct_category": after.correct_category, "new_category": after.category });
        send("template_category_update", value);
    }
}
