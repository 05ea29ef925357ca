//! Proving the account: what the token was granted, and what can be read with it.

use super::Customer;
use crate::domain::claim::Claim;
use crate::domain::failure::{Actor, Class, Failure, Waiting};
use crate::domain::grant::{Grant, VerifiedWaba, choose_waba, verify_waba};
use crate::domain::progress::Finding;
use crate::graph::call::Auth;
use crate::graph::calls::oauth::DebugToken;
use crate::graph::calls::waba::ReadWaba;

pub(super) async fn verify(customer: &Customer<'_>, claim: &Claim) -> Result<VerifiedWaba, Failure> {
    let inspected = customer.graph.call(&DebugToken { token: customer.token }, Auth::App).await;
    let facts = inspected.map_err(|error| own_fault(error.failure()))?.data;
    let grant = Grant {
        is_valid: facts.is_valid,
        is_ours: facts.app_id.as_deref() == Some(customer.graph.app().as_str()),
        has_whatsapp_scope: facts.has_whatsapp_scope(),
        wabas: facts.wabas(),
    };
    let chosen = choose_waba(claim, &grant)?;
    let read = customer.call(&ReadWaba { waba: &chosen }).await?;
    let owner = read
        .owner_business_info
        .ok_or_else(|| Failure::new(Class::Needs(Actor::Operator, Waiting::Meta), "grant.owner_unknown"))?;
    verify_waba(&chosen, &read.id, &owner.id, claim)
}

/// A dead app token is the operator's business, not a dead token of the customer.
fn own_fault(failure: Failure) -> Failure {
    match failure.class {
        Class::TokenDead => {
            Failure { class: Class::Needs(Actor::Operator, Waiting::Meta), code: "app.token_refused".to_owned() }
        }
        Class::Later | Class::LaterAfter(_) | Class::Needs(..) | Class::Hold => failure,
    }
}

pub(super) async fn payment_method(customer: &Customer<'_>, waba: &VerifiedWaba) -> Result<Finding, Failure> {
    match customer.call(&ReadWaba { waba: waba.id() }).await?.primary_funding_id {
        Some(_) => Ok(Finding::Nothing),
        None => Err(Failure::new(Class::Needs(Actor::Customer, Waiting::PaymentMethod), "payment_method.none")),
    }
}
