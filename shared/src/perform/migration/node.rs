//! The number's node in the new account: added once, verified by a code, read back after registration.

use super::Customer;
use crate::clock;
use crate::domain::claim::Claim;
use crate::domain::failure::{Actor, Class, Failure, Waiting};
use crate::domain::grant::{ListedPhone, VerifiedPhone, VerifiedWaba, verify_phone};
use crate::domain::ids::PhoneNumberId;
use crate::domain::migration::{MigratingNumber, MigrationFact, NamedTemplate, Snapshot};
use crate::domain::template::Template;
use crate::graph::call::GraphCall;
use crate::graph::calls::migration::{AddMigratingNumber, MigratingPhone, ReadMigratingNumber};
use crate::graph::calls::waba::{ListPhoneNumbers, PhoneNumber};
use crate::perform::pages::Pages;
use crate::perform::templates;

/// Meta says that the account already has the number.
const THERE_ALREADY: &str = "2388012";
/// Most pages of numbers read.
const MOST_PAGES: usize = 15;

/// Adds the number. Meta lists the account's numbers, whoever added them, so the list is read before and after.
pub(super) async fn add(
    customer: &Customer<'_>,
    waba: &VerifiedWaba,
    number: &MigratingNumber,
    name: Option<&str>,
) -> Result<VerifiedPhone, Failure> {
    if let Some(phone) = listed(customer, waba, number).await? {
        return Ok(phone);
    }
    let call = AddMigratingNumber { waba, number, verified_name: name.unwrap_or("WhatsApp") };
    match customer.call(&call).await {
        Ok(_) => {}
        Err(failure) if failure.code.ends_with(THERE_ALREADY) => {
            return listed(customer, waba, number).await?.ok_or(failure);
        }
        Err(failure) => return Err(failure),
    }
    let found = listed(customer, waba, number).await?;
    found.ok_or_else(|| Failure::new(Class::Later, "move.not_listed"))
}

async fn listed(
    customer: &Customer<'_>,
    waba: &VerifiedWaba,
    number: &MigratingNumber,
) -> Result<Option<VerifiedPhone>, Failure> {
    let mut pages = Pages::of(ListPhoneNumbers::NAME, MOST_PAGES);
    loop {
        let page = customer.call(&ListPhoneNumbers { waba, after: pages.after() }).await?;
        let more = pages.turn(&page);
        let is_it = |phone: &PhoneNumber| {
            phone.display_phone_number.as_deref().is_some_and(|display| number.is_written(display))
        };
        if let Some(found) = page.data.into_iter().find(is_it) {
            let claim = Claim { phone: Some(found.id.clone()), ..Claim::default() };
            // Verification is the purpose of the migration, so an unverified number is accepted here.
            let found = ListedPhone { proven: true, ..ListedPhone::from(found) };
            return verify_phone(&claim, &[found], &[]).map(Some);
        }
        if !more? {
            return Ok(None);
        }
    }
}

pub(super) async fn entered(customer: &Customer<'_>, phone: &VerifiedPhone) -> MigrationFact {
    match customer.call(&ReadMigratingNumber { phone: phone.id() }).await {
        Ok(read) if read.is_verified() => MigrationFact::Verified,
        Ok(_) => {
            let asked = Class::Needs(Actor::Customer, Waiting::Meta);
            MigrationFact::EntryRefused(Failure::new(asked, "move.code_unanswered"))
        }
        Err(failure) => MigrationFact::Failed(failure),
    }
}

pub(super) async fn arrived(
    customer: &Customer<'_>,
    waba: &VerifiedWaba,
    phone: &VerifiedPhone,
    before: Option<&Snapshot>,
) -> Result<Snapshot, Failure> {
    let read = read(customer, phone.id()).await?;
    if !read.is_connected() {
        return Err(Failure::new(Class::Later, "number.not_connected"));
    }
    let listed = templates::list(customer, waba.id(), clock::now()).await?;
    Ok(snapshot(&read).with_templates_of(before, listed.into_iter().map(named).collect()))
}

pub(super) async fn read(customer: &Customer<'_>, phone: &PhoneNumberId) -> Result<MigratingPhone, Failure> {
    customer.call(&ReadMigratingNumber { phone }).await
}

pub(super) fn snapshot(read: &MigratingPhone) -> Snapshot {
    Snapshot {
        name: read.verified_name.clone(),
        official: read.is_official_business_account,
        words: read.status_values().into_iter().collect(),
        templates: None,
    }
}

pub(super) fn named(template: Template) -> NamedTemplate {
    NamedTemplate { name: template.name, language: template.language, status: template.status }
}
