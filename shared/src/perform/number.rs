//! The number: found in the account, registered once, read back.

use super::Customer;
use crate::domain::claim::Claim;
use crate::domain::failure::{Class, Failure};
use crate::domain::grant::{ListedPhone, VerifiedPhone, VerifiedWaba, verify_phone};
use crate::domain::progress::Finding;
use crate::graph::calls::phone::{DeregisterPhone, ReadPhone, RegisterPhone};
use crate::graph::calls::waba::ListPhoneNumbers;
use crate::secrets::Vault;

/// Most pages of numbers that are read: an account has at most about 1,200 numbers, a page up to 100.
const MOST_PAGES: usize = 15;

pub(super) async fn find(
    customer: &Customer<'_>,
    waba: &VerifiedWaba,
    claim: &Claim,
) -> Result<VerifiedPhone, Failure> {
    let mut listed: Vec<ListedPhone> = Vec::new();
    let mut after: Option<String> = None;
    for _ in 0..MOST_PAGES {
        let page = customer.call(&ListPhoneNumbers { waba, after: after.as_deref() }).await?;
        after = page.next().map(str::to_owned);
        listed.extend(page.data.into_iter().map(ListedPhone::from));
        if after.is_none() {
            break;
        }
    }
    verify_phone(claim, &listed)
}

/// Registers the number unless Meta says it is connected: a repeat after a lost answer costs no attempt. The attempt was
/// counted, and the PIN is stored, before the call.
pub(super) async fn register(
    customer: &Customer<'_>,
    vault: &Vault,
    phone: &VerifiedPhone,
) -> Result<Finding, Failure> {
    if customer.call(&ReadPhone { phone }).await?.is_connected() {
        return Ok(Finding::Nothing);
    }
    let pin = vault.pin(phone.id()).await?;
    let reply = customer.call(&RegisterPhone { phone, pin: &pin }).await?;
    if reply.success { Ok(Finding::Nothing) } else { Err(Failure::new(Class::Later, "number.not_registered")) }
}

pub(super) async fn confirm(customer: &Customer<'_>, phone: &VerifiedPhone) -> Result<Finding, Failure> {
    if customer.call(&ReadPhone { phone }).await?.is_connected() {
        Ok(Finding::Nothing)
    } else {
        Err(Failure::new(Class::Later, "number.not_connected"))
    }
}

/// Takes the number off the Cloud API and reads back that it is.
pub(super) async fn deregister(customer: &Customer<'_>, phone: &VerifiedPhone) -> Result<Finding, Failure> {
    if is_off(customer, phone).await? {
        return Ok(Finding::Nothing);
    }
    customer.call(&DeregisterPhone { phone }).await?;
    match is_off(customer, phone).await? {
        true => Ok(Finding::Nothing),
        false => Err(Failure::new(Class::Later, "number.still_connected")),
    }
}

/// An answer without a status says nothing.
async fn is_off(customer: &Customer<'_>, phone: &VerifiedPhone) -> Result<bool, Failure> {
    let read = customer.call(&ReadPhone { phone }).await?;
    match read.status {
        Some(_) => Ok(!read.is_connected()),
        None => Err(Failure::new(Class::Later, "number.status_unknown")),
    }
}
