//! A number's callback override: set only if there is none, cleared only if it is ours.

use super::{Customer, bug};
use crate::domain::failure::{Actor, Class, Failure, Waiting};
use crate::domain::grant::VerifiedPhone;
use crate::domain::onboarding::Onboarding;
use crate::domain::progress::Finding;
use crate::domain::session::CallbackOverride;
use crate::graph::calls::phone::{OverrideWebhooks, ReadPhone};
use crate::graph::error::is_invisible;
use crate::secrets::Vault;

/// Points the number's webhooks to the platform's URL and reads the setting back. A URL that somebody else set is left
/// unchanged.
pub(super) async fn set(
    customer: &Customer<'_>,
    vault: &Vault,
    onboarding: &Onboarding,
    phone: &VerifiedPhone,
) -> Result<Finding, Failure> {
    let wanted = wanted(onboarding)?;
    match target(customer, phone).await? {
        Some(url) if url == wanted.url => return Ok(Finding::Nothing),
        Some(_) => return Err(Failure::new(Class::Needs(Actor::Operator, Waiting::Meta), "override.taken")),
        None => {}
    }
    let token = vault.override_token(&wanted.id).await?;
    customer.call(&OverrideWebhooks { phone, target: Some((&wanted.url, &token)) }).await.map_err(refused)?;
    match target(customer, phone).await? {
        Some(url) if url == wanted.url => Ok(Finding::Nothing),
        _ => Err(Failure::new(Class::Later, "override.not_set")),
    }
}

/// Meta could not verify the URL: the platform has to fix it.
fn refused(failure: Failure) -> Failure {
    match failure.class {
        Class::Needs(Actor::Operator, Waiting::Meta) => {
            Failure::new(failure.class, "override.refused").refused_with(failure.meta)
        }
        _ => failure,
    }
}

/// Clears the override if it still has the URL that we set, and deletes the verify token.
pub(super) async fn clear(customer: &Customer<'_>, vault: &Vault, onboarding: &Onboarding) -> Result<Finding, Failure> {
    let ours = wanted(onboarding)?;
    for number in onboarding.numbers.values() {
        clear_one(customer, ours, &number.phone).await?;
    }
    vault.destroy_override_token(&ours.id).await?;
    Ok(Finding::Nothing)
}

async fn clear_one(customer: &Customer<'_>, ours: &CallbackOverride, phone: &VerifiedPhone) -> Result<(), Failure> {
    match target(customer, phone).await {
        // A number that is gone has no override.
        Err(failure) if is_invisible(&failure) => return Ok(()),
        set => {
            if set?.as_deref() != Some(ours.url.as_str()) {
                return Ok(());
            }
        }
    }
    customer.call(&OverrideWebhooks { phone, target: None }).await?;
    match target(customer, phone).await? {
        Some(url) if url == ours.url => Err(Failure::new(Class::Later, "override.not_cleared")),
        _ => Ok(()),
    }
}

async fn target(customer: &Customer<'_>, phone: &VerifiedPhone) -> Result<Option<String>, Failure> {
    Ok(customer.call(&ReadPhone { phone }).await?.overridden_to().map(str::to_owned))
}

fn wanted(onboarding: &Onboarding) -> Result<&CallbackOverride, Failure> {
    onboarding.callback_override.as_ref().ok_or_else(bug)
}
