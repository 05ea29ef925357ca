//! Which record a signup belongs to: a new one, or the one that already has the account.

use super::{Customer, OnboardingSteps, bug, grant};
use crate::clock;
use crate::domain::entitlement::Entitlement;
use crate::domain::failure::{Class, Failure};
use crate::domain::grant::VerifiedWaba;
use crate::domain::ids::{BusinessId, OnboardingId, WabaId};
use crate::domain::joining::{bound_elsewhere, holder, may_go_on_in};
use crate::domain::limit::NewCustomer;
use crate::domain::meta_status::Attribute;
use crate::domain::onboarding::{Onboarding, Phase};
use crate::domain::progress::{Fact, Finding, RepeatSignup, rescue};
use crate::domain::time::Timestamp;

impl OnboardingSteps {
    pub(super) async fn verify(&self, customer: &Customer<'_>, onboarding: &Onboarding) -> Result<Finding, Failure> {
        let (waba, token_expires_at, scopes) = grant::verify(customer, onboarding).await?;
        if onboarding.waba.as_ref().is_some_and(|before| before.id() != waba.id()) {
            return Err(Failure::new(Class::Hold, "grant.other_account"));
        }
        let joins = self.holder(onboarding, &waba).await?;
        if joins.is_none() && onboarding.waba.is_none() {
            self.warn_of_limit(&waba, onboarding.created_at).await?;
        }
        let announced = self.store.partnership(waba.id()).await?;
        let uncertified = announced.is_some_and(|announced| announced.record.uncertified);
        let status = uncertified.then(|| (Attribute::Certification, "NEEDED".to_owned())).into_iter().collect();
        Ok(Finding::Account { waba, joins, token_expires_at, scopes, status })
    }

    /// The record that has the account, if it is another record of the same customer or an unclaimed one.
    async fn holder(&self, onboarding: &Onboarding, waba: &VerifiedWaba) -> Result<Option<OnboardingId>, Failure> {
        let owner = self.store.owner(waba.id()).await?;
        let other = owner.filter(|owner| !owner.released && owner.onboarding != onboarding.id);
        let Some(owner) = other else { return Ok(None) };
        // The account has an owner even if its record is missing.
        let held = self.store.onboarding(&owner.onboarding).await?.ok_or_else(bound_elsewhere)?;
        holder(onboarding, Some(&held.record))
    }

    /// Hands the token over; this record ends once the other one has it.
    pub(super) async fn join(&self, onboarding: &Onboarding) -> Result<Finding, Failure> {
        let (Some(other), Some(attempt)) = (&onboarding.joins, onboarding.token_attempt()) else { return Err(bug()) };
        let round = RepeatSignup {
            attempt: attempt.clone(),
            token_expires_at: onboarding.token_expires_at,
            customer_ref: onboarding.customer_ref.clone(),
            claim: onboarding.claim.clone(),
            entitlement: onboarding.entitlement.clone(),
            flow: onboarding.flow,
            callback_override: onboarding.callback_override.clone(),
        };
        self.store.record(other, &Fact::Rejoined(Box::new(round)), clock::moment()).await?;
        let held = self.store.onboarding(other).await?.ok_or_else(bug)?.record;
        match &held.phase {
            Phase::Left { .. } => Ok(Finding::Alone),
            _ if held.token_attempt() == Some(attempt) || held.retired.contains(attempt) => Ok(Finding::Nothing),
            _ if !may_go_on_in(onboarding, &held) => Err(bound_elsewhere()),
            _ => Err(Failure::new(Class::Later, "grant.owner_changed")),
        }
    }

    /// Notifies the platform how much of Meta's limit is used once it is nearly reached. The event id is always the
    /// same for the same customer.
    async fn warn_of_limit(&self, waba: &VerifiedWaba, began: Timestamp) -> Result<(), Failure> {
        let now = clock::now();
        let mut customers = self.store.new_customers(now).await?;
        customers.push(NewCustomer { business: waba.owner().clone(), at: began });
        let budget = self.limit.budget(&customers, now);
        if budget.is_near() {
            self.publisher.limit(&budget, waba.owner(), now).await?;
        }
        Ok(())
    }

    /// Determines the outcome of an exchange whose lease expired.
    pub(super) async fn rescue(&self, onboarding: &Onboarding) -> Option<Fact> {
        let Phase::Exchanging { attempt, .. } = &onboarding.phase else { return None };
        let outcome = async {
            let stored = self.vault.business_token(attempt).await?.is_some();
            let announced = self.announced(onboarding).await?;
            Ok::<_, Failure>(rescue(onboarding, stored, &announced))
        };
        match outcome.await {
            Ok(event) => {
                tracing::warn!(onboarding.id = %onboarding.id, "code exchange did not finish");
                event
            }
            Err(failure) => {
                tracing::error!(onboarding.id = %onboarding.id, error.code = failure.code, "outcome of the code exchange still unknown");
                None
            }
        }
    }

    /// What Meta announced about the accounts that the record is entitled to.
    async fn announced(&self, onboarding: &Onboarding) -> Result<Vec<(WabaId, BusinessId)>, Failure> {
        let mut announced = Vec::new();
        for waba in onboarding.entitlement.iter().flat_map(Entitlement::accounts) {
            let found = self.store.partnership(waba).await?;
            announced.extend(found.map(|held| (waba.clone(), held.record.business)));
        }
        Ok(announced)
    }
}
