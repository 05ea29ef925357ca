//! Writes platform events as CloudEvents, in the form that SQS accepts.

use super::announcer::Announcer;
use super::operation::OperationData;
use crate::domain::ids::{BusinessId, WabaId};
use crate::domain::limit::Budget;
use crate::domain::operation::Operation;
use crate::domain::outbox::PendingEvent;
use crate::domain::template::Template;
use crate::domain::time::Timestamp;
use crate::queue::QueueError;
use crate::store::CreditPause;
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

/// Renders the events of one deployment.
#[derive(Debug, Clone)]
pub(super) struct Renderer {
    source: String,
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

impl Renderer {
    pub(super) fn new(source: &str) -> Self {
        Self { source: source.to_owned() }
    }

    /// An event of a record's outbox. Its data is the record's current state; its id is derived from the fact.
    pub(super) fn pending(&self, record: &impl Announcer, event: &PendingEvent) -> Result<String, QueueError> {
        let (waba, kind) = (record.waba(), &event.kind);
        match &event.operation {
            Some(operation) => {
                let data = OperationData::of(operation, &record.ids());
                self.text(kind, waba, event.at, &data, &[&event.discriminator])
            }
            None => {
                let data = to_raw_value(&record.data(event)).map_err(|_| QueueError("encode".to_owned()))?;
                self.text(kind, waba, event.at, &data, &[record.id(), &event.discriminator])
            }
        }
    }

    pub(super) fn operation(&self, operation: &Operation, now: Timestamp) -> Result<String, QueueError> {
        let event = operation.event(now);
        self.text(&event.kind, None, now, &OperationData::of(operation, &[]), &[&event.discriminator])
    }

    pub(super) fn limit(&self, budget: &Budget, newest: &BusinessId, now: Timestamp) -> Result<String, QueueError> {
        let data = serde_json::json!({
            "used": budget.used,
            "limit": budget.limit,
            "full_until": budget.full_until.map(Timestamp::to_rfc3339),
        });
        let identity = [newest.as_str(), &budget.used.to_string(), &budget.limit.to_string()];
        self.text("whatsapp.onboarding_limit.approached.v1", None, now, &data, &identity)
    }

    pub(super) fn credit_paused(&self, pause: &CreditPause, now: Timestamp) -> Result<String, QueueError> {
        let data = serde_json::json!({ "code": pause.code, "until": pause.until.to_rfc3339() });
        self.text("whatsapp.credit.paused.v1", None, now, &data, &[&pause.code, &pause.until.to_rfc3339()])
    }

    pub(super) fn template_changed(&self, waba: &WabaId, template: &Template) -> Result<String, QueueError> {
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

    pub(super) fn webhook(&self, change: &Change<'_>, received_at: Timestamp) -> Result<String, QueueError> {
        let waba = change.waba();
        let subject = waba.as_ref().map(WabaId::as_str);
        let (data, when) = whole(change);
        let identity = [&*change.entry_id, &*change.field, &*when, change.value.get()];
        self.text("whatsapp.webhook.received.v1", subject, change.time.unwrap_or(received_at), &data, &identity)
    }

    pub(super) fn quarantined(
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

    pub(super) fn unreadable(&self, part: &str, received_at: Timestamp) -> Result<String, QueueError> {
        #[derive(Serialize)]
        struct Unreadable<'a> {
            text: &'a str,
        }
        self.text("whatsapp.webhook.unreadable.v1", None, received_at, &Unreadable { text: part }, &[part])
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
