//! The regular look at a connection: what is ours is repaired, what is not is reported.

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

/// Reads everything that was set up. A failure of one call is a failure of the look: it is made again.
pub(super) async fn look(
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

/// What is not as it was set up, and not ours to change: a number that Meta disconnected is not registered again by
/// itself (the customer may have moved it), an address that somebody else set stays.
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
