//! The platform's own app, portfolio and credit line.

use super::{Context, Done};
use crate::refusal::Refusal;
use crate::world::Bearer;
use serde_json::json;

/// Answers a request for `id`; `None` if it does not belong to the platform.
pub(super) fn serve(context: &Context<'_>, id: &str, edge: Option<&str>) -> Option<Done> {
    let options = &context.meta.options;
    let platform = context.meta.world().platform.clone();
    let system = context.bearer == Bearer::System;
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
            let user = json!({ "id": options.system_user_id, "name": "Onboarding", "role": platform.system_user_role });
            Ok(json!({ "data": [user] }))
        }
        (id, None) if id == options.credit_line_id && system && platform.credit_line => {
            Ok(context.select(json!({ "id": id, "legal_entity_name": "Simulated platform" })))
        }
        (id, _) if id == options.credit_line_id && !platform.credit_line => Err(Refusal::unknown_object(id)),
        _ => return None,
    };
    Some(done)
}
