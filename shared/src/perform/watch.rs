//! The regular health check of a connection: repairs what is ours, reports the rest.

use super::access::{self, Lost};
use super::{Customer, OnboardingSteps, subscription, waba};
use crate::clock;
use crate::domain::failure::{Class, Failure};
use crate::domain::grant::VerifiedWaba;
use crate::domain::ids::AttemptId;
use crate::domain::onboarding::{DISCONNECTED, Number, Onboarding};
use crate::domain::progress::{Fact, HealthCheck};
use crate::graph::call::Auth;
use crate::graph::calls::oauth::{DebugToken, TokenFacts};
use crate::graph::calls::phone::{Phone, ReadPhone};
use crate::graph::calls::waba::ReadWaba;
use crate::graph::error::{is_invisible, is_missing_permission, is_refused_access};
use std::collections::BTreeSet;

/// Health checks without a result after which the log line counts as a metric.
const REPEATEDLY: u16 = 3;

impl OnboardingSteps {
    /// The result of a health check, which was counted before.
    pub(super) async fn watch(&self, onboarding: &Onboarding) -> Option<Fact> {
        let attempt = onboarding.stored_attempt()?.clone();
        let checked = async {
            let token = self.vault.business_token(&attempt).await?;
            let token = token.ok_or_else(|| Failure::new(Class::TokenDead, "token.missing"))?;
            let customer = Customer { graph: &self.graph, token: &token };
            check(&customer, &attempt, waba(onboarding)?, onboarding).await
        };
        Some(match checked.await {
            Ok(Ok(reading)) => Fact::Watched(Box::new(reading)),
            Ok(Err(Lost(code))) => {
                tracing::warn!(onboarding.id = %onboarding.id, error.code = code, "access to the account is lost");
                Fact::AccessLost(attempt, code)
            }
            Err(Failure { class: Class::TokenDead, code, .. }) => Fact::TokenDied(attempt, code),
            Err(failure) if onboarding.check_tries >= REPEATEDLY => {
                tracing::error!(onboarding.id = %onboarding.id, error.code = failure.code, "a scheduled check failed repeatedly");
                Fact::WatchFailed(failure.code)
            }
            Err(failure) => {
                tracing::warn!(onboarding.id = %onboarding.id, error.code = failure.code, "connection not checked");
                Fact::WatchFailed(failure.code)
            }
        })
    }
}

/// Reads everything that was set up. If a call fails for another reason than lost access, the check fails and is
/// repeated.
async fn check(
    customer: &Customer<'_>,
    attempt: &AttemptId,
    waba: &VerifiedWaba,
    onboarding: &Onboarding,
) -> Result<Result<HealthCheck, Lost>, Failure> {
    let at = clock::now().before_this_second();
    let inspected = customer.graph.call(&DebugToken { token: customer.token }, Auth::App).await;
    let facts = inspected.map_err(|error| super::grant::own_fault(error.failure()))?.data;
    if !facts.is_valid {
        return Err(Failure::new(Class::TokenDead, "token.invalid"));
    }
    if lacks_a_scope(onboarding, &facts, waba) {
        return Ok(Err(Lost(access::SCOPE_GONE)));
    }
    let account = match customer.call(&ReadWaba { waba: waba.id() }).await {
        Err(failure) if is_refused_access(&failure) => {
            return access::confirm_lost(customer, onboarding, failure).await.map(Err);
        }
        read => read?,
    };
    let mut reading = HealthCheck {
        attempt: attempt.clone(),
        at,
        token_expires_at: facts.ends_at(),
        account: account.status_values(),
        numbers: Vec::new(),
        gone: BTreeSet::new(),
        scopes: facts.scopes_for(waba.id()),
        drift: BTreeSet::new(),
        repaired: Vec::new(),
        spare: AttemptId::new(at, rand::random()),
    };
    match read_setup(customer, waba, onboarding, &mut reading).await {
        // The account is shown, but what we do with it is not allowed any more.
        Err(failure) if is_missing_permission(&failure) => access::denied(customer, failure).await.map(Err),
        read => read.map(|()| Ok(reading)),
    }
}

/// Whether a scope that the token had for the account is gone: sends or reads are refused then.
fn lacks_a_scope(onboarding: &Onboarding, facts: &TokenFacts, waba: &VerifiedWaba) -> bool {
    let now = facts.scopes_for(waba.id());
    !facts.has_whatsapp_scope() || onboarding.scopes.iter().any(|scope| !now.contains(scope))
}

async fn read_setup(
    customer: &Customer<'_>,
    waba: &VerifiedWaba,
    onboarding: &Onboarding,
    reading: &mut HealthCheck,
) -> Result<(), Failure> {
    if subscription::repair(customer, waba).await? {
        reading.repaired.push("webhooks.not_subscribed");
    }
    for number in onboarding.numbers.values() {
        match customer.call(&ReadPhone { phone: &number.phone }).await {
            // Of a visible account: the number was deleted or moved.
            Err(failure) if is_invisible(&failure) => {
                reading.drift.insert(DISCONNECTED.to_owned());
                reading.gone.insert(number.phone.id().clone());
            }
            read => {
                let read = read?;
                reading.drift.extend(drift(onboarding, number, &read));
                reading.numbers.push((number.phone.id().clone(), read.status_values()));
            }
        }
    }
    Ok(())
}

/// Differences from the setup that are not ours to change: a disconnected number is not registered again automatically
/// (the customer may have migrated it), and a URL that somebody else set is left unchanged.
fn drift(onboarding: &Onboarding, number: &Number, read: &Phone) -> Vec<String> {
    let mut found = Vec::new();
    let was_connected = number.registered_at.is_some() || number.coexists;
    if was_connected && read.status.is_some() && !read.is_connected() {
        found.push(DISCONNECTED.to_owned());
    }
    let ours = onboarding.callback_override.as_ref().map(|wanted| wanted.url.as_str());
    if read.overridden_to().is_some_and(|url| Some(url) != ours) {
        found.push("webhooks.overridden".to_owned());
    }
    found
}
