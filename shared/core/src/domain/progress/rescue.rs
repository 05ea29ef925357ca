//! Recovers an exchange that did not finish.

use super::Fact;
use crate::domain::entitlement::Entitlement;
use crate::domain::ids::{BusinessId, WabaId};
use crate::domain::onboarding::{Onboarding, Phase};

/// The token is in the vault; or Meta accepted the code, and its token may be requested again; or the customer has to
/// launch the signup again. `announced` lists the accounts announced by Meta. The browser's claim is ignored: anybody
/// who can post a code can claim any account.
#[must_use]
pub fn rescue(onboarding: &Onboarding, stored: bool, announced: &[(WabaId, BusinessId)]) -> Option<Fact> {
    let Phase::Exchanging { attempt, .. } = &onboarding.phase else { return None };
    let attempt = attempt.clone();
    if stored {
        return Some(Fact::TokenStored(attempt));
    }
    let portfolio = match &onboarding.entitlement {
        Some(Entitlement::CodeAccepted(granted)) => granted.portfolio(announced),
        Some(Entitlement::Announced { .. } | Entitlement::Assigned { .. }) | None => None,
    };
    Some(match portfolio {
        Some(business) => Fact::TokenFetchPlanned(attempt, business),
        None => Fact::ExchangeFailed(attempt, "exchange.lost"),
    })
}
