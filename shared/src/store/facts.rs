//! Saving a fact that arrived from outside an onboarding's own steps.

use super::{Save, Store, StoreError};
use crate::domain::ids::OnboardingId;
use crate::domain::onboarding::Onboarding;
use crate::domain::operation::Operation;
use crate::domain::progress::{Fact, advance, advance_by};
use crate::domain::time::Moment;

/// How often a fact is applied to a newer record before the caller has to come again. Each round somebody's save succeeds,
/// so that twenty who come at once are all served; a round is two calls of a few milliseconds.
const CONFLICTS: usize = 25;

/// What became of a fact.
#[derive(Debug)]
pub enum Recorded {
    /// There is no such onboarding.
    Unknown,
    /// It was known already, or no longer concerns the record.
    Unchanged,
    /// The record changed: its job is to be enqueued.
    Changed(Box<Onboarding>),
}

impl Store {
    /// Applies a fact to an onboarding, and again to a newer record while somebody else saves first.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable, or others were faster every time.
    pub async fn record(&self, id: &OnboardingId, fact: &Fact, moment: Moment) -> Result<Recorded, StoreError> {
        self.record_by(id, fact, None, moment).await
    }

    /// As [`Store::record`]; who asked for the operation is saved with the fact.
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
        for _ in 0..CONFLICTS {
            let Some(held) = self.onboarding(id).await? else {
                return Ok(Recorded::Unknown);
            };
            let (after, timeline) = match operation {
                Some(operation) => advance_by(&held.record, fact, operation, moment),
                None => advance(&held.record, fact, moment),
            };
            if after == held.record {
                return Ok(Recorded::Unchanged);
            }
            let save = Save { version: held.version, before: &held.record, after: &after, timeline: &timeline };
            match self.save(&save).await {
                Err(StoreError::Conflict) => {}
                saved => return saved.map(|()| Recorded::Changed(Box::new(after))),
            }
        }
        Err(StoreError::Conflict)
    }
}
