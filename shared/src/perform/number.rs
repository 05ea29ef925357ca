//! The numbers: found in the account, registered once, read back.

use super::pages::Pages;
use super::{Customer, subscription, waba};
use crate::clock;
use crate::domain::claim::Claim;
use crate::domain::display_number::DisplayNumber;
use crate::domain::failure::{Actor, Class, Failure, Waiting};
use crate::domain::grant::{ListedPhone, VerifiedPhone, VerifiedWaba, unproven, verify_phone};
use crate::domain::ids::PhoneNumberId;
use crate::domain::onboarding::{NAME_NOT_APPROVED, Number, Onboarding, StepRecord};
use crate::domain::progress::Finding;
use crate::domain::steps::Step;
use crate::graph::call::GraphCall;
use crate::graph::calls::phone::{DeregisterPhone, Phone, ReadPhone, RegisterPhone};
use crate::graph::calls::waba::ListPhoneNumbers;
use crate::graph::error::{is_invisible, is_refused_without_reason};
use crate::secrets::Vault;

/// Most pages of numbers read: an account has at most about 1,200 numbers, a page up to 100.
const MOST_PAGES: usize = 15;

pub(super) async fn find(
    customer: &Customer<'_>,
    waba: &VerifiedWaba,
    onboarding: &Onboarding,
) -> Result<Finding, Failure> {
    let known: Vec<PhoneNumberId> = onboarding.numbers.keys().cloned().collect();
    let phone = pick(customer, waba, &onboarding.claim, &known).await?;
    let read = customer.call(&ReadPhone { phone: &phone }).await?;
    Ok(found(phone, &read))
}

async fn pick(
    customer: &Customer<'_>,
    waba: &VerifiedWaba,
    claim: &Claim,
    known: &[PhoneNumberId],
) -> Result<VerifiedPhone, Failure> {
    let mut listed: Vec<ListedPhone> = Vec::new();
    let (mut pages, mut more) = (Pages::of(ListPhoneNumbers::NAME, MOST_PAGES), true);
    while more {
        let page = customer.call(&ListPhoneNumbers { waba, after: pages.after() }).await?;
        more = pages.turn(&page)?;
        listed.extend(page.data.into_iter().map(ListedPhone::from));
    }
    verify_phone(claim, &listed, known)
}

/// Registers every number that is waiting for registration.
pub(super) async fn register(
    customer: &Customer<'_>,
    vault: &Vault,
    onboarding: &Onboarding,
) -> Result<Finding, Failure> {
    let now = clock::now();
    let last = onboarding.steps.get(&Step::RegisterNumber).and_then(StepRecord::code);
    let waits_for_name = last == Some(NAME_NOT_APPROVED);
    let mut registered = Vec::new();
    for number in onboarding.numbers.values().filter(|number| number.awaits_registration(now)) {
        register_one(customer, vault, number, number.has_new_name(now), waits_for_name).await?;
        registered.push(number.phone.id().clone());
    }
    Ok(Finding::Registered(registered))
}

/// Registers a number unless Meta reports it as connected: a retry after a lost answer uses up no attempt. The attempt
/// is counted and the PIN stored before the call. A new display name takes effect only with another registration.
async fn register_one(
    customer: &Customer<'_>,
    vault: &Vault,
    number: &Number,
    has_new_name: bool,
    waits_for_name: bool,
) -> Result<(), Failure> {
    let phone = &number.phone;
    if !has_new_name {
        let read = customer.call(&ReadPhone { phone }).await?;
        if read.is_connected() {
            return Ok(());
        }
        // Each registration counts at Meta, which refused the last one because of the name.
        if waits_for_name && read.lacks_name() {
            return Err(Failure::new(Class::Needs(Actor::Customer, Waiting::DisplayName), NAME_NOT_APPROVED));
        }
    }
    let pin = vault.pin(phone.id()).await?;
    match customer.call(&RegisterPhone { phone, pin: &pin }).await {
        Ok(_) => Ok(()),
        Err(failure) if is_refused_without_reason(&failure) => Err(Failure::new(Class::Later, "number.not_registered")),
        Err(failure) if failure.code == NAME_NOT_APPROVED => Err(why_no_certificate(customer, phone, failure).await),
        Err(failure) => Err(failure),
    }
}

/// Meta answers alike when a number is not verified yet and when its display name is not approved: its state decides.
async fn why_no_certificate(customer: &Customer<'_>, phone: &VerifiedPhone, failure: Failure) -> Failure {
    match customer.call(&ReadPhone { phone }).await {
        Ok(read) if read.is_unverified() => unproven(),
        Ok(_) | Err(_) => failure,
    }
}

pub(super) async fn confirm(customer: &Customer<'_>, phone: &VerifiedPhone) -> Result<Finding, Failure> {
    let read = customer.call(&ReadPhone { phone }).await?;
    if !read.is_connected() {
        return Err(Failure::new(Class::Later, "number.not_connected"));
    }
    Ok(found(phone.clone(), &read))
}

fn found(phone: VerifiedPhone, read: &Phone) -> Finding {
    let display = read.display_phone_number.as_deref().and_then(DisplayNumber::parse);
    Finding::Number { phone, status: read.status_values(), display }
}

/// Deregisters every number that we registered from the Cloud API, if an operator asked for it: Meta takes a deregistered
/// number off the Cloud API for every partner that uses it.
pub(super) async fn deregister(customer: &Customer<'_>, onboarding: &Onboarding) -> Result<Finding, Failure> {
    if !onboarding.deregisters {
        let shared = subscription::is_shared(customer, waba(onboarding)?).await.unwrap_or(false);
        return Ok(Finding::LeftAlone(if shared { "exit.number_shared" } else { "exit.number_kept" }));
    }
    for number in onboarding.numbers.values().filter(|number| !number.registrations.is_empty() && !number.coexists) {
        deregister_one(customer, &number.phone).await?;
    }
    Ok(Finding::Nothing)
}

/// Deregisters the number and reads the result back.
async fn deregister_one(customer: &Customer<'_>, phone: &VerifiedPhone) -> Result<(), Failure> {
    if is_off(customer, phone).await? {
        return Ok(());
    }
    customer.call(&DeregisterPhone { phone }).await?;
    match is_off(customer, phone).await? {
        true => Ok(()),
        false => Err(Failure::new(Class::Later, "number.still_connected")),
    }
}

/// An answer without a status is inconclusive.
async fn is_off(customer: &Customer<'_>, phone: &VerifiedPhone) -> Result<bool, Failure> {
    let read = match customer.call(&ReadPhone { phone }).await {
        // A number that is gone is registered nowhere.
        Err(failure) if is_invisible(&failure) => return Ok(true),
        read => read?,
    };
    match read.status {
        Some(_) => Ok(!read.is_connected()),
        None => Err(Failure::new(Class::Later, "number.status_unknown")),
    }
}
