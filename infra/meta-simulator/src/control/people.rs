//! What people do: they write, stop marketing messages, and change their number or user id.

use super::Shared;
use crate::meta::Meta;
use crate::world::Person;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Deed {
    /// Writes a text to the business.
    Writes(String),
    /// Moves WhatsApp to this number, which also gives a new user id.
    ChangesNumber(String),
    /// WhatsApp knows the number in this form. Nothing is reported.
    IsKnownAs(String),
    /// Gets a new user id.
    ChangesUserId,
    /// Stops (`stop`) or resumes (`resume`) marketing messages. Reported by user id only, as for people with a username.
    Prefers(String),
}

/// A person with a number does something that a business learns by webhook.
pub(super) async fn act(
    State(meta): Shared,
    Path((phone, number)): Path<(String, String)>,
    Json(deed): Json<Deed>,
) -> Result<Json<Value>, StatusCode> {
    let mut world = meta.world();
    let waba = world.phones.get(&phone).map(|phone| phone.waba.clone()).ok_or(StatusCode::NOT_FOUND)?;
    let before = world.people.with_number(&number);
    let after = match &deed {
        Deed::ChangesNumber(new) => world.people.with_number(new),
        Deed::ChangesUserId => world.people.renew(&number),
        Deed::IsKnownAs(form) => return Ok(Json(json!(world.people.is_known_as(&number, form)))),
        Deed::Writes(_) | Deed::Prefers(_) => before.clone(),
    };
    drop(world);
    let (field, value) = told(&deed, &before, &after, meta.clock.now());
    report(&meta, (&waba, &phone), field, value);
    Ok(Json(json!(after)))
}

/// The webhook that reports a deed.
fn told(deed: &Deed, before: &Person, after: &Person, now: i64) -> (&'static str, Value) {
    match deed {
        Deed::Writes(text) => {
            let message = json!({ "from": before.wa_id, "from_user_id": before.user_id, "type": "text", "text": { "body": text } });
            ("messages", json!({ "contacts": [before.contact()], "messages": [message] }))
        }
        Deed::ChangesNumber(_) => {
            let system = json!({
                "type": "user_changed_number", "body": "User changed number", "wa_id": after.wa_id,
                "user_id": after.user_id, "previous_user_id": before.user_id,
            });
            ("messages", json!({ "messages": [{ "from": before.wa_id, "type": "system", "system": system }] }))
        }
        Deed::ChangesUserId | Deed::IsKnownAs(_) => {
            let system = json!({
                "type": "user_changed_user_id", "body": "User changed id", "user_id": after.user_id,
                "previous_user_id": before.user_id,
            });
            ("messages", json!({ "messages": [{ "type": "system", "system": system }] }))
        }
        Deed::Prefers(value) => {
            let preference = json!({
                "user_id": before.user_id, "detail": "x", "category": "marketing_messages", "value": value,
                "timestamp": now,
            });
            ("user_preferences", json!({ "contacts": [], "user_preferences": [preference] }))
        }
    }
}

fn report(meta: &Meta, (waba, phone): (&str, &str), field: &str, mut value: Value) {
    let at = meta.clock.now().to_string();
    if let Some(Value::Object(message)) = value.pointer_mut("/messages/0") {
        message.insert("id".to_owned(), json!(format!("wamid.in.{at}")));
        message.insert("timestamp".to_owned(), json!(at));
    }
    if let Some(value) = value.as_object_mut() {
        value.insert("messaging_product".to_owned(), json!("whatsapp"));
        let metadata = json!({ "display_phone_number": "15550783881", "phone_number_id": phone });
        value.insert("metadata".to_owned(), metadata);
    }
    meta.webhooks.send(&meta.webhooks.body(waba, field, &value));
}
