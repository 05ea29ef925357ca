//! Templates that are stored, told, and noted as told: who was told can look it up, and what a process that died in between
//! has not told is told by the next poll, under the same id.

use crate::domain::ids::WabaId;
use crate::domain::template::Template;
use crate::events::Publisher;
use crate::queue::QueueError;
use crate::store::{Store, StoreError, Versioned};
use crate::telemetry;
use futures_util::future::join_all;

/// What is known of a template now, and the version of the record it takes the place of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replacement {
    /// As it is now; [`Template::unpublished`] says whether the platform is told.
    pub template: Template,
    /// The version that was read; `None` when there was no record.
    pub version: Option<u64>,
}

/// Stores templates, and tells those that are unpublished. One of which somebody else stored something meanwhile is left to the
/// next poll.
///
/// # Errors
/// What the table refused; within, what could not be told.
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

/// Tells those of the stored templates that are unpublished. What is not noted as told afterwards is told again.
///
/// # Errors
/// [`QueueError`] when one could not be told.
pub async fn publish(
    store: &Store,
    publisher: &Publisher,
    waba: &WabaId,
    stored: &[Versioned<Template>],
) -> Result<(), QueueError> {
    let unpublished: Vec<&Versioned<Template>> = stored.iter().filter(|held| held.record.unpublished).collect();
    let events = unpublished.iter().map(|held| publisher.template_changed(waba, &held.record));
    let told = publisher.send_all(events.collect::<Result<_, _>>()?).await;
    let note = async |held: &Versioned<Template>| {
        let template = Template { unpublished: false, ..held.record.clone() };
        match store.save_template(waba, &template, Some(held.version)).await {
            // Who stored something newer meanwhile says itself whether it is told.
            Ok(_) | Err(StoreError::Conflict) => {}
            Err(error) => tracing::warn!(error = telemetry::chain(&error), "a template is not noted as told"),
        }
    };
    let of_these = unpublished.iter().zip(&told).filter(|(_, told)| told.is_ok()).map(|(held, _)| note(held));
    join_all(of_these).await;
    told.into_iter().collect()
}
