//! Sends a message: acceptance, refusal, and the statuses that follow.

use super::{Context, Done};
use crate::meta::Meta;
use crate::refusal::Refusal;
use crate::world::{Bearer, Message};
use serde_json::{Value, json};

pub(super) fn send(context: &Context<'_>, id: &str) -> Done {
    if !matches!(context.bearer, Bearer::Business(_)) {
        return Err(Refusal::permission("(#200) You do not have the necessary permissions to send messages."));
    }
    if context.required("messaging_product")? != "whatsapp" {
        return Err(Refusal::parameter("(#100) Param messaging_product must be one of {WHATSAPP}"));
    }
    let body = context.request.body.clone().unwrap_or_default();
    let kind = context.required("type")?;
    if body.get(kind).is_none() {
        return Err(Refusal::parameter(format!("(#100) The parameter {kind} is required.")));
    }
    let to = body.get("to").or(body.get("recipient")).and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut world = context.meta.world();
    let number = world.id();
    let phone = world.phone_mut(&context.bearer, id)?;
    if phone.status != "CONNECTED" {
        return Err(Refusal::new(400, 133_010, "(#133010) Account not registered"));
    }
    let outcome = if phone.outcomes.is_empty() { "delivered".to_owned() } else { phone.outcomes.remove(0) };
    if let Some(code) = outcome.strip_prefix("refused:").and_then(|code| code.parse().ok()) {
        let status = if matches!(code, 131_000 | 131_016) { 500 } else { 400 };
        return Err(Refusal::new(status, code, "(#0) Refused by the script"));
    }
    let (wamid, waba) = (format!("wamid.{number}"), phone.waba.clone());
    let reference = body.get("biz_opaque_callback_data").and_then(Value::as_str).map(str::to_owned);
    world
        .messages
        .insert(wamid.clone(), Message { phone: id.to_owned(), reference: reference.clone(), at: context.now });
    drop(world);
    let sent = SentMessage { waba, phone: id.to_owned(), wamid: wamid.clone(), reference, at: context.now };
    sent.becomes(context.meta, &outcome);
    let digits: String = to.chars().filter(char::is_ascii_digit).collect();
    Ok(json!({
        "messaging_product": "whatsapp",
        "contacts": [{ "input": to, "wa_id": digits }],
        "messages": [{ "id": wamid }],
    }))
}

/// Identifies the message in its statuses.
pub(crate) struct SentMessage {
    pub(crate) waba: String,
    pub(crate) phone: String,
    pub(crate) wamid: String,
    pub(crate) reference: Option<String>,
    pub(crate) at: i64,
}

impl SentMessage {
    /// Sends the scripted statuses.
    fn becomes(&self, meta: &Meta, outcome: &str) {
        match outcome.strip_prefix("failed:").map(str::parse::<u32>) {
            Some(Ok(code)) => self.report(meta, "failed", Some(code)),
            _ if outcome == "silent" => {}
            _ => ["sent", "delivered"].iter().for_each(|status| self.report(meta, status, None)),
        }
    }

    pub(crate) fn report(&self, meta: &Meta, status: &str, code: Option<u32>) {
        let mut report = json!({
            "id": self.wamid,
            "status": status,
            "timestamp": self.at.to_string(),
            "recipient_id": "16505551234",
        });
        if let (Some(report), Some(reference)) = (report.as_object_mut(), &self.reference) {
            report.insert("biz_opaque_callback_data".to_owned(), json!(reference));
        }
        if let (Some(report), Some(code)) = (report.as_object_mut(), code) {
            report.insert("errors".to_owned(), json!([{ "code": code, "title": "Ordered", "message": "Ordered" }]));
        }
        let value = json!({
            "messaging_product": "whatsapp",
            "metadata": { "display_phone_number": "15550783881", "phone_number_id": self.phone },
            "statuses": [report],
        });
        let change = json!({ "field": "messages", "value": value });
        let body =
            json!({ "object": "whatsapp_business_account", "entry": [{ "id": self.waba, "changes": [change] }] });
        meta.webhooks.send(&body);
    }
}
