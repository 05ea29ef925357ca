//! Saves facts that do not come from an onboarding's own steps.

use super::update::Updated;
use super::{Store, StoreError};
use crate::domain::ids::OnboardingId;
use crate::domain::onboarding::Onboarding;
use crate::domain::operation::Operation;
use crate::domain::progress::{Fact, advance, advance_all, advance_by};
use crate::domain::time::Moment;

/// Result of recording a fact.
#[derive(Debug)]
pub enum Recorded {
    /// There is no such onboarding.
    Unknown,
    /// It was already known, or no longer concerns the record.
    Unchanged,
    /// The record changed: the caller enqueues its job.
    Changed(Box<Onboarding>),
}

impl Store {
    /// Applies a fact to an onboarding; after a version conflict, to the newer record.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable, or every attempt ended in a version conflict.
    pub async fn record(&self, id: &OnboardingId, fact: &Fact, moment: Moment) -> Result<Recorded, StoreError> {
        self.record_by(id, fact, None, moment).await
    }

    /// Like [`Store::record`], for several facts in one save.
    ///
    /// # Errors
    /// As [`Store::record`].
    pub async fn record_all(&self, id: &OnboardingId, facts: &[Fact], moment: Moment) -> Result<Recorded, StoreError> {
        let decide =
            |before: Option<&Onboarding>| Ok::<_, StoreError>(before.map(|before| advance_all(before, facts, moment)));
        Ok(recorded(self.update(id, decide).await?))
    }

    /// Like [`Store::record`]; also saves who requested the operation.
    ///
    /// # Errors
    /// As [`Store::record`].
    pub async fn record_by(
        &self,
        id: &OnboardingId,
        fact: &Fact,
        operation: Option<&Operation>,
        moment: Moment,
    ) -> Result<Recorded, StoreError> {
        let decide = |before: Option<&Onboarding>| {
            Ok::<_, StoreError>(before.map(|before| match operation {
                Some(operation) => advance_by(before, fact, operation, moment),
                None => advance(before, fact, moment),
            }))
        };
        Ok(recorded(self.update(id, decide).await?))
    }
}

fn recorded(updated: Updated<Onboarding>) -> Recorded {
    match updated {
        Updated::Saved(saved) => Recorded::Changed(Box::new(saved.record)),
        Updated::Unchanged(Some(_)) => Recorded::Unchanged,
        Updated::Unchanged(None) => Recorded::Unknown,
    }
}
