//! Onboardings that no browser began: hosted signups, app-only installs, and signups whose browser went away.

use super::{WorkError, Worker};
use crate::clock;
use crate::domain::claim::Claim;
use crate::domain::ids::{AttemptId, CustomerRef, OnboardingId, WabaId};
use crate::domain::onboarding::{Onboarding, Phase};
use crate::domain::progress::TimelineEntry;
use crate::domain::session::{Flow, Role};
use crate::domain::time::Timestamp;
use crate::perform::Performer;
use crate::store::{Held, Partnership, StoreError};

impl<P: Performer + Sync> Worker<P> {
    /// Begins an onboarding for an account that Meta announced, unless a signup has it by now.
    pub(super) async fn begin_announced(&self, waba: &WabaId, deadline: Timestamp) -> Result<(), WorkError> {
        let Some(announced) = self.store.partnership(waba).await?.filter(|held| held.record.due.is_some()) else {
            return Ok(());
        };
        let owner = self.store.owner(waba).await?;
        if owner.is_some_and(|owner| !owner.released) {
            let over = Partnership { due: None, ..announced.record };
            return match self.store.save_partnership(waba, &over, Some(announced.version)).await {
                Ok(()) | Err(StoreError::Conflict) => Ok(()),
                Err(error) => Err(error.into()),
            };
        }
        let now = clock::now();
        let onboarding = begun(waba, &announced, self.role, now);
        let entry = TimelineEntry::new(now, "announced", None);
        match self.store.begin_announced(waba, &announced, &onboarding, &[entry]).await {
            Ok(()) => self.work(&onboarding.id, deadline).await,
            Err(StoreError::Conflict) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// Nobody's yet: its customer is named after the portfolio, until a session's signup proves to have the account.
fn begun(waba: &WabaId, announced: &Held<Partnership>, role: Role, now: Timestamp) -> Onboarding {
    let business = announced.record.business.clone();
    let customer = CustomerRef::of_portfolio(&business);
    let attempt = AttemptId::new(now, rand::random());
    let phase = Phase::Fetching { attempt, business: business.clone(), due: now, tries: 0 };
    let claim = Claim { waba: Some(waba.clone()), business: Some(business), ..Claim::default() };
    let id = OnboardingId::new(now, rand::random());
    let begun = Onboarding::begin(id, customer, role, Flow::Default, phase, claim, now);
    Onboarding { timeline_length: 1, ..begun }
}
