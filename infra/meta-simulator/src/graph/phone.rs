//! The business phone number.

use super::{Context, Done};
use crate::refusal::Refusal;
use crate::world::Bearer;
use serde_json::json;

pub(super) fn read(context: &Context<'_>, id: &str) -> Done {
    let callback = context.meta.options.webhook_url.as_deref().unwrap_or_default();
    let node = context.meta.world().phone_mut(&context.bearer, id)?.node(callback);
    Ok(context.select(node))
}

pub(super) fn register(context: &Context<'_>, id: &str) -> Done {
    if !matches!(context.bearer, Bearer::Business(_)) {
        return Err(Refusal::permission("(#200) You do not have the necessary permissions to register this number."));
    }
    if context.required("messaging_product")? != "whatsapp" {
        return Err(Refusal::parameter("(#100) Param messaging_product must be one of {WHATSAPP}"));
    }
    let pin = context.required("pin")?;
    if pin.len() != 6 || !pin.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(Refusal::parameter("(#100) Param pin must be 6 characters long."));
    }
    let mut world = context.meta.world();
    let phone = world.phone_mut(&context.bearer, id)?;
    if phone.on_business_app {
        return Err(Refusal::parameter(
            "(#100) A number that is used with the WhatsApp Business app is not registered.",
        ));
    }
    phone.register(pin, context.now)?;
    world.arrived(id);
    Ok(json!({ "success": true }))
}

/// Adds a number that another account has.
pub(super) fn add(context: &Context<'_>, waba: &str) -> Done {
    let (cc, number) = (context.required("cc")?, context.required("phone_number")?);
    let name = context.required("verified_name")?;
    let moves = context.request.body.as_ref().and_then(|body| body.get("migrate_phone_number")) == Some(&json!(true));
    if !moves {
        return Err(Refusal::parameter("(#100) New numbers are added in the simulated popup only."));
    }
    let mut world = context.meta.world();
    world.waba(&context.bearer, waba)?;
    let id = world.add_moving(waba, &format!("{cc}{number}"), name, &context.meta.options.app_id, context.now)?;
    Ok(json!({ "id": id }))
}

pub(super) fn request_code(context: &Context<'_>, id: &str) -> Done {
    let (method, language) = (context.required("code_method")?, context.required("language")?);
    if !["SMS", "VOICE"].contains(&method) || language.len() < 2 {
        return Err(Refusal::parameter("(#100) Param code_method must be one of {SMS, VOICE}"));
    }
    let code = 100_000 + rand::random::<u32>() % 900_000;
    let mut world = context.meta.world();
    world.phone_mut(&context.bearer, id)?.send_code(code.to_string())?;
    Ok(json!({ "success": true }))
}

pub(super) fn verify_code(context: &Context<'_>, id: &str) -> Done {
    let code = context.required("code")?;
    let mut world = context.meta.world();
    world.phone_mut(&context.bearer, id)?.take_code(code)?;
    Ok(json!({ "success": true, "id": id }))
}

pub(super) fn deregister(context: &Context<'_>, id: &str) -> Done {
    let mut world = context.meta.world();
    let phone = world.phone_mut(&context.bearer, id)?;
    if phone.on_business_app {
        return Err(Refusal::parameter(
            "(#100) A number that is used with the WhatsApp Business app is not deregistered.",
        ));
    }
    "DISCONNECTED".clone_into(&mut phone.status);
    Ok(json!({ "success": true }))
}

/// Sets or clears the number's callback override. The address was verified before.
pub(super) fn override_webhooks(context: &Context<'_>, id: &str) -> Done {
    let configuration = context.request.body.as_ref().and_then(|body| body.get("webhook_configuration"));
    let url = configuration.and_then(|configuration| configuration.get("override_callback_uri")?.as_str());
    let url = url.ok_or_else(|| Refusal::parameter("(#100) Param webhook_configuration must be an object."))?;
    if url.len() > 200 {
        return Err(Refusal::parameter("(#100) The override callback is longer than 200 characters."));
    }
    let mut world = context.meta.world();
    let waba = world.phone_mut(&context.bearer, id)?.waba.clone();
    let subscribed = world.waba(&context.bearer, &waba)?.subscribed.contains(&context.meta.options.app_id);
    if !url.is_empty() && !subscribed {
        let message =
            "(#100) Before override the current callback uri, your app must be subscribed to receive messages";
        return Err(Refusal::parameter(message));
    }
    world.phone_mut(&context.bearer, id)?.webhook_override = Some(url.to_owned()).filter(|url| !url.is_empty());
    Ok(json!({ "success": true }))
}

/// Meta: each kind once, within 24 hours of onboarding.
const SYNC_WINDOW: i64 = 24 * 3600;

pub(super) fn sync_app_data(context: &Context<'_>, id: &str) -> Done {
    let kind = context.required("sync_type")?.to_owned();
    if !["smb_app_state_sync", "history"].contains(&kind.as_str()) {
        return Err(Refusal::parameter("(#100) Param sync_type must be one of {SMB_APP_STATE_SYNC, HISTORY}"));
    }
    let mut world = context.meta.world();
    let phone = world.phone_mut(&context.bearer, id)?;
    if !phone.on_business_app {
        return Err(Refusal::parameter("(#100) The number is not used with the WhatsApp Business app."));
    }
    if context.now >= phone.onboarded_at + SYNC_WINDOW {
        return Err(Refusal::new(400, 2_593_108, "(#2593108) Synchronization request is outside of the time window"));
    }
    if !phone.synced.insert(kind) {
        return Err(Refusal::new(400, 2_593_107, "(#2593107) Synchronization was requested already"));
    }
    Ok(json!({ "messaging_product": "whatsapp", "request_id": format!("sync{id}") }))
}
