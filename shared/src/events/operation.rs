//! Events that record who requested an operation of the API.

use super::Publisher;
use crate::domain::message::Message;
use crate::domain::migration::Migration;
use crate::domain::onboarding::{Onboarding, PendingEvent};
use crate::domain::operation::Operation;
use crate::domain::time::Timestamp;
use crate::queue::QueueError;
use serde::Serialize;
use std::collections::BTreeMap;

#[derive(Serialize)]
struct OperationData<'a> {
    operation: &'a str,
    actor: Actor<'a>,
    request_id: &'a str,
    target: BTreeMap<&'a str, &'a str>,
}

#[derive(Serialize)]
struct Actor<'a> {
    subject: Option<&'a str>,
    client: Option<&'a str>,
}

/// The account and the ids of a record.
pub(super) struct Target<'a> {
    waba: Option<&'a str>,
    ids: Vec<(&'static str, &'a str)>,
}

pub(super) fn of_onboarding(onboarding: &Onboarding) -> Target<'_> {
    let ids = vec![("onboarding_id", onboarding.id.as_str()), ("customer_ref", onboarding.customer_ref.as_str())];
    Target { waba: onboarding.waba.as_ref().map(|waba| waba.id().as_str()), ids }
}

pub(super) fn of_message(message: &Message) -> Target<'_> {
    let ids = vec![("onboarding_id", message.onboarding.as_str()), ("message_id", message.id.as_str())];
    Target { waba: Some(message.waba.as_str()), ids }
}

pub(super) fn of_migration(migration: &Migration) -> Target<'_> {
    let ids = vec![("onboarding_id", migration.onboarding.as_str()), ("move_id", migration.id.as_str())];
    Target { waba: Some(migration.waba.as_str()), ids }
}

impl Publisher {
    /// Sends `whatsapp.operation.requested.v1` for an operation that changes no stored record. It is sent before the
    /// operation starts, so that no operation goes unattributed.
    ///
    /// # Errors
    /// [`QueueError`] when the queue did not accept it.
    pub async fn operation(&self, operation: &Operation, now: Timestamp) -> Result<(), QueueError> {
        self.saved_operation(&operation.event(now), Target { waba: None, ids: Vec::new() }).await
    }

    pub(super) async fn saved_operation(&self, event: &PendingEvent, target: Target<'_>) -> Result<(), QueueError> {
        let Some(operation) = &event.operation else { return Ok(()) };
        let about = operation.about.iter().map(|(kind, id)| (kind.as_str(), id.as_str()));
        let data = OperationData {
            operation: &operation.name,
            actor: Actor { subject: operation.principal.subject(), client: operation.principal.client() },
            request_id: &operation.request_id,
            target: target.ids.into_iter().chain(about).collect(),
        };
        self.send(&event.kind, target.waba, event.at, &data, &[&event.discriminator]).await
    }
}
