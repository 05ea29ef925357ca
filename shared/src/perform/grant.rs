//! Proves the account: what the token was granted, and what can be read with it.

use super::Customer;
use crate::domain::failure::{Actor, Class, Failure, Waiting};
use crate::domain::grant::{VerifiedWaba, choose_waba, verify_waba};
use crate::domain::onboarding::Onboarding;
use crate::domain::time::Timestamp;
use crate::graph::call::Auth;
use crate::graph::calls::oauth::DebugToken;
use crate::graph::calls::waba::ReadWaba;
use std::collections::BTreeSet;

/// Returns what was proven, when the token expires, and its scopes for the account.
pub(super) async fn verify(
    customer: &Customer<'_>,
    onboarding: &Onboarding,
) -> Result<(VerifiedWaba, Option<Timestamp>, BTreeSet<String>), Failure> {
    let inspected = customer.graph.call(&DebugToken { token: customer.token }, Auth::App).await;
    let facts = inspected.map_err(|error| own_fault(error.failure()))?.data;
    let claim = &onboarding.claim;
    for scope in facts.unknown_whatsapp_scopes() {
        // Scopes changed in June 2026, and signups of whole platforms stopped; this makes the next change visible
        // early.
        tracing::warn!(scope, "Meta granted an unknown WhatsApp scope");
    }
    let chosen = choose_waba(claim, &facts.grant(customer.graph.app()), onboarding.entitlement.as_ref())?;
    let read = customer.call(&ReadWaba { waba: &chosen }).await?;
    let owner = read
        .owner_business_info
        .ok_or_else(|| Failure::new(Class::Needs(Actor::Operator, Waiting::Meta), "grant.owner_unknown"))?;
    let scopes = facts.scopes_for(&chosen);
    Ok((verify_waba(&chosen, &read.id, &owner.id, claim)?, facts.ends_at(), scopes))
}

/// An invalid app token has to be fixed by the operator; it does not mean that the customer's token is invalid.
pub(super) fn own_fault(failure: Failure) -> Failure {
    match failure.class {
        Class::TokenDead => {
            Failure::new(Class::Needs(Actor::Operator, Waiting::Meta), "app.token_refused").refused_with(failure.meta)
        }
        _ => failure,
    }
}
