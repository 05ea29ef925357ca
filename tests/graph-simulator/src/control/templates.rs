//! Templates are created, reviewed and deleted; Meta tells the app unless it is told to be silent.

use super::Shared;
use crate::simulator::Meta;
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
    status: String,
    reason: Option<String>,
    /// No webhook: only the poll can find out.
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
    template.status = change.status;
    template.rejected_reason = change.reason.unwrap_or_else(|| "NONE".to_owned());
    let changed = template.clone();
    drop(world);
    if !change.silent {
        tell(&meta, &waba, &changed);
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

/// `message_template_status_update`, to subscribed apps only.
fn tell(meta: &Meta, waba: &str, template: &Template) {
    let subscribed = meta.world().wabas.get(waba).is_some_and(|waba| waba.subscribed.contains(&meta.options.app_id));
    if !subscribed {
        return;
    }
    let value = json!({
        "event": template.status,
        "message_template_id": template.id.parse::<u64>().unwrap_or_default(),
        "message_template_name": template.name,
        "message_template_language": template.language,
        "message_template_category": template.category,
        "reason": template.rejected_reason,
    });
    meta.webhooks.send(&meta.webhooks.body(waba, "message_template_status_update", &value));
}
