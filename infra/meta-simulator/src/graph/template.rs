//! Message templates: listed, read, submitted, edited and deleted. A review remains open until a script completes it.

mod rules;

use super::{Context, Done};
use crate::refusal::Refusal;
use crate::world::Template;
use serde_json::{Map, Value, json};

pub(super) fn list(context: &Context<'_>, waba: &str) -> Done {
    let world = context.meta.world();
    let waba = world.waba(&context.bearer, waba)?;
    let name = context.request.parameter("name");
    let named = |template: &&Template| name.is_none_or(|name| template.name.contains(name));
    Ok(context.page_of(waba.templates.iter().filter(named).map(Template::node).collect(), waba.templates_a_page))
}

/// A template's own node; `None` if there is no such template.
pub(super) fn read(context: &Context<'_>, id: &str) -> Option<Done> {
    let waba = owner(context, id)?;
    let world = context.meta.world();
    let node = match world.waba(&context.bearer, &waba) {
        Err(refusal) => return Some(Err(refusal)),
        Ok(waba) => waba.templates.iter().find(|template| template.id == id).map(Template::node)?,
    };
    Some(Ok(context.select(node)))
}

fn owner(context: &Context<'_>, id: &str) -> Option<String> {
    let world = context.meta.world();
    let has = |templates: &[Template]| templates.iter().any(|template| template.id == id);
    world.wabas.values().find(|waba| has(&waba.templates)).map(|waba| waba.id.clone())
}

fn body(context: &Context<'_>) -> Map<String, Value> {
    context.request.body.as_ref().and_then(Value::as_object).cloned().unwrap_or_default()
}

/// Members of a template that are stored; unknown ones are ignored.
const STORED: [&str; 5] =
    ["components", "parameter_format", "message_send_ttl_seconds", "sub_category", "cta_url_link_tracking_opted_out"];

pub(super) fn create(context: &Context<'_>, waba: &str) -> Done {
    let (name, language) = (context.required("name")?.to_owned(), context.required("language")?.to_owned());
    let category = context.required("category")?.to_ascii_uppercase();
    rules::identity(&name, &language, &category)?;
    let mut world = context.meta.world();
    let held = &world.waba(&context.bearer, waba)?.templates;
    if held.iter().any(|template| template.name == name && template.language == language) {
        return Err(rules::exists());
    }
    let mut rest = body(context);
    let library = rest.contains_key("library_template_name");
    if library {
        rest.extend(crate::signup::parts());
    }
    rules::components(context, &world, &category, &mut rest)?;
    rest.retain(|name, _| STORED.contains(&name.as_str()));
    let id = world.id();
    let status = if library { "APPROVED" } else { "PENDING" };
    let template = Template {
        id: id.clone(),
        name,
        language,
        status: status.to_owned(),
        category: category.clone(),
        rejected_reason: "NONE".to_owned(),
        quality: "UNKNOWN".to_owned(),
        correct_category: None,
        rest,
    };
    world.waba_mut(&context.bearer, waba)?.templates.push(template);
    Ok(json!({ "id": id, "status": status, "category": category }))
}

/// Editing sends a template back into review; `None` if there is no such template.
pub(super) fn edit(context: &Context<'_>, id: &str) -> Option<Done> {
    let waba = owner(context, id)?;
    let mut world = context.meta.world();
    let category = world.wabas.get(&waba)?.templates.iter().find(|template| template.id == id)?.category.clone();
    let mut change = body(context);
    if change.contains_key("components")
        && let Err(refusal) = rules::components(context, &world, &category, &mut change)
    {
        return Some(Err(refusal));
    }
    let waba = match world.waba_mut(&context.bearer, &waba) {
        Err(refusal) => return Some(Err(refusal)),
        Ok(waba) => waba,
    };
    let template = waba.templates.iter_mut().find(|template| template.id == id)?;
    if !["APPROVED", "REJECTED", "PAUSED"].contains(&template.status.as_str()) {
        return Some(Err(Refusal::parameter("The template is in review.").with_subcode(2_388_039)));
    }
    if let Some(Value::String(category)) = change.remove("category") {
        template.category = category;
    }
    template.rest.extend(change);
    "PENDING".clone_into(&mut template.status);
    "NONE".clone_into(&mut template.rejected_reason);
    Some(Ok(json!({ "success": true })))
}

pub(super) fn delete(context: &Context<'_>, waba: &str) -> Done {
    let (id, name) = (context.required("hsm_id")?, context.required("name")?);
    let mut world = context.meta.world();
    let templates = &mut world.waba_mut(&context.bearer, waba)?.templates;
    let before = templates.len();
    templates.retain(|template| template.id != id || template.name != name);
    if templates.len() == before {
        return Err(Refusal::unknown_object(id));
    }
    Ok(json!({ "success": true }))
}
