//! Our app's subscription to the account's webhooks.

use super::Customer;
use crate::domain::failure::{Class, Failure};
use crate::domain::grant::VerifiedWaba;
use crate::domain::progress::Finding;
use crate::graph::calls::waba::{ListSubscribedApps, SubscribeApp, UnsubscribeApp};
use crate::graph::error::is_refused_without_reason;

/// Subscribes unless already subscribed: a plain repeat makes Meta clear the account's callback override.
pub(super) async fn subscribe(customer: &Customer<'_>, waba: &VerifiedWaba) -> Result<Finding, Failure> {
    if is_subscribed(customer, waba).await? {
        return Ok(Finding::Nothing);
    }
    match customer.call(&SubscribeApp { waba }).await {
        Ok(_) => Ok(Finding::Nothing),
        Err(failure) if is_refused_without_reason(&failure) => Err(not_subscribed()),
        Err(failure) => Err(failure),
    }
}

/// Subscribes again if the subscription was lost; returns whether that was necessary.
pub(super) async fn repair(customer: &Customer<'_>, waba: &VerifiedWaba) -> Result<bool, Failure> {
    if is_subscribed(customer, waba).await? {
        return Ok(false);
    }
    subscribe(customer, waba).await?;
    confirm(customer, waba).await.map(|()| true)
}

pub(super) async fn confirm(customer: &Customer<'_>, waba: &VerifiedWaba) -> Result<(), Failure> {
    if is_subscribed(customer, waba).await? { Ok(()) } else { Err(not_subscribed()) }
}

/// Unsubscribes and reads the result back.
pub(super) async fn unsubscribe(customer: &Customer<'_>, waba: &VerifiedWaba) -> Result<Finding, Failure> {
    if !is_subscribed(customer, waba).await? {
        return Ok(Finding::Nothing);
    }
    customer.call(&UnsubscribeApp { waba }).await?;
    match is_subscribed(customer, waba).await? {
        false => Ok(Finding::Nothing),
        true => Err(Failure::new(Class::Later, "webhooks.still_subscribed")),
    }
}

/// Whether our app receives the account's webhooks.
pub(super) async fn is_subscribed(customer: &Customer<'_>, waba: &VerifiedWaba) -> Result<bool, Failure> {
    let apps = customer.call(&ListSubscribedApps { waba }).await?.data;
    Ok(apps.iter().any(|app| app.whatsapp_business_api_data.id == customer.graph.app().as_str()))
}

/// Whether another app receives the account's webhooks: another partner works with it.
pub(super) async fn is_shared(customer: &Customer<'_>, waba: &VerifiedWaba) -> Result<bool, Failure> {
    let apps = customer.call(&ListSubscribedApps { waba }).await?.data;
    Ok(apps.iter().any(|app| app.whatsapp_business_api_data.id != customer.graph.app().as_str()))
}

fn not_subscribed() -> Failure {
    Failure::new(Class::Later, "webhooks.not_subscribed")
}
