//! Onboardings that did not begin in a browser: hosted signups, app-only installs, and signups whose browser was
//! closed.

use super::{WorkError, Worker};
use crate::clock;
use crate::domain::claim::Claim;
use crate::domain::entitlement::Entitlement;
use crate::domain::ids::{AttemptId, CustomerRef, OnboardingId, WabaId};
use crate::domain::onboarding::{Onboarding, Phase};
use crate::domain::progress::TimelineEntry;
use crate::domain::session::{Flow, Role};
use crate::domain::time::Timestamp;
use crate::perform::Performer;
use crate::store::{Partnership, StoreError, Versioned};

impl<P: Performer + Sync> Worker<P> {
    /// Begins an onboarding for an account that Meta announced, unless a signup has claimed it by now.
    pub(super) async fn begin_announced(&self, waba: &WabaId, deadline: Timestamp) -> Result<(), WorkError> {
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
        let onboarding = begun(waba, &announced, self.role, now);
        let entry = TimelineEntry::new(now, "announced", None);
        match self.store.begin_announced(waba, &announced, &onboarding, &[entry]).await {
            Ok(()) => self.work(&onboarding.id, deadline).await,
            Err(StoreError::Conflict) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether a record has the account, or had it at that time: an announcement older than the end of a connection
    /// does not begin a new one.
    async fn is_taken_care_of(&self, waba: &WabaId, announced_at: Timestamp) -> Result<bool, WorkError> {
        let Some(owner) = self.store.owner(waba).await? else { return Ok(false) };
        if !owner.released {
            return Ok(true);
        }
        let last = self.store.onboarding(&owner.onboarding).await?;
        Ok(last.is_some_and(|last| announced_at < last.record.phase_since.before_this_second()))
    }
}

/// An unclaimed record: its customer reference is derived from the portfolio until a session's signup proves the
/// account.
fn begun(waba: &WabaId, announced: &Versioned<Partnership>, role: Role, now: Timestamp) -> Onboarding {
    let business = announced.record.business.clone();
    let customer = CustomerRef::of_portfolio(&business);
    let attempt = AttemptId::new(now, rand::random());
    let phase = Phase::Fetching { attempt, business: business.clone(), due: now, tries: 0 };
    let claim = Claim { waba: Some(waba.clone()), business: Some(business), ..Claim::default() };
    let id = OnboardingId::new(now, rand::random());
    let begun = Onboarding::begin(id, customer, role, Flow::Default, phase, claim, now);
    let entitlement = Some(Entitlement::Announced { waba: waba.clone() });
    Onboarding { timeline_length: 1, entitlement, ..begun }
}
