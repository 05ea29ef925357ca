//! Meta's conditions for a phone number migration ("Migrating phone numbers among solution partners"), as far as the
//! customer's token can read them.

use super::Customer;
use super::node::{named, read, snapshot};
use crate::clock;
use crate::domain::failure::{Class, Failure};
use crate::domain::grant::VerifiedWaba;
use crate::domain::ids::WabaId;
use crate::domain::migration::{Check, CheckResult, MOST_TEMPLATES, Migration, Snapshot};
use crate::graph::calls::migration::MigratingPhone;
use crate::graph::calls::waba::{ReadWaba, Waba};
use crate::perform::{subscription, templates};

/// Result of checking both sides.
pub(super) struct Checked {
    pub(super) checks: Vec<Check>,
    /// The number at the other provider, when it is readable.
    pub(super) before: Option<Snapshot>,
    pub(super) account_name: Option<String>,
}

/// What Meta returns, or `None` when it is not readable; only what may resolve by itself is a failure.
fn shown<T>(read: Result<T, Failure>) -> Result<Option<T>, Failure> {
    match read {
        Ok(shown) => Ok(Some(shown)),
        Err(Failure { class: Class::Needs(..) | Class::Skip | Class::Hold, .. }) => Ok(None),
        Err(failure) => Err(failure),
    }
}

fn condition(name: &str, holds: Option<bool>) -> Check {
    let result = match holds {
        Some(true) => CheckResult::Pass,
        Some(false) => CheckResult::Missing,
        None => CheckResult::Unknown,
    };
    Check { check: name.to_owned(), result }
}

pub(super) async fn check(
    customer: &Customer<'_>,
    migration: &Migration,
    waba: &VerifiedWaba,
) -> Result<Checked, Failure> {
    let target = customer.call(&ReadWaba { waba: waba.id() }).await?;
    let subscribed = subscription::is_subscribed(customer, waba).await?;
    let mut checks = target_checks(&target, subscribed);
    let source = match &migration.source_waba {
        Some(source) => shown(customer.call(&ReadWaba { waba: source }).await)?,
        None => None,
    };
    let owner = source.as_ref().and_then(|source| source.owner_business_info.as_ref());
    checks.push(condition("same_business", owner.map(|owner| owner.id == *waba.owner())));
    let number = match &migration.source_phone {
        Some(phone) => shown(read(customer, phone).await)?,
        None => None,
    };
    checks.extend(number_checks(number.as_ref()));
    let before = match (&migration.before, &number) {
        // Only the first reading counts: a later one may be of a number that has already been migrated.
        (Some(before), _) => Some(before.clone()),
        (None, Some(number)) => {
            Some(taken(customer, number, source.as_ref().and(migration.source_waba.as_ref())).await?)
        }
        (None, None) => None,
    };
    Ok(Checked { checks, before, account_name: target.name })
}

fn target_checks(target: &Waba, subscribed: bool) -> Vec<Check> {
    let approved = target.account_review_status.as_deref().map(|review| review.eq_ignore_ascii_case("APPROVED"));
    vec![
        condition("account_review", approved),
        condition("payment_method", Some(target.primary_funding_id.is_some())),
        condition("subscribed_app", Some(subscribed)),
    ]
}

/// No field that Meta documents shows whether two-step verification is off: the call itself fails if it is on
/// (2388001).
fn number_checks(number: Option<&MigratingPhone>) -> Vec<Check> {
    let name = |number: &MigratingPhone| number.name_status().map(|status| status == "APPROVED");
    vec![
        condition("source_connected", number.map(MigratingPhone::is_connected)),
        condition("name_approved", number.and_then(name)),
        condition("not_in_app", number.and_then(|number| number.is_on_biz_app).map(|on_app| !on_app)),
        condition("two_step_off", None),
    ]
}

/// The number's state at the other provider, with the first of its templates.
async fn taken(customer: &Customer<'_>, number: &MigratingPhone, source: Option<&WabaId>) -> Result<Snapshot, Failure> {
    let Some(source) = source else { return Ok(snapshot(number)) };
    let listed = shown(templates::first(customer, source, clock::now(), MOST_TEMPLATES.div_ceil(100)).await)?;
    Ok(match listed {
        Some(listed) => snapshot(number).with_templates(listed.into_iter().map(named).collect()),
        None => snapshot(number),
    })
}
