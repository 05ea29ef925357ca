//! Templates are saved, published, and then marked as published, so that a consumer of an event can already read the
//! saved state. If the process crashes in between, the next poll publishes the rest under the same ids.

use crate::domain::ids::WabaId;
use crate::domain::template::Template;
use crate::events::Publisher;
use crate::queue::QueueError;
use crate::store::{Store, StoreError, Versioned};
use crate::telemetry;
use futures_util::future::join_all;

/// The current state of a template, and the version of the record it replaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replacement {
    /// The current state; [`Template::unpublished`] says whether it still has to be published.
    pub template: Template,
    /// The version that was read; `None` when there was no record.
    pub version: Option<u64>,
}

/// Saves templates and publishes those that are unpublished. A template that was saved concurrently by another process
/// is left to the next poll.
///
/// # Errors
/// The outer error is the table's, the inner one the queue's.
pub async fn save_and_publish(
    store: &Store,
    publisher: &Publisher,
    waba: &WabaId,
    replacements: &[Replacement],
) -> Result<Result<(), QueueError>, StoreError> {
    let save = async |one: &Replacement| store.save_template(waba, &one.template, one.version).await;
    let saved = join_all(replacements.iter().map(save)).await;
    let mut stored = Vec::new();
    for (one, version) in replacements.iter().zip(saved) {
        match version {
            Ok(version) => stored.push(Versioned { record: one.template.clone(), version }),
            Err(StoreError::Conflict) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(publish(store, publisher, waba, &stored).await)
}

/// Publishes the saved templates that are unpublished. One that could not be marked as published is published again.
///
/// # Errors
/// [`QueueError`] when one could not be published.
pub async fn publish(
    store: &Store,
    publisher: &Publisher,
    waba: &WabaId,
    stored: &[Versioned<Template>],
) -> Result<(), QueueError> {
    let unpublished: Vec<&Versioned<Template>> = stored.iter().filter(|held| held.record.unpublished).collect();
    let events = unpublished.iter().map(|held| publisher.template_changed(waba, &held.record));
    let sent = publisher.send_all(events.collect::<Result<_, _>>()?).await;
    let note = async |held: &Versioned<Template>| {
        let template = Template { unpublished: false, ..held.record.clone() };
        match store.save_template(waba, &template, Some(held.version)).await {
            // A concurrent save decides itself whether its state is published.
            Ok(_) | Err(StoreError::Conflict) => {}
            Err(error) => tracing::warn!(error = telemetry::chain(&error), "template not marked as published"),
        }
    };
    let of_these = unpublished.iter().zip(&sent).filter(|(_, sent)| sent.is_ok()).map(|(held, _)| note(held));
    join_all(of_these).await;
    sent.into_iter().collect()
}
