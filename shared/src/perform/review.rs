//! Reviews that Meta has to approve: the account, the business, the payment method.

use super::Customer;
use crate::domain::failure::{Actor, Class, Failure, Waiting};
use crate::domain::grant::VerifiedWaba;
use crate::domain::meta_status::{Attribute, status_value};
use crate::domain::onboarding::Onboarding;
use crate::domain::progress::Finding;
use crate::graph::calls::waba::{ReadWaba, Waba};

async fn read(customer: &Customer<'_>, waba: &VerifiedWaba) -> Result<Waba, Failure> {
    customer.call(&ReadWaba { waba: waba.id() }).await
}

fn needs(actor: Actor, waiting: Waiting, code: &str) -> Failure {
    Failure::new(Class::Needs(actor, waiting), code)
}

/// Done unless Meta says that the account review is pending, or that the account was rejected.
pub(super) async fn account(customer: &Customer<'_>, waba: &VerifiedWaba) -> Result<Finding, Failure> {
    let read = read(customer, waba).await?;
    match read.account_review_status.as_deref().and_then(status_value).as_deref() {
        Some("PENDING") => Err(needs(Actor::Meta, Waiting::AccountReview, "account.review_pending")),
        Some("REJECTED" | "RESTRICTED") => {
            Err(needs(Actor::Customer, Waiting::AccountReview, "account.review_rejected"))
        }
        _ => Ok(Finding::Status(read.status_values())),
    }
}

/// Meta asked for a certification of the business: done once the business is verified or certified.
pub(super) async fn business(
    customer: &Customer<'_>,
    waba: &VerifiedWaba,
    onboarding: &Onboarding,
) -> Result<Finding, Failure> {
    let read = read(customer, waba).await?;
    let certified = onboarding.facts.value(Attribute::Certification) == Some("APPROVED");
    match read.business_verification_status.as_deref().and_then(status_value).as_deref() {
        _ if certified => Ok(Finding::Status(read.status_values())),
        Some("VERIFIED") => Ok(Finding::Status(read.status_values())),
        Some("PENDING") => Err(needs(Actor::Meta, Waiting::BusinessVerification, "business.pending")),
        _ => Err(needs(Actor::Customer, Waiting::BusinessVerification, "business.unverified")),
    }
}

pub(super) async fn payment_method(customer: &Customer<'_>, waba: &VerifiedWaba) -> Result<Finding, Failure> {
    match read(customer, waba).await?.primary_funding_id {
        Some(_) => Ok(Finding::Nothing),
        None => Err(needs(Actor::Customer, Waiting::PaymentMethod, "payment_method.none")),
    }
}
