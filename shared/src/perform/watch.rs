//! The regular health check of a connection: repairs what is ours, reports the rest.

use super::{Customer, subscription};
use crate::clock;
use crate::domain::failure::{Class, Failure};
use crate::domain::grant::VerifiedWaba;
use crate::domain::ids::AttemptId;
use crate::domain::onboarding::{Number, Onboarding};
use crate::domain::progress::HealthCheck;
use crate::graph::call::Auth;
use crate::graph::calls::oauth::DebugToken;
use crate::graph::calls::phone::{Phone, ReadPhone};
use crate::graph::calls::waba::ReadWaba;
use std::collections::BTreeSet;

/// Reads everything that was set up. If one call fails, the check fails and is repeated.
pub(super) async fn check(
    customer: &Customer<'_>,
    waba: &VerifiedWaba,
    onboarding: &Onboarding,
) -> Result<HealthCheck, Failure> {
    let at = clock::now().before_this_second();
    let inspected = customer.graph.call(&DebugToken { token: customer.token }, Auth::App).await;
    let facts = inspected.map_err(|error| super::grant::own_fault(error.failure()))?.data;
    if !facts.is_valid {
        return Err(Failure::new(Class::TokenDead, "token.invalid"));
    }
    let mut reading = HealthCheck {
        at,
        token_expires_at: facts.ends_at(),
        account: customer.call(&ReadWaba { waba: waba.id() }).await?.status_values(),
        numbers: Vec::new(),
        drift: BTreeSet::new(),
        repaired: Vec::new(),
        spare: AttemptId::new(at, rand::random()),
    };
    if subscription::repair(customer, waba).await? {
        reading.repaired.push("webhooks.not_subscribed");
    }
    for number in onboarding.numbers.values() {
        let read = customer.call(&ReadPhone { phone: &number.phone }).await?;
        reading.drift.extend(drift(onboarding, number, &read));
        reading.numbers.push((number.phone.id().clone(), read.status_values()));
    }
    Ok(reading)
}

/// Differences from the setup that are not ours to change: a disconnected number is not registered again automatically
/// (the customer may have migrated it), and a URL that somebody else set is left unchanged.
fn drift(onboarding: &Onboarding, number: &Number, read: &Phone) -> Vec<String> {
    let mut found = Vec::new();
    let was_connected = number.registered_at.is_some() || number.coexists;
    if was_connected && read.status.is_some() && !read.is_connected() {
        found.push("number.disconnected".to_owned());
    }
    let ours = onboarding.callback_override.as_ref().map(|wanted| wanted.url.as_str());
    if read.overridden_to().is_some_and(|url| Some(url) != ours) {
        found.push("webhooks.overridden".to_owned());
    }
    found
}
