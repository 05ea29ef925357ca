//! The business phone number.

use super::{Context, Done};
use crate::refusal::Refusal;
use crate::world::Bearer;
use serde_json::json;

pub(super) fn read(context: &Context<'_>, id: &str) -> Done {
    let node = context.meta.world().phone_mut(&context.bearer, id)?.node();
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
    Ok(json!({ "success": true }))
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
