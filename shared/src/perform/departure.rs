//! Verifies at Meta a report that the customer has left.

use super::access::{self, Access};
use super::grant::own_fault;
use super::{Customer, OnboardingSteps};
use crate::domain::failure::Failure;
use crate::domain::onboarding::{Extent, Onboarding};
use crate::domain::progress::Fact;
use crate::graph::call::Auth;
use crate::graph::calls::oauth::DebugToken;

impl OnboardingSteps {
    /// Whether the customer has left; `None` when Meta could not be asked, and the check is repeated later.
    pub(super) async fn confirm_departure(&self, onboarding: &Onboarding) -> Option<Fact> {
        let attempt = onboarding.stored_attempt()?.clone();
        match self.access(onboarding).await {
            Ok(Access::Open) => Some(Fact::DepartureNotConfirmed(attempt)),
            Ok(Access::Lost) => Some(Fact::DepartureConfirmed(attempt, Extent::Everything)),
            Ok(Access::TokenDead) => Some(Fact::DepartureConfirmed(attempt, Extent::WithoutToken)),
            Err(failure) => {
                tracing::warn!(onboarding.id = %onboarding.id, error.code = failure.code, "departure neither confirmed nor refuted");
                None
            }
        }
    }

    async fn access(&self, onboarding: &Onboarding) -> Result<Access, Failure> {
        let token = match onboarding.stored_attempt() {
            Some(attempt) => self.vault.business_token(attempt).await?,
            None => None,
        };
        let Some(token) = token else { return Ok(Access::TokenDead) };
        let customer = Customer { graph: &self.graph, token: &token };
        if let Some(waba) = &onboarding.waba {
            return access::check_whole(&customer, waba, onboarding).await;
        }
        // No account is proven yet: only the token itself can be checked.
        let inspected = self.graph.call(&DebugToken { token: &token }, Auth::App).await;
        let facts = inspected.map_err(|error| own_fault(error.failure()))?.data;
        Ok(if facts.is_valid { Access::Open } else { Access::TokenDead })
    }
}
