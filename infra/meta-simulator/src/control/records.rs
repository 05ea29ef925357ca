//! Changes of accounts, numbers and tokens outside the Graph API.

use super::Shared;
use crate::graph::SentMessage;
use crate::world::{Allocation, Phone, Standing};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WabaChange {
    /// The customer adds or removes its own payment method.
    payment_method: Option<bool>,
    /// The customer stops or starts sharing the account with the platform.
    shared_with_platform: Option<bool>,
    /// Grants the token another account.
    grant: Option<String>,
    /// Meta's review of the account, reported by webhook.
    review: Option<String>,
    /// Meta's verification of the business.
    verification: Option<String>,
    /// Our app's subscription disappears without a webhook.
    unsubscribe: Option<bool>,
    /// Another partner's app is subscribed to the account.
    other_app: Option<String>,
    /// How Meta refuses the account and its numbers to tokens that stay valid: `100/33`, `10`, `200`, `3`; empty: not.
    refused_with: Option<String>,
    /// Scopes of the tokens of the account.
    scopes: Option<Vec<String>>,
}

/// One account with its numbers, and the credit shared with its owner.
pub(super) async fn waba(State(meta): Shared, Path(id): Path<String>) -> Result<Json<Value>, StatusCode> {
    let world = meta.world();
    let waba = world.wabas.get(&id).ok_or(StatusCode::NOT_FOUND)?;
    let phones: Vec<&Phone> = waba.phones.iter().filter_map(|phone| world.phones.get(phone)).collect();
    let shares: Vec<&Allocation> = world.allocations.values().filter(|share| share.business == waba.owner).collect();
    Ok(Json(json!({ "waba": waba, "phones": phones, "allocations": shares })))
}

pub(super) async fn change_waba(
    State(meta): Shared,
    Path(id): Path<String>,
    Json(change): Json<WabaChange>,
) -> Result<StatusCode, StatusCode> {
    let mut world = meta.world();
    let funding = world.id();
    let waba = world.wabas.get_mut(&id).ok_or(StatusCode::NOT_FOUND)?;
    if let Some(pays) = change.payment_method {
        waba.primary_funding_id = pays.then_some(funding);
    }
    if let Some(shared) = change.shared_with_platform {
        waba.shared_with_platform = shared;
    }
    if let Some(verification) = change.verification {
        waba.verification = verification;
    }
    if change.unsubscribe == Some(true) {
        waba.subscribed.clear();
    }
    waba.subscribed.extend(change.other_app);
    if let Some(code) = change.refused_with {
        waba.refused_with = Some(code).filter(|code| !code.is_empty());
    }
    if let Some(review) = change.review {
        waba.review.clone_from(&review);
        meta.webhooks.send(&meta.webhooks.body(&id, "account_review_update", &json!({ "decision": review })));
    }
    if let Some(other) = change.grant {
        let tokens = world.tokens.values_mut().filter(|token| token.wabas.contains(&id));
        tokens.for_each(|token| token.wabas.push(other.clone()));
    }
    if let Some(scopes) = change.scopes {
        let tokens = world.tokens.values_mut().filter(|token| token.wabas.contains(&id));
        tokens.for_each(|token| token.scopes.clone_from(&scopes));
    }
    Ok(StatusCode::NO_CONTENT)
}

/// The two shapes of Meta's own samples for a number that was disconnected in the WhatsApp Business app.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Shape {
    /// Names the number (page "onboarding WhatsApp Business app users").
    Number,
    /// Names the account (page "account_update").
    Account,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Disconnection {
    shape: Shape,
    reason: String,
    initiated_by: String,
    /// Whether the number is still connected: Meta's news may be late.
    #[serde(default)]
    still_connected: bool,
}

/// A number is disconnected in the WhatsApp Business app; Meta reports it.
pub(super) async fn disconnect(
    State(meta): Shared,
    Path(id): Path<String>,
    Json(order): Json<Disconnection>,
) -> Result<StatusCode, StatusCode> {
    let mut world = meta.world();
    let phone = world.phones.get_mut(&id).ok_or(StatusCode::NOT_FOUND)?;
    if !order.still_connected {
        "DISCONNECTED".clone_into(&mut phone.status);
    }
    let number: String = phone.display_phone_number.chars().filter(char::is_ascii_digit).collect();
    let account = phone.waba.clone();
    let owner = world.wabas.get(&account).map(|waba| waba.owner.clone()).ok_or(StatusCode::NOT_FOUND)?;
    drop(world);
    let info = json!({ "reason": order.reason, "initiated_by": order.initiated_by });
    let (entry, value) = match order.shape {
        Shape::Number => {
            let value = json!({ "phone_number": number, "event": "PARTNER_REMOVED", "disconnection_info": info });
            (account, value)
        }
        Shape::Account => {
            let named = json!({ "waba_id": account, "owner_business_id": owner });
            let value = json!({ "event": "PARTNER_REMOVED", "waba_info": named, "disconnection_info": info });
            (meta.options.business_id.clone(), value)
        }
    };
    meta.webhooks.send(&meta.webhooks.body(&entry, "account_update", &value));
    Ok(StatusCode::NO_CONTENT)
}

/// A number is deleted from its account, or moved to another one, without a webhook.
pub(super) async fn delete_phone(State(meta): Shared, Path(id): Path<String>) -> StatusCode {
    let mut world = meta.world();
    world.phones.remove(&id);
    world.wabas.values_mut().for_each(|waba| waba.phones.retain(|phone| *phone != id));
    StatusCode::NO_CONTENT
}

/// The customer removes the platform: its tokens become invalid and Meta reports it.
pub(super) async fn leave(State(meta): Shared, Path(id): Path<String>) -> Result<StatusCode, StatusCode> {
    let mut world = meta.world();
    let waba = world.wabas.get_mut(&id).ok_or(StatusCode::NOT_FOUND)?;
    waba.shared_with_platform = false;
    let owner = waba.owner.clone();
    world.tokens.values_mut().filter(|token| token.wabas.contains(&id)).for_each(|token| token.valid = false);
    drop(world);
    let value = json!({ "event": "PARTNER_REMOVED", "waba_info": { "waba_id": id, "owner_business_id": owner } });
    meta.webhooks.send(&meta.webhooks.body(&id, "account_update", &value));
    Ok(StatusCode::NO_CONTENT)
}

/// The account's tokens become invalid without a webhook, as after a password change.
pub(super) async fn revoke_tokens(State(meta): Shared, Path(id): Path<String>) -> StatusCode {
    let mut world = meta.world();
    world.tokens.values_mut().filter(|token| token.wabas.contains(&id)).for_each(|token| token.valid = false);
    StatusCode::NO_CONTENT
}

/// The references of the messages a number has sent.
pub(super) async fn sent_messages(State(meta): Shared, Path(phone): Path<String>) -> Json<Value> {
    let world = meta.world();
    let sent = world.messages.values().filter(|message| message.phone == phone);
    Json(json!(sent.map(|message| &message.reference).collect::<Vec<_>>()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StatusOrder {
    status: String,
    code: Option<u32>,
}

/// Meta reports a status of a message.
pub(super) async fn report_status(
    State(meta): Shared,
    Path(wamid): Path<String>,
    Json(order): Json<StatusOrder>,
) -> Result<StatusCode, StatusCode> {
    let sent = {
        let world = meta.world();
        let message = world.messages.get(&wamid).ok_or(StatusCode::NOT_FOUND)?;
        let waba = world.phones.get(&message.phone).map(|phone| phone.waba.clone()).ok_or(StatusCode::NOT_FOUND)?;
        SentMessage { waba, wamid: wamid.clone(), sent: message.clone() }
    };
    sent.report(&meta, &order.status, order.code);
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PhoneChange {
    /// Outcomes of its next messages.
    outcomes: Option<Vec<String>>,
    pin: Option<String>,
    /// Two-step verification is disabled.
    #[serde(default)]
    no_pin: bool,
    standing: Option<Standing>,
    status: Option<String>,
    /// The display name's review, reported by webhook when it is complete.
    name_status: Option<String>,
    /// A foreign callback.
    webhook_override: Option<String>,
}

pub(super) async fn change_phone(
    State(meta): Shared,
    Path(id): Path<String>,
    Json(change): Json<PhoneChange>,
) -> Result<StatusCode, StatusCode> {
    let mut world = meta.world();
    let phone = world.phones.get_mut(&id).ok_or(StatusCode::NOT_FOUND)?;
    phone.pin = change.pin.or(phone.pin.take()).filter(|_| !change.no_pin);
    phone.standing = change.standing.unwrap_or_else(|| phone.standing.clone());
    if let Some(name) = change.name_status {
        phone.name_status.clone_from(&name);
        let number: String = phone.display_phone_number.chars().filter(char::is_ascii_digit).collect();
        let value = json!({ "display_phone_number": number, "decision": name, "requested_verified_name": "A name" });
        meta.webhooks.send(&meta.webhooks.body(&phone.waba.clone(), "phone_number_name_update", &value));
    }
    phone.webhook_override = change.webhook_override.or(phone.webhook_override.take());
    if let Some(status) = change.status {
        phone.status = status;
    }
    phone.outcomes.extend(change.outcomes.unwrap_or_default());
    Ok(StatusCode::NO_CONTENT)
}
