//! The platform's own app, portfolio and credit lines.

use super::{Context, Done};
use crate::http::GraphRequest;
use crate::meta::Meta;
use crate::refusal::Refusal;
use crate::world::Bearer;
use serde_json::{Value, json};

/// Answers a request for `id`; `None` if it does not belong to the platform.
pub(super) fn serve(context: &Context<'_>, id: &str, edge: Option<&str>) -> Option<Done> {
    let options = &context.meta.options;
    let platform = context.meta.world().platform.clone();
    let system = context.bearer == Bearer::System;
    let lines = platform.credit_lines(options);
    let is_line = id == options.credit_line_id || lines.iter().any(|line| line == id);
    let done = match (id, edge) {
        (id, None) if id == options.app_id && context.bearer == Bearer::App => {
            Ok(context.select(json!({ "id": options.app_id, "name": "Simulated platform" })))
        }
        (id, Some("permissions")) if id == options.app_id && context.bearer == Bearer::App => {
            Ok(platform.permissions())
        }
        (id, Some("subscriptions")) if id == options.app_id && context.bearer == Bearer::App => {
            Ok(platform.subscriptions(options))
        }
        (id, Some("system_users")) if id == options.business_id && system => {
            let own = platform.own_system_user.then(|| platform.system_user(options));
            let other = json!({ "id": "900000000000098", "name": "Reports", "role": "EMPLOYEE" });
            Ok(context.page([other].into_iter().chain(own).collect()))
        }
        (id, None) if id == options.system_user_id && system => Ok(context.select(platform.system_user(options))),
        (id, Some("extendedcredits")) if id == options.business_id && system => {
            platform.may_use_credit().map(|()| context.page(lines.iter().map(line).collect()))
        }
        (id, None) if system && is_line => credit_line(context, id, &lines),
        (id, _) if id == options.credit_line_id && !platform.credit_line => Err(Refusal::unknown_object(id)),
        _ => return None,
    };
    Some(done)
}

fn line(id: &String) -> Value {
    json!({ "id": id, "legal_entity_name": "Simulated platform" })
}

fn credit_line(context: &Context<'_>, id: &str, lines: &[String]) -> Done {
    let known = lines.iter().find(|known| *known == id).ok_or_else(|| Refusal::unknown_object(id))?;
    context.meta.world().platform.may_use_credit()?;
    Ok(context.select(line(known)))
}

/// `POST /<app>/subscriptions`, after the handshake.
pub(super) fn subscribe(context: &Context<'_>, app: &str) -> Done {
    if app != context.meta.options.app_id {
        return Err(Refusal::unknown_object(app));
    }
    if context.bearer != Bearer::App {
        return Err(Refusal::new(400, 15, "(#15) This method must be called with an app access_token."));
    }
    if context.required("object")? != "whatsapp_business_account" {
        return Err(Refusal::parameter("(#100) Param object must be one of the objects of this app's products."));
    }
    context.required("verify_token")?;
    context.meta.world().platform.subscribe(context.required("callback_url")?, context.required("fields")?)
}

/// The callback that a request wants for the app, and its verify token: Meta calls it before it answers. Only for the
/// app itself, so that nobody else makes Meta call an address.
pub(super) fn callback<'a>(meta: &Meta, request: &'a GraphRequest) -> Option<(&'a str, &'a str)> {
    let (app, own) = (meta.options.app_id.as_str(), format!("{}|{}", meta.options.app_id, meta.options.app_secret));
    let by_app = request.token.as_ref() == Some(&own) && meta.world().platform.app_secret;
    let is_meant = request.method == "POST" && request.segments() == [app, "subscriptions"] && by_app;
    let given = |name| request.parameter(name).filter(|value| !value.is_empty());
    is_meant.then_some(())?;
    given("callback_url").zip(given("verify_token"))
}
