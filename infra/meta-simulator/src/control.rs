//! `/_sim/`: the control API for tests and people.

mod people;
mod records;
mod templates;

use crate::faults::Fault;
use crate::meta::Meta;
use crate::signup::Signup;
use crate::world::{Platform, World};
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

type Shared = State<Arc<Meta>>;

pub(crate) fn router() -> Router<Arc<Meta>> {
    Router::new()
        .route("/_sim/signups", post(sign_up))
        .route("/_sim/faults", post(add_fault).delete(clear_faults))
        .route("/_sim/clock", post(advance_clock))
        .route("/_sim/state", get(state))
        .route("/_sim/calls", get(calls))
        .route("/_sim/violations", get(violations))
        .route("/_sim/webhooks", get(deliveries).post(send_webhook))
        .route("/_sim/handshake", post(handshake))
        .route("/_sim/reset", post(reset))
        .route("/_sim/wabas/{waba}", get(records::waba).post(records::change_waba).delete(records::leave))
        .route("/_sim/wabas/{waba}/revoke", post(records::revoke_tokens))
        .route("/_sim/phones/{phone}", post(records::change_phone).delete(records::delete_phone))
        .route("/_sim/phones/{phone}/disconnect", post(records::disconnect))
        .route("/_sim/phones/{phone}/messages", get(records::sent_messages))
        .route("/_sim/phones/{phone}/people/{number}", post(people::act))
        .route("/_sim/messages/{wamid}", post(records::report_status))
        .route("/_sim/platform", post(change_platform))
        .route("/_sim/wabas/{waba}/templates", post(templates::create))
        .route("/_sim/wabas/{waba}/templates/{template}", post(templates::change))
        .route("/_sim/wabas/{waba}/templates/{template}", delete(templates::delete))
}

/// A customer completes the popup; Meta notifies the platform's portfolio.
async fn sign_up(State(meta): Shared, Json(signup): Json<Signup>) -> Json<Value> {
    let finished = signup.finish(&mut meta.world(), &meta.options, meta.clock.now());
    if finished.announced_as == "PARTNER_CLIENT_CERTIFICATION_NEEDED" {
        let client = json!({ "client_business_id": finished.owner });
        let value = json!({ "event": finished.announced_as, "partner_client_certification_needed_info": client });
        meta.webhooks.send(&meta.webhooks.body(&finished.waba, "account_update", &value));
    } else {
        let mut info = json!({ "waba_id": finished.waba, "owner_business_id": finished.owner });
        if finished.announced_as == "PARTNER_APP_INSTALLED" {
            info.as_object_mut().into_iter().for_each(|info| {
                info.insert("partner_app_id".to_owned(), json!(meta.options.app_id));
            });
        }
        let value = json!({ "event": finished.announced_as, "waba_info": info });
        // Meta's sample names the partner's portfolio as the entry of this event.
        meta.webhooks.send(&meta.webhooks.body(&meta.options.business_id, "account_update", &value));
    }
    Json(json!({ "code": finished.code, "event": finished.event, "data": finished.data, "waba_id": finished.waba }))
}

/// Replaces the platform's own setup; members that are not named are in order.
async fn change_platform(State(meta): Shared, Json(platform): Json<Platform>) -> StatusCode {
    meta.world().platform = platform;
    StatusCode::NO_CONTENT
}

async fn add_fault(State(meta): Shared, Json(fault): Json<Fault>) -> StatusCode {
    meta.faults().add(fault);
    StatusCode::CREATED
}

async fn clear_faults(State(meta): Shared) -> StatusCode {
    meta.faults().clear();
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    advance_seconds: i64,
}

async fn advance_clock(State(meta): Shared, Json(advance): Json<Advance>) -> Json<Value> {
    meta.clock.advance(advance.advance_seconds);
    Json(json!({ "now": meta.clock.now() }))
}

async fn state(State(meta): Shared) -> Json<Value> {
    Json(json!(*meta.world()))
}

async fn calls(State(meta): Shared) -> Json<Value> {
    Json(json!(meta.journal().calls))
}

async fn violations(State(meta): Shared) -> Json<Value> {
    Json(json!(meta.journal().violations))
}

async fn deliveries(State(meta): Shared) -> Json<Value> {
    Json(json!(meta.journal().deliveries))
}

/// How a scripted webhook is signed.
#[derive(Deserialize, Default)]
#[serde(rename_all = "snake_case")]
enum Signature {
    #[default]
    Valid,
    Wrong,
    None,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scripted {
    /// JSON, or text that is sent unchanged.
    body: Value,
    #[serde(default)]
    signature: Signature,
}

/// Sends one webhook once and returns how it was answered.
async fn send_webhook(State(meta): Shared, Json(scripted): Json<Scripted>) -> Json<Value> {
    let body = scripted.body.as_str().map_or_else(|| scripted.body.to_string(), str::to_owned);
    let signature = match scripted.signature {
        Signature::Valid => Some(meta.webhooks.sign(body.as_bytes())),
        Signature::Wrong => Some(format!("sha256={}", "0".repeat(64))),
        Signature::None => None,
    };
    Json(json!({ "status": meta.webhooks.deliver(&body, signature, 1).await }))
}

/// Performs the handshake that saving the webhook form in the app dashboard performs.
async fn handshake(State(meta): Shared) -> Json<Value> {
    Json(json!({ "verified": meta.webhooks.handshake().await }))
}

async fn reset(State(meta): Shared) -> StatusCode {
    *meta.world() = World::default();
    meta.faults().clear();
    meta.clock.reset();
    *meta.journal() = crate::journal::Journal::default();
    StatusCode::NO_CONTENT
}
