//! Sends a message: acceptance, refusal, and the statuses that follow.

use super::{Context, Done};
use crate::meta::Meta;
use crate::refusal::Refusal;
use crate::world::{Bearer, Message, People, Person, Phone};
use serde_json::{Map, Value, json};

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
    let recipient = Recipient::read(&body)?;
    let mut world = context.meta.world();
    let number = world.id();
    let phone = world.phone_mut(&context.bearer, id)?;
    if phone.status != "CONNECTED" {
        return Err(Refusal::new(400, 133_010, "(#133010) Account not registered"));
    }
    let outcome = scripted(phone)?;
    let (wamid, waba) = (format!("wamid.{number}"), phone.waba.clone());
    let reference = body.get("biz_opaque_callback_data").and_then(Value::as_str).map(str::to_owned);
    let to = recipient.person(&world.people);
    let sent = SentMessage {
        waba,
        wamid: wamid.clone(),
        sent: Message { phone: id.to_owned(), reference, at: context.now, to },
    };
    world.messages.insert(wamid.clone(), sent.sent.clone());
    drop(world);
    sent.becomes(context.meta, &outcome);
    Ok(json!({
        "messaging_product": "whatsapp",
        "contacts": [recipient.contact(&sent.sent.to)],
        "messages": [{ "id": wamid }],
    }))
}

/// The outcome of a number's next message.
fn scripted(phone: &mut Phone) -> Result<String, Refusal> {
    let outcome = if phone.outcomes.is_empty() { "delivered".to_owned() } else { phone.outcomes.remove(0) };
    match outcome.strip_prefix("refused:").and_then(|code| code.parse().ok()) {
        Some(code @ (131_000 | 131_016)) => Err(Refusal::new(500, code, "(#0) Refused by the script")),
        Some(code) => Err(Refusal::new(400, code, "(#0) Refused by the script")),
        None => Ok(outcome),
    }
}

/// Whom a message is addressed to. `to` takes precedence (Meta: "Business-scoped user IDs").
enum Recipient {
    Number(String),
    User(String),
}

impl Recipient {
    fn read(body: &Value) -> Result<Self, Refusal> {
        let text = |name: &str| body.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        match (text("to"), text("recipient")) {
            (Some(to), _) => Ok(Self::Number(to.to_owned())),
            (None, Some(user)) => Ok(Self::User(user.to_owned())),
            (None, None) => Err(Refusal::parameter("(#100) The parameter to is required.")),
        }
    }

    fn person(&self, people: &People) -> Person {
        match self {
            Self::Number(number) => people.with_number(number),
            Self::User(user) => people.with_user_id(user),
        }
    }

    /// The number only if sent to a number, the user id only if sent to one.
    fn contact(&self, person: &Person) -> Value {
        match self {
            Self::Number(input) => json!({ "input": input, "wa_id": person.wa_id }),
            Self::User(input) => json!({ "input": input, "user_id": person.user_id }),
        }
    }
}

/// Identifies the message in its statuses.
pub(crate) struct SentMessage {
    pub(crate) waba: String,
    pub(crate) wamid: String,
    pub(crate) sent: Message,
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

    /// A failed message names the recipient's number only, and no contacts.
    pub(crate) fn report(&self, meta: &Meta, status: &str, code: Option<u32>) {
        let Message { phone, reference, at, to } = &self.sent;
        let mut report = Map::from_iter([
            ("id".to_owned(), json!(self.wamid)),
            ("status".to_owned(), json!(status)),
            ("timestamp".to_owned(), json!(at.to_string())),
        ]);
        let mut add = |name: &str, value: Option<Value>| report.extend(value.map(|value| (name.to_owned(), value)));
        add("recipient_id", to.wa_id.as_ref().map(|number| json!(number)));
        add("recipient_user_id", code.is_none().then(|| json!(to.user_id)));
        add("biz_opaque_callback_data", reference.as_ref().map(|reference| json!(reference)));
        add("errors", code.map(|code| json!([{ "code": code, "title": "Ordered", "message": "Ordered" }])));
        let mut value = json!({
            "messaging_product": "whatsapp",
            "metadata": { "display_phone_number": "15550783881", "phone_number_id": phone },
            "statuses": [report],
        });
        if let (Some(value), None) = (value.as_object_mut(), code) {
            value.insert("contacts".to_owned(), json!([to.contact()]));
        }
        let change = json!({ "field": "messages", "value": value });
        let body =
            json!({ "object": "whatsapp_business_account", "entry": [{ "id": self.waba, "changes": [change] }] });
        meta.webhooks.send(&body);
    }
}
