//! Onboardings that start without a browser: hosted signups, app-only installs, and signups whose browser was closed.

use super::{WorkError, Worker};
use crate::clock;
use crate::domain::ids::{AttemptId, OnboardingId, WabaId};
use crate::domain::progress::begin_announced;
use crate::domain::time::Timestamp;
use crate::perform::Performer;
use crate::store::{Partnership, StoreError};

impl<P: Performer + Sync> Worker<P> {
    /// Starts an onboarding for an account announced by Meta, unless a signup has claimed it in the meantime.
    ///
    /// # Errors
    /// [`WorkError`] when the infrastructure fails; the announcement then still states when it is due.
    pub async fn begin_announced(&self, waba: &WabaId, deadline: Timestamp) -> Result<(), WorkError> {
        let Some(announced) = self.store.partnership(waba).await?.filter(|held| held.record.due.is_some()) else {
            return Ok(());
        };
        if self.is_taken_care_of(waba, announced.record.at).await? {
            let over = Partnership { due: None, ..announced.record };
            return match self.store.save_partnership(waba, &over, Some(announced.version)).await {
                Ok(()) | Err(StoreError::Conflict) => Ok(()),
                Err(error) => Err(error.into()),
            };
        }
        let now = clock::now();
        let ids = (OnboardingId::new(now, rand::random()), AttemptId::new(now, rand::random()));
        let (onboarding, timeline) = begin_announced(ids, self.role, waba, &announced.record.business, now);
        match self.store.begin_announced(waba, &announced, &onboarding, &timeline).await {
            Ok(()) => self.work(&onboarding.id, deadline).await,
            Err(StoreError::Conflict) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether a record owns the account, or owned it when it was announced: an announcement older than the end of a
    /// connection does not start a new one.
    async fn is_taken_care_of(&self, waba: &WabaId, announced_at: Timestamp) -> Result<bool, WorkError> {
        let Some(owner) = self.store.owner(waba).await? else { return Ok(false) };
        if !owner.released {
            return Ok(true);
        }
        let last = self.store.onboarding(&owner.onboarding).await?;
        Ok(last.is_some_and(|last| announced_at < last.record.phase_since.before_this_second()))
    }
}
