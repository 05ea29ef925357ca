//! The Graph API: for each request, faults are injected, the caller is authenticated, the operation is executed, and
//! the exchange is checked and recorded.

mod message;
mod oauth;
mod phone;
mod platform;
mod spoiled;
mod template;
pub(crate) mod upload;
mod waba;

pub(crate) use message::SentMessage;

use crate::connection::Scissors;
use crate::faults::Effect;
use crate::http::{GraphRequest, answer};
use crate::journal::Call;
use crate::meta::Meta;
use crate::openapi::{Exchange, Node};
use crate::refusal::Refusal;
use crate::world::{Bearer, Usage};
use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::Response;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Map, Value, json};
use sha2::Sha256;
use std::sync::Arc;
use std::time::Duration;

/// Maximum request body.
const LARGEST: usize = 16 * 1024 * 1024;

/// Result of an operation.
pub(crate) type Done = Result<Value, Refusal>;

/// Context of an operation.
pub(crate) struct Context<'a> {
    pub(crate) meta: &'a Meta,
    pub(crate) request: &'a GraphRequest,
    pub(crate) bearer: Bearer,
    pub(crate) now: i64,
}

impl Context<'_> {
    pub(crate) fn required(&self, name: &str) -> Result<&str, Refusal> {
        let missing = || Refusal::parameter(format!("(#100) The parameter {name} is required."));
        self.request.parameter(name).filter(|value| !value.is_empty()).ok_or_else(missing)
    }

    /// The members named in `fields`; the id is always included.
    pub(crate) fn select(&self, node: Value) -> Value {
        let Some(fields) = self.request.parameter("fields") else {
            return node;
        };
        let wanted: Vec<&str> = fields.split(',').map(str::trim).collect();
        match node {
            Value::Object(members) => {
                let kept = members.into_iter().filter(|(name, _)| name == "id" || wanted.contains(&name.as_str()));
                Value::Object(kept.collect::<Map<_, _>>())
            }
            other => other,
        }
    }

    /// One page of a list, according to `limit` and `after`.
    pub(crate) fn page(&self, items: Vec<Value>) -> Value {
        self.page_of(items, 100)
    }

    /// A page of at most this many items, whatever `limit` asks for.
    pub(crate) fn page_of(&self, items: Vec<Value>, most: usize) -> Value {
        let limit =
            self.request.parameter("limit").and_then(|limit| limit.parse().ok()).unwrap_or(25_usize).clamp(1, most);
        let start =
            self.request.parameter("after").and_then(|cursor| cursor.strip_prefix('c')?.parse().ok()).unwrap_or(0);
        let (all, end) = (items.len(), start + limit);
        let data: Vec<Value> = items.into_iter().skip(start).take(limit).map(|item| self.select(item)).collect();
        let cursors = json!({ "before": format!("c{start}"), "after": format!("c{}", end.min(all)) });
        let next = format!("{}{}?after=c{end}", self.meta.url, self.request.path);
        match all {
            0 => json!({ "data": data }),
            _ if end < all => json!({ "data": data, "paging": { "cursors": cursors, "next": next } }),
            _ => json!({ "data": data, "paging": { "cursors": cursors } }),
        }
    }
}

/// The router's fallback: every path outside the control API.
pub(crate) async fn serve(
    State(meta): State<Arc<Meta>>,
    ConnectInfo(scissors): ConnectInfo<Scissors>,
    request: Request,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, LARGEST).await else {
        return refuse(&Refusal::parameter("The request is too large."), &[]);
    };
    let Some(request) = GraphRequest::read(&parts, &body) else {
        return refuse(&Refusal::new(400, 2500, "Unknown path components, or a body that is no object."), &[]);
    };
    let effect = meta.faults().injection(&request.method, &request.path);
    if matches!(effect, Some(Effect::DropBefore)) {
        scissors.cut();
        return Response::default();
    }
    if let Some(Effect::Answer { status, body, headers }) = &effect {
        note(&meta, &request, "none", *status, true);
        let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
        return answer(*status, body, &headers);
    }
    if let Some(refused) = handshake(&meta, &request).await {
        let who = if refused.code == 2200 { "app" } else { "business" };
        note(&meta, &request, who, refused.status, effect.is_some());
        return refuse(&refused, &[]);
    }
    let asked_after = request.parameter("after").unwrap_or("c0").to_owned();
    let response = respond(&meta, &request, effect.is_some());
    match effect {
        Some(Effect::Delay { milliseconds }) => tokio::time::sleep(Duration::from_millis(milliseconds)).await,
        Some(Effect::DropAfter) => scissors.cut(),
        Some(Effect::HalfBody) => return spoiled::half(response).await,
        Some(Effect::RepeatCursor) => return spoiled::circle(response, &asked_after).await,
        _ => {}
    }
    response
}

/// Meta verifies a new callback before it accepts it. The wait for the platform's own page is no longer than that for a
/// webhook.
async fn handshake(meta: &Meta, request: &GraphRequest) -> Option<Refusal> {
    if let Some((url, token)) = platform::callback(meta, request) {
        let refusal = "(#2200) Callback verification failed with the following errors: HTTP Status Code = 403";
        return (!meta.webhooks.answers_at(url, token).await).then(|| Refusal::new(400, 2200, refusal));
    }
    let configuration = request.body.as_ref()?.get("webhook_configuration")?;
    let text = |name: &str| configuration.get(name).and_then(Value::as_str).unwrap_or_default();
    let (url, token) = (text("override_callback_uri"), text("verify_token"));
    if url.is_empty() || meta.webhooks.answers_at(url, token).await {
        return None;
    }
    Some(Refusal::parameter("(#100) The callback URL or verify token couldn't be validated."))
}

fn respond(meta: &Meta, request: &GraphRequest, fault: bool) -> Response<Body> {
    let now = meta.clock.now();
    let segments = request.segments();
    let node = kind(meta, segments.first().copied().unwrap_or_default());
    let usage = match (&node, segments.first()) {
        (Some(Node::Waba), Some(id)) => meta.world().count_call(id, now),
        _ => None,
    };
    let bearer = bearer(meta, request);
    let who = bearer.as_ref().map_or("refused", |bearer| bearer.as_ref().map_or("none", Bearer::kind));
    let done = match (usage, bearer) {
        (Some(usage), _) if usage.regain_minutes > 0 => Err(Refusal::new(
            400,
            80_008,
            "(#80008) There have been too many calls to this WhatsApp Business account. Wait a bit and try again.",
        )),
        (_, Err(refusal)) => Err(refusal),
        (_, Ok(None)) => oauth::without_bearer(meta, request, now),
        (_, Ok(Some(bearer))) => operate(&Context { meta, request, bearer, now }),
    };
    let trace = format!("A{now:x}");
    let (status, body) = match &done {
        Ok(body) => (200, body.clone()),
        Err(refusal) => (refusal.status, refusal.body(&trace)),
    };
    let exchange = Exchange {
        method: &request.method,
        path: &request.path,
        node,
        query: &request.query,
        body: request.body.as_ref(),
        status,
        response: Some(&body),
    };
    let violations = meta.document.check(&exchange);
    meta.journal().violations.extend(violations);
    note(meta, request, who, status, fault);
    answer(status, &body, &usage_header(meta, usage))
}

/// The caller, with the app secret proof where a token is used.
fn bearer(meta: &Meta, request: &GraphRequest) -> Result<Option<Bearer>, Refusal> {
    let Some(token) = &request.token else { return Ok(None) };
    let bearer = meta.world().bearer(&meta.options, token, meta.clock.now())?;
    let proven = match (request.parameter("appsecret_proof"), &bearer) {
        (_, Bearer::App) => true,
        _ if !meta.world().platform.app_secret => false,
        (Some(proof), _) => proof == self::proof(&meta.options.app_secret, token),
        (None, _) => false,
    };
    if proven {
        Ok(Some(bearer))
    } else {
        Err(Refusal::parameter("Invalid appsecret_proof provided in the API argument"))
    }
}

fn proof(secret: &str, token: &str) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return String::new();
    };
    mac.update(token.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

/// The kind of node an id belongs to: bare node paths look alike.
fn kind(meta: &Meta, id: &str) -> Option<Node> {
    let world = meta.world();
    if world.wabas.contains_key(id) {
        Some(Node::Waba)
    } else if world.phones.contains_key(id) {
        Some(Node::PhoneNumber)
    } else {
        None
    }
}

fn operate(context: &Context<'_>) -> Done {
    let request = context.request;
    if let ("GET", [id, edge @ ..]) = (request.method.as_str(), request.segments().as_slice())
        && let Some(done) = platform::serve(context, id, edge.first().copied())
    {
        return done;
    }
    match (request.method.as_str(), request.segments().as_slice()) {
        (_, [first, edge @ ..]) if upload::is_about(first, edge) => upload::serve(context, first),
        ("GET", ["debug_token"]) => oauth::debug_token(context),
        ("GET", ["me"]) => oauth::me(context),
        ("GET", [id]) => node(context, id),
        ("GET", [waba, "phone_numbers"]) => waba::phone_numbers(context, waba),
        ("GET", [waba, "subscribed_apps"]) => waba::subscribed_apps(context, waba),
        ("POST", [app, "subscriptions"]) => platform::subscribe(context, app),
        ("POST", [waba, "subscribed_apps"]) => waba::subscribe(context, waba),
        ("DELETE", [waba, "subscribed_apps"]) => waba::unsubscribe(context, waba),
        ("POST", [waba, "assigned_users"]) => waba::assign_user(context, waba),
        ("GET", [waba, "message_templates"]) => template::list(context, waba),
        ("POST", [waba, "message_templates"]) => template::create(context, waba),
        ("DELETE", [waba, "message_templates"]) => template::delete(context, waba),
        ("POST", [business, "system_user_access_tokens"]) => oauth::fetch_token(context, business),
        ("POST", [phone, "smb_app_data"]) => phone::sync_app_data(context, phone),
        ("POST", [node]) => template::edit(context, node).unwrap_or_else(|| phone::override_webhooks(context, node)),
        ("POST", [phone, "messages"]) => message::send(context, phone),
        ("POST", [phone, "register"]) => phone::register(context, phone),
        ("POST", [waba, "phone_numbers"]) => phone::add(context, waba),
        ("POST", [phone, "request_code"]) => phone::request_code(context, phone),
        ("POST", [phone, "verify_code"]) => phone::verify_code(context, phone),
        ("POST", [phone, "deregister"]) => phone::deregister(context, phone),
        ("GET", [line, "owning_credit_allocation_configs"]) => waba::allocations(context, line),
        ("POST", [line, "whatsapp_credit_sharing_and_attach"]) => waba::share_credit(context, line),
        ("DELETE", [allocation]) => waba::revoke_credit(context, allocation),
        (method, _) => Err(Refusal::parameter(format!("Unsupported {} request.", method.to_lowercase()))),
    }
}

fn node(context: &Context<'_>, id: &str) -> Done {
    match kind(context.meta, id) {
        Some(Node::Waba) => waba::read(context, id),
        Some(Node::PhoneNumber) => phone::read(context, id),
        _ => template::read(context, id).unwrap_or_else(|| waba::allocation(context, id)),
    }
}

fn note(meta: &Meta, request: &GraphRequest, bearer: &'static str, status: u16, fault: bool) {
    let call = Call {
        at: meta.clock.now(),
        method: request.method.clone(),
        path: request.path.clone(),
        query: request.shown(),
        body: request.shown_body(),
        bearer,
        status,
        fault,
    };
    meta.journal().calls.push(call);
}

/// `X-Business-Use-Case-Usage`, which Meta adds to calls on an account.
fn usage_header(meta: &Meta, usage: Option<Usage>) -> Vec<(&'static str, String)> {
    let header = |usage: Usage| {
        let usage = json!([{
            "type": "whatsapp_business_management",
            "call_count": usage.percent,
            "total_cputime": 0,
            "total_time": 0,
            "estimated_time_to_regain_access": usage.regain_minutes,
        }]);
        ("x-business-use-case-usage", json!({ meta.options.business_id.clone(): usage }).to_string())
    };
    usage.map(header).into_iter().collect()
}

fn refuse(refusal: &Refusal, headers: &[(&str, String)]) -> Response<Body> {
    answer(refusal.status, &refusal.body("A0"), headers)
}
