//! Platform events, sent to `PlatformEventsQueue`.

mod operation;
mod platform;

use crate::domain::failure::Actor;
use crate::domain::grant::VerifiedPhone;
use crate::domain::ids::{PhoneNumberId, WabaId};
use crate::domain::message::{Message, Retry, sentence};
use crate::domain::migration::{self, Migration, compare};
use crate::domain::onboarding::{Onboarding, PendingEvent};
use crate::domain::template::Template;
use crate::domain::time::Timestamp;
use crate::domain::wording;
use crate::queue::{Queue, QueueError};
use crate::webhook::change::Change;
use crate::webhook::cloud_event::CloudEvent;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

/// Largest message that SQS accepts (1 MiB).
const LARGEST_MESSAGE: usize = 1024 * 1024;

/// SQS accepts XML characters only. In JSON, the characters it rejects can only occur in strings, where they can be
/// escaped.
fn for_sqs(json: &str) -> String {
    json.replace('\u{fffe}', "\\ufffe").replace('\u{ffff}', "\\uffff")
}

/// Sends platform events.
#[derive(Debug, Clone)]
pub struct Publisher {
    queue: Queue,
    source: String,
}

#[derive(Serialize)]
struct OnboardingData<'a> {
    onboarding_id: &'a str,
    customer_ref: &'a str,
    state: &'static str,
    waba_id: Option<&'a str>,
    phone_number_id: Option<&'a str>,
    phone_number_ids: Vec<&'a str>,
    waiting_for: Option<&'static str>,
    who_acts: Option<Actor>,
    code: Option<String>,
    message: Option<&'static str>,
    /// What differs from how it was set up.
    drift: Vec<&'a str>,
    token_expires_at: Option<String>,
}

#[derive(Serialize)]
struct TemplateData<'a> {
    waba_id: &'a str,
    id: &'a str,
    name: &'a str,
    language: &'a str,
    status: &'a str,
    category: Option<&'a str>,
    correct_category: Option<&'a str>,
    quality: Option<&'a str>,
    reason: Option<&'a str>,
}

#[derive(Serialize)]
struct WebhookData<'a> {
    entry_id: &'a str,
    field: &'a str,
    time: Option<String>,
    value: &'a RawValue,
}

impl Publisher {
    /// A publisher that names `source` as the origin of its events.
    #[must_use]
    pub fn new(queue: Queue, source: &str) -> Self {
        Self { queue, source: source.to_owned() }
    }

    /// Sends one pending event of an onboarding. Its data is the onboarding's current state; its id is derived from the
    /// fact.
    ///
    /// # Errors
    /// [`QueueError`] when the queue did not accept it.
    pub async fn onboarding(&self, onboarding: &Onboarding, event: &PendingEvent) -> Result<(), QueueError> {
        if event.operation.is_some() {
            return self.saved_operation(event, operation::of_onboarding(onboarding)).await;
        }
        let obstacle = onboarding.obstacle();
        let waba = onboarding.waba.as_ref().map(|waba| waba.id().as_str());
        let data = OnboardingData {
            onboarding_id: onboarding.id.as_str(),
            customer_ref: onboarding.customer_ref.as_str(),
            state: onboarding.state().as_str(),
            waba_id: waba,
            phone_number_id: onboarding.phone.as_ref().map(|phone| phone.id().as_str()),
            phone_number_ids: onboarding.numbers.keys().map(PhoneNumberId::as_str).collect(),
            drift: onboarding.drift.iter().map(String::as_str).collect(),
            token_expires_at: onboarding.token_expires_at.map(Timestamp::to_rfc3339),
            waiting_for: obstacle
                .as_ref()
                .and_then(|obstacle| obstacle.waiting_for)
                .map(super::domain::failure::Waiting::as_str),
            who_acts: obstacle.as_ref().map(|obstacle| obstacle.actor),
            message: obstacle.as_ref().map(wording::sentence),
            code: obstacle.map(|obstacle| obstacle.code),
        };
        self.send(&event.kind, waba, event.at, &data, &[onboarding.id.as_str(), &event.discriminator]).await
    }

    /// Sends one pending event of a message. Its data is the message's current state; its id is derived from the fact.
    ///
    /// # Errors
    /// [`QueueError`] when the queue did not accept it.
    pub async fn message(&self, message: &Message, event: &PendingEvent) -> Result<(), QueueError> {
        if event.operation.is_some() {
            return self.saved_operation(event, operation::of_message(message)).await;
        }
        let due = match &message.retry {
            Retry::Scheduled { due, .. } => Some(due.to_rfc3339()),
            Retry::None | Retry::AwaitsWindow { .. } | Retry::Cancelled { .. } => None,
        };
        let code = event.discriminator.split_once(':').map_or("", |(_, code)| code);
        let data = serde_json::json!({
            "message_id": message.id,
            "onboarding_id": message.onboarding,
            "phone_number_id": message.phone,
            "type": message.kind,
            "state": message.state(),
            "wamids": message.attempts.iter().map(|attempt| &attempt.wamid).collect::<Vec<_>>(),
            "code": code,
            "message": sentence(code),
            "retry_at": due,
        });
        let identity = [message.id.as_str(), &event.discriminator];
        self.send(&event.kind, Some(message.waba.as_str()), event.at, &data, &identity).await
    }

    /// Sends one pending event of a phone number migration. Its data is the migration's current state; its id is
    /// derived from the fact.
    ///
    /// # Errors
    /// [`QueueError`] when the queue did not accept it.
    pub async fn migration(&self, migration: &Migration, event: &PendingEvent) -> Result<(), QueueError> {
        if event.operation.is_some() {
            return self.saved_operation(event, operation::of_migration(migration)).await;
        }
        let code = event.discriminator.split_once(':').map(|(_, code)| code).filter(|code| !code.is_empty());
        let data = serde_json::json!({
            "move_id": migration.id,
            "onboarding_id": migration.onboarding,
            "customer_ref": migration.customer_ref,
            "state": migration.state(),
            "phone_number_id": migration.phone.as_ref().map(VerifiedPhone::id),
            "who_acts": migration.actor(),
            "code": code,
            "message": code.map(migration::sentence),
            "comparison": compare(migration.before.as_ref(), migration.after.as_ref()),
        });
        let identity = [migration.id.as_str(), &event.discriminator];
        self.send(&event.kind, Some(migration.waba.as_str()), event.at, &data, &identity).await
    }

    /// `whatsapp.template.changed.v1`: the current state of a template.
    ///
    /// # Errors
    /// [`QueueError`] when it cannot be encoded.
    pub fn template_changed(&self, waba: &WabaId, template: &Template) -> Result<String, QueueError> {
        let data = TemplateData {
            waba_id: waba.as_str(),
            id: template.id.as_str(),
            name: &template.name,
            language: &template.language,
            status: &template.status,
            category: template.category.as_deref(),
            correct_category: template.correct_category.as_deref(),
            quality: template.quality.as_deref(),
            reason: template.reason.as_deref(),
        };
        let at = template.newest_at();
        let identity = to_raw_value(&data).map_err(|_| QueueError("encode".to_owned()))?;
        let identity = [identity.get(), &at.as_millis().to_string()];
        self.text("whatsapp.template.changed.v1", Some(waba.as_str()), at, &data, &identity)
    }

    /// `whatsapp.webhook.received.v1`: a change, forwarded unmodified. Its id is derived from its content, so that a
    /// redelivery in another batch has the same id; message fields carry their own ids and times.
    ///
    /// # Errors
    /// [`QueueError`] when it cannot be encoded.
    pub fn webhook(&self, change: &Change<'_>, received_at: Timestamp) -> Result<String, QueueError> {
        let waba = change.waba();
        let subject = waba.as_ref().map(WabaId::as_str);
        let (data, when) = whole(change);
        let identity = [&*change.entry_id, &*change.field, &*when, change.value.get()];
        self.text("whatsapp.webhook.received.v1", subject, change.time.unwrap_or(received_at), &data, &identity)
    }

    /// `whatsapp.webhook.quarantined.v1`: a change that was not applied to any record, with the reason; forwarded
    /// unmodified.
    ///
    /// # Errors
    /// [`QueueError`] when it cannot be encoded.
    pub fn quarantined(
        &self,
        change: &Change<'_>,
        received_at: Timestamp,
        code: &'static str,
    ) -> Result<String, QueueError> {
        #[derive(Serialize)]
        struct Quarantined<'a> {
            code: &'static str,
            change: WebhookData<'a>,
        }
        let (change_data, when) = whole(change);
        let data = Quarantined { code, change: change_data };
        let identity = [code, &*change.entry_id, &*change.field, &*when, change.value.get()];
        self.text("whatsapp.webhook.quarantined.v1", None, change.time.unwrap_or(received_at), &data, &identity)
    }

    /// `whatsapp.webhook.unreadable.v1`: signed by Meta, but not in a documented format; forwarded unmodified.
    ///
    /// # Errors
    /// [`QueueError`] when it cannot be encoded.
    pub fn unreadable(&self, part: &str, received_at: Timestamp) -> Result<String, QueueError> {
        #[derive(Serialize)]
        struct Unreadable<'a> {
            text: &'a str,
        }
        self.text("whatsapp.webhook.unreadable.v1", None, received_at, &Unreadable { text: part }, &[part])
    }

    /// Sends encoded events; returns for each whether the queue accepted it.
    pub async fn send_all(&self, events: Vec<String>) -> Vec<Result<(), QueueError>> {
        self.queue.send_all(events).await
    }

    async fn send<D: Serialize + Sync>(
        &self,
        kind: &str,
        subject: Option<&str>,
        at: Timestamp,
        data: &D,
        identity: &[&str],
    ) -> Result<(), QueueError> {
        self.queue.send(self.text(kind, subject, at, data, identity)?).await
    }

    /// An event in its queue format. If it is too large for SQS, its data is replaced by the number of omitted bytes.
    fn text<D: Serialize>(
        &self,
        kind: &str,
        subject: Option<&str>,
        at: Timestamp,
        data: &D,
        identity: &[&str],
    ) -> Result<String, QueueError> {
        let encode = |_| QueueError("encode".to_owned());
        let data = to_raw_value(data).map_err(encode)?;
        let text = |data: &RawValue| {
            let event = CloudEvent::new(&self.source, kind, subject, at, data, identity);
            serde_json::to_string(&event).map(|text| for_sqs(&text)).map_err(encode)
        };
        let whole = text(&data)?;
        if whole.len() <= LARGEST_MESSAGE {
            return Ok(whole);
        }
        let omitted = to_raw_value(&serde_json::json!({ "omitted_bytes": data.get().len() })).map_err(encode)?;
        text(&omitted)
    }
}

/// A change as it is forwarded, and the time that is part of its identity.
fn whole<'a>(change: &'a Change<'_>) -> (WebhookData<'a>, String) {
    let time = change.time.map(Timestamp::to_rfc3339);
    let when = if change.field == "messages" { String::new() } else { time.clone().unwrap_or_default() };
    (WebhookData { entry_id: &change.entry_id, field: &change.field, time, value: change.value }, when)
}
