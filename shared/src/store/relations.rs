//! Related items that are written when an onboarding is saved: the account's owner, the customer's link, what it counts
//! towards.

use super::item::{self, Item, Require, number, text};
use super::onboardings::Save;
use super::{Store, StoreError, keys};
use crate::domain::ids::{CustomerRef, OnboardingId, WabaId};
use crate::domain::onboarding::{Onboarding, Phase};
use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};
use std::collections::HashMap;
use std::time::Duration;

/// How long an entry of the onboarding budget is retained: Meta counts seven days.
const BUDGET_KEPT: Duration = Duration::from_secs(8 * 24 * 3600);

/// Owner of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The record that has the account.
    pub onboarding: OnboardingId,
    /// The customer it belongs to.
    pub customer_ref: CustomerRef,
    /// Whether that customer has left: any customer may connect the account.
    pub released: bool,
}

/// How an onboarding relates to its account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ownership {
    /// The account is not known, or another record has it.
    Unknown,
    /// Connected: polled, and bound to the customer.
    Active,
    /// Not connected at the moment, and still bound.
    Idle,
    /// Free for any customer.
    Released,
}

impl Ownership {
    fn of(onboarding: &Onboarding) -> Self {
        match (&onboarding.waba, &onboarding.phase) {
            (None, _) => Self::Unknown,
            _ if onboarding.joins.is_some() => Self::Unknown,
            (Some(_), Phase::Connected { .. }) => Self::Active,
            (Some(_), Phase::Left { .. }) => Self::Released,
            (Some(_), _) => Self::Idle,
        }
    }
}

impl Store {
    /// The owner of an account.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable, or the item undecodable: an unreadable owner must not count as
    /// none.
    pub async fn owner(&self, waba: &WabaId) -> Result<Option<Owner>, StoreError> {
        let found = self.item(&keys::owner(waba)).await?;
        found.as_ref().map(read_owner).transpose()
    }

    /// Binds the account when it becomes known, takes it off the polling list when it is no longer connected, and
    /// releases it when the customer has left. Never takes the account of another record.
    pub(super) async fn owner_write(&self, save: &Save<'_>) -> Result<Option<TransactWriteItem>, StoreError> {
        let (was, is) = (Ownership::of(save.before), Ownership::of(save.after));
        let claimed = save.before.customer_ref != save.after.customer_ref;
        let changed = is != Ownership::Unknown && (was != is || claimed);
        let Some(waba) = save.after.waba.as_ref().filter(|_| changed) else { return Ok(None) };
        // The account may belong to another record by now, which is left unchanged.
        if is != Ownership::Active {
            let owner = self.owner(waba.id()).await?;
            if owner.is_some_and(|owner| owner.onboarding != save.after.id) {
                return Ok(None);
            }
        }
        let mine = HashMap::from([(":mine".to_owned(), text(save.after.id.as_str()))]);
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(owner_item(save.after, waba.id(), is)))
            .condition_expression("attribute_not_exists(pk) OR onboarding = :mine OR attribute_exists(released)")
            .set_expression_attribute_values(Some(mine));
        Ok(Some(write(put.build().map_err(|_| StoreError::Undecodable("owner"))?)))
    }

    /// An unclaimed record became a customer's: adds it to that customer's records.
    pub(super) fn claim_write(&self, save: &Save<'_>) -> Result<Option<TransactWriteItem>, StoreError> {
        if save.before.customer_ref == save.after.customer_ref {
            return Ok(None);
        }
        let mut item = item::key_of(&keys::customers_onboarding(&save.after.customer_ref, &save.after.id));
        item.insert("entity".to_owned(), text("customer's onboarding"));
        self.plain(item).map(Some)
    }

    /// Links a portfolio to its onboardings. Written once the account is proven, and retained: an exit reads it.
    pub(super) fn portfolio_write(&self, save: &Save<'_>) -> Result<Option<TransactWriteItem>, StoreError> {
        let Some(waba) = save.after.waba.as_ref().filter(|_| save.before.waba.is_none()) else { return Ok(None) };
        let mut item = item::key_of(&keys::portfolios_onboarding(waba.owner(), &save.after.id));
        item.insert("entity".to_owned(), text("portfolio's onboarding"));
        self.plain(item).map(Some)
    }

    /// Meta counts businesses that are new to us: an account that joins no existing record counts, until it expires.
    pub(super) fn new_customer_write(&self, save: &Save<'_>) -> Result<Option<TransactWriteItem>, StoreError> {
        let proven = save.before.waba.is_none() && save.after.joins.is_none();
        let Some(waba) = save.after.waba.as_ref().filter(|_| proven) else { return Ok(None) };
        let at = save.after.created_at;
        let mut item = item::key_of(&keys::new_customer(at, &save.after.id));
        item.insert("entity".to_owned(), text("new customer"));
        item.insert("business".to_owned(), text(waba.owner().as_str()));
        item.insert("expires_at".to_owned(), number(at.after(BUDGET_KEPT).as_seconds_up()));
        self.plain(item).map(Some)
    }

    /// Lists accounts that share our credit line; takes an account off the list when its share is revoked.
    pub(super) fn share_write(&self, save: &Save<'_>) -> Result<Option<TransactWriteItem>, StoreError> {
        let (was, is) = (&save.before.allocation, &save.after.allocation);
        let Some(allocation) = is.as_ref().or(was.as_ref()).filter(|_| was != is) else { return Ok(None) };
        let mut item = item::key_of(&keys::credit_share(allocation, &save.after.id));
        item.insert("entity".to_owned(), text("credit share"));
        if is.is_some() {
            item.insert("list".to_owned(), text(keys::CREDIT_SHARES));
            item.insert("list_order".to_owned(), text(save.after.id.as_str()));
        }
        self.plain(item).map(Some)
    }

    /// Records which onboarding a number belongs to.
    pub(super) fn number_writes(&self, save: &Save<'_>) -> Result<Vec<TransactWriteItem>, StoreError> {
        let new = save.after.numbers.keys().filter(|id| !save.before.numbers.contains_key(*id));
        new.map(|id| {
            let mut item = item::key_of(&keys::number(id));
            item.insert("entity".to_owned(), text("number"));
            item.insert("onboarding".to_owned(), text(save.after.id.as_str()));
            self.plain(item)
        })
        .collect()
    }

    fn plain(&self, item: Item) -> Result<TransactWriteItem, StoreError> {
        let put = Put::builder().table_name(&self.table).set_item(Some(item)).build();
        Ok(write(put.map_err(|_| StoreError::Undecodable("request"))?))
    }

    /// The link from a customer to a new onboarding.
    pub(super) fn customer_pointer(&self, onboarding: &Onboarding) -> Result<TransactWriteItem, StoreError> {
        let mut item = item::key_of(&keys::customers_onboarding(&onboarding.customer_ref, &onboarding.id));
        item.insert("entity".to_owned(), text("customer's onboarding"));
        Ok(write(item::put(&self.table, item, Require::Absent)?))
    }
}

fn write(put: Put) -> TransactWriteItem {
    TransactWriteItem::builder().put(put).build()
}

fn owner_item(after: &Onboarding, waba: &WabaId, is: Ownership) -> Item {
    let mut item = item::key_of(&keys::owner(waba));
    item.insert("entity".to_owned(), text("owner"));
    item.insert("customer_ref".to_owned(), text(after.customer_ref.as_str()));
    item.insert("onboarding".to_owned(), text(after.id.as_str()));
    match is {
        Ownership::Active => {
            item.insert("list".to_owned(), text(keys::ACTIVE_WABAS));
            item.insert("list_order".to_owned(), text(waba.as_str()));
        }
        Ownership::Released => {
            item.insert("released".to_owned(), AttributeValue::Bool(true));
        }
        Ownership::Unknown | Ownership::Idle => {}
    }
    item
}

fn read_owner(item: &Item) -> Result<Owner, StoreError> {
    let undecodable = StoreError::Undecodable("owner");
    let field = |name: &str| item.get(name).and_then(|value| value.as_s().ok()).ok_or_else(|| undecodable.clone());
    Ok(Owner {
        onboarding: OnboardingId::parse(field("onboarding")?).map_err(|_| undecodable.clone())?,
        customer_ref: CustomerRef::parse(field("customer_ref")?).map_err(|_| undecodable.clone())?,
        released: item.contains_key("released"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_that_cannot_be_read_does_not_count_as_none() {
        let whole = [("onboarding", "onb_01jd0000000000000000000000"), ("customer_ref", "acme")];
        let item = |fields: &[(&str, &str)]| -> Item {
            fields.iter().map(|(name, value)| ((*name).to_owned(), text(value))).collect()
        };
        assert!(read_owner(&item(&whole)).is_ok_and(|owner| owner.customer_ref.as_str() == "acme" && !owner.released));
        for broken in [&whole[..1], &whole[1..], &[], &[("onboarding", "odd"), ("customer_ref", "acme")]] {
            assert_eq!(read_owner(&item(broken)), Err(StoreError::Undecodable("owner")), "{broken:?}");
        }
    }
}
