//! Codes and tokens.

use super::{Context, Done};
use crate::http::GraphRequest;
use crate::meta::Meta;
use crate::refusal::Refusal;
use crate::world::Bearer;
use serde_json::{Value, json};

/// Scopes of a business token.
const SCOPES: [&str; 3] = ["business_management", "whatsapp_business_management", "whatsapp_business_messaging"];

/// Calls without a token: the code exchange, whose credentials are in the query.
pub(super) fn without_bearer(meta: &Meta, request: &GraphRequest, now: i64) -> Done {
    match (request.method.as_str(), request.segments().as_slice()) {
        ("GET", ["oauth", "access_token"]) => exchange(meta, request, now),
        _ => Err(Refusal::new(
            400,
            2500,
            "An active access token must be used to query information about the current user.",
        )),
    }
}

fn exchange(meta: &Meta, request: &GraphRequest, now: i64) -> Done {
    let given = |name| request.parameter(name).unwrap_or_default();
    if given("client_id") != meta.options.app_id {
        return Err(Refusal::new(
            400,
            101,
            "Error validating application. Cannot get application info due to a system error.",
        ));
    }
    if given("client_secret") != meta.options.app_secret || !meta.world().platform.app_secret {
        return Err(Refusal::new(400, 1, "Error validating client secret."));
    }
    let token = meta.world().exchange(given("code"), request.parameter("redirect_uri"), now)?;
    Ok(json!({ "access_token": token, "token_type": "bearer" }))
}

pub(super) fn debug_token(context: &Context<'_>) -> Done {
    if matches!(context.bearer, Bearer::Business(_)) {
        return Err(Refusal::parameter(
            "(#100) You must provide an app access token, or a user access token that is an owner or developer of the app",
        ));
    }
    let inspected = context.required("input_token")?;
    if inspected == context.meta.options.system_token {
        return Ok(json!({ "data": context.meta.world().platform.token(&context.meta.options) }));
    }
    let world = context.meta.world();
    let Some(token) = world.tokens.get(inspected) else {
        let error = json!({ "code": 190, "message": "Invalid OAuth access token." });
        return Ok(json!({ "data": { "error": error, "is_valid": false, "scopes": [] } }));
    };
    let scopes: Vec<&str> =
        if token.scopes.is_empty() { SCOPES.to_vec() } else { token.scopes.iter().map(String::as_str).collect() };
    let granular = scopes.iter().map(|scope| {
        let targets = if *scope == "business_management" { vec![token.business.clone()] } else { token.wabas.clone() };
        json!({ "scope": scope, "target_ids": targets })
    });
    let granular: Vec<Value> =
        granular.filter(|scope| scope["target_ids"].as_array().is_some_and(|ids| !ids.is_empty())).collect();
    Ok(json!({ "data": {
        "app_id": token.app,
        "type": "SYSTEM_USER",
        "application": "Simulated platform",
        "expires_at": token.expires_at,
        "data_access_expires_at": 0,
        "is_valid": token.valid && !token.has_ended(context.now),
        "issued_at": token.issued_at,
        "scopes": scopes,
        "granular_scopes": granular,
        "user_id": "122000000000000",
    } }))
}

pub(super) fn me(context: &Context<'_>) -> Done {
    match &context.bearer {
        Bearer::System => {
            Ok(context.select(json!({ "id": context.meta.options.system_user_id, "name": "Onboarding system user" })))
        }
        Bearer::Business(token) => {
            let world = context.meta.world();
            let business = world.tokens.get(token).map(|token| token.business.clone());
            Ok(context.select(json!({ "id": "122000000000000", "client_business_id": business })))
        }
        Bearer::App => Err(Refusal::parameter("(#100) This call needs a user access token.")),
    }
}

/// The token of a customer that granted the app access without a code (Meta: hosted signup, app-only install).
pub(super) fn fetch_token(context: &Context<'_>, business: &str) -> Done {
    if context.bearer != Bearer::System {
        return Err(Refusal::permission("(#200) Requires business_management permission to manage the object"));
    }
    if context.required("fetch_only")? != "true" {
        return Err(Refusal::parameter("(#100) Only fetch_only is simulated."));
    }
    let mut world = context.meta.world();
    let shared: Vec<String> = world
        .wabas
        .values()
        .filter(|waba| waba.owner == business && waba.shared_with_platform)
        .map(|waba| waba.id.clone())
        .collect();
    if shared.is_empty() {
        return Err(Refusal::unknown_object(business));
    }
    let token = world.fetch(business, context.now).ok_or_else(|| Refusal::unknown_object(business))?;
    Ok(json!({ "access_token": token }))
}
