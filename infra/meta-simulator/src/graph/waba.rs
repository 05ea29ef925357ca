//! The WhatsApp Business Account: node, numbers, subscription, users, credit.

use super::{Context, Done};
use crate::refusal::Refusal;
use crate::world::Bearer;
use serde_json::{Value, json};

pub(super) fn read(context: &Context<'_>, id: &str) -> Done {
    let world = context.meta.world();
    let waba = world.waba(&context.bearer, id)?;
    let owner = world.businesses.get(&waba.owner).map(|business| business.name.as_str()).unwrap_or_default();
    Ok(context.select(waba.node(owner)))
}

pub(super) fn phone_numbers(context: &Context<'_>, id: &str) -> Done {
    let world = context.meta.world();
    let phones = world.waba(&context.bearer, id)?.phones.iter().filter_map(|phone| world.phones.get(phone));
    let callback = context.meta.options.webhook_url.as_deref().unwrap_or_default();
    Ok(context.page(phones.map(|phone| phone.node(callback)).collect()))
}

pub(super) fn subscribed_apps(context: &Context<'_>, id: &str) -> Done {
    let world = context.meta.world();
    let app = |app: &String| {
        let data = json!({ "id": app, "name": "Simulated platform", "link": format!("https://www.facebook.com/games/?app_id={app}") });
        json!({ "whatsapp_business_api_data": data })
    };
    let apps: Vec<Value> = world.waba(&context.bearer, id)?.subscribed.iter().map(app).collect();
    Ok(json!({ "data": apps }))
}

pub(super) fn subscribe(context: &Context<'_>, id: &str) -> Done {
    let app = context.meta.options.app_id.clone();
    context.meta.world().waba_mut(&context.bearer, id)?.subscribed.insert(app);
    Ok(json!({ "success": true }))
}

pub(super) fn unsubscribe(context: &Context<'_>, id: &str) -> Done {
    context.meta.world().waba_mut(&context.bearer, id)?.subscribed.remove(&context.meta.options.app_id);
    Ok(json!({ "success": true }))
}

pub(super) fn assign_user(context: &Context<'_>, id: &str) -> Done {
    system_only(context)?;
    if !context.meta.world().platform.is_admin() {
        return Err(Refusal::permission("(#200) Only an admin system user can add users to this account."));
    }
    let user = context.required("user")?.to_owned();
    let tasks = context.required("tasks")?;
    if !["MANAGE", "DEVELOP", "VIEW_COST"].iter().any(|task| tasks.contains(task)) {
        return Err(Refusal::parameter("(#100) Param tasks must be a non-empty array of known tasks."));
    }
    context.meta.world().waba_mut(&context.bearer, id)?.assigned_users.insert(user);
    Ok(json!({ "success": true }))
}

pub(super) fn allocations(context: &Context<'_>, line: &str) -> Done {
    own_line(context, line)?;
    let business = context.required("receiving_business_id")?;
    Ok(context.page(context.meta.world().allocations_of(business)))
}

pub(super) fn share_credit(context: &Context<'_>, line: &str) -> Done {
    own_line(context, line)?;
    let (waba, currency) = (context.required("waba_id")?, context.required("waba_currency")?);
    context.meta.world().share(&context.bearer, &context.meta.options, waba, currency)
}

pub(super) fn allocation(context: &Context<'_>, id: &str) -> Done {
    let world = context.meta.world();
    let allocation = world.allocations.get(id).filter(|_| context.bearer == Bearer::System);
    allocation.map(|allocation| context.select(allocation.node())).ok_or_else(|| Refusal::unknown_object(id))
}

pub(super) fn revoke_credit(context: &Context<'_>, id: &str) -> Done {
    if context.bearer != Bearer::System || !context.meta.world().revoke(id) {
        return Err(Refusal::unknown_object(id));
    }
    Ok(json!({ "success": true }))
}

fn system_only(context: &Context<'_>) -> Result<(), Refusal> {
    match context.bearer {
        Bearer::System => Ok(()),
        Bearer::App | Bearer::Business(_) => {
            Err(Refusal::permission("(#200) You do not have the necessary permissions."))
        }
    }
}

fn own_line(context: &Context<'_>, line: &str) -> Result<(), Refusal> {
    let platform = context.meta.world().platform.clone();
    if !platform.credit_lines(&context.meta.options).iter().any(|known| known == line) {
        return Err(Refusal::unknown_object(line));
    }
    system_only(context)?;
    platform.may_use_credit()
}
