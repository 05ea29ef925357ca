//! A record is saved with its events, they are sent, and then noted as sent, so that a consumer of an event can already
//! read the saved state. After a crash in between they are sent again under the same ids. A template has no list of
//! events: its newest state is published, and a flag says whether that was done.

use crate::domain::ids::WabaId;
use crate::domain::template::Template;
use crate::events::{Announcer, Publisher};
use crate::queue::QueueError;
use crate::store::{Store, StoreError, Updated, Versioned};
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

/// Sends the events in a record's outbox and saves that they were sent. Returns the record as it is stored afterwards.
///
/// # Errors
/// An error of the queue or of the table; the events are sent again when the record is due.
pub async fn publish_outbox<R: Announcer + Clone, E: From<StoreError> + From<QueueError>>(
    store: &Store,
    publisher: &Publisher,
    key: &R::Key,
    held: Versioned<R>,
) -> Result<Versioned<R>, E> {
    if held.record.outbox().is_empty() {
        return Ok(held);
    }
    publisher.send_outbox(&held.record).await?;
    let (sent, read) = (held.record.outbox().to_vec(), held.clone());
    let decide = |record: Option<&R>| Ok::<_, E>(record.map(|record| record.after_sending(&sent)));
    Ok(match store.update_read(key, Some(held), decide).await? {
        Updated::Saved(saved) => saved,
        Updated::Unchanged(newest) => newest.unwrap_or(read),
    })
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
