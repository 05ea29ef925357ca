//! Platform-wide limits and pauses: new customers in seven days, credit sharing while our own access is broken.

use super::item::{self, number, text};
use super::{Store, StoreError, keys, unavailable};
use crate::domain::doctor::DoctorReport;
use crate::domain::ids::BusinessId;
use crate::domain::limit::{NewCustomer, WINDOW};
use crate::domain::time::Timestamp;

const EXAMINATION: &str = "examination";

/// Why credit sharing is paused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreditPause {
    /// Stable code.
    pub code: String,
    /// When sharing is tried again.
    pub until: Timestamp,
}

impl Store {
    /// Customers that were new within Meta's window, oldest first.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable.
    pub async fn new_customers(&self, now: Timestamp) -> Result<Vec<NewCustomer>, StoreError> {
        let mut pages = self
            .client()
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk AND sk >= :since")
            .expression_attribute_values(":pk", text(keys::NEW_CUSTOMERS))
            .expression_attribute_values(":since", text(&now.before(WINDOW).to_rfc3339()))
            .into_paginator()
            .items()
            .send();
        let mut customers = Vec::new();
        while let Some(found) = pages.next().await {
            let found = found.map_err(|error| unavailable(&error))?;
            let field = |name: &str| found.get(name).and_then(|value| value.as_s().ok());
            let business = field("business").and_then(|id| BusinessId::parse(id).ok());
            let at = field("sk").and_then(|sk| Timestamp::from_rfc3339(sk.split('#').next()?));
            customers.extend(business.zip(at).map(|(business, at)| NewCustomer { business, at }));
        }
        Ok(customers)
    }

    /// The pause of credit sharing, if there is one.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable.
    pub async fn credit_pause(&self) -> Result<Option<CreditPause>, StoreError> {
        let found = self.item(&keys::credit_pause()).await?;
        let Some(item) = found else { return Ok(None) };
        let until = item.get("until").and_then(|until| until.as_n().ok()).and_then(|until| until.parse().ok());
        let code = item.get("code").and_then(|code| code.as_s().ok());
        Ok(code
            .zip(until)
            .map(|(code, until)| CreditPause { code: code.clone(), until: Timestamp::from_millis(until) }))
    }

    /// Pauses credit sharing, or ends the pause with a time in the past. The last write wins.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable.
    pub async fn pause_credit(&self, pause: &CreditPause) -> Result<(), StoreError> {
        let mut item = item::key_of(&keys::credit_pause());
        item.insert("entity".to_owned(), text("credit pause"));
        item.insert("code".to_owned(), text(&pause.code));
        item.insert("until".to_owned(), number(pause.until.as_millis()));
        let sent = self.client().put_item().table_name(&self.table).set_item(Some(item)).send().await;
        sent.map(drop).map_err(|error| unavailable(&error))
    }

    /// Since when signups of new customers are paused; `None` when they are not.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable.
    pub async fn signups_paused(&self) -> Result<Option<Timestamp>, StoreError> {
        let found = self.item(&keys::signup_pause()).await?;
        let since = found.as_ref().and_then(|item| item.get("since")?.as_n().ok()?.parse().ok());
        Ok(since.map(Timestamp::from_millis))
    }

    /// Pauses signups of new customers, or resumes them.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable.
    pub async fn pause_signups(&self, since: Option<Timestamp>) -> Result<(), StoreError> {
        let mut item = item::key_of(&keys::signup_pause());
        item.insert("entity".to_owned(), text("signup pause"));
        item.extend(since.map(|since| ("since".to_owned(), number(since.as_millis()))));
        let sent = self.client().put_item().table_name(&self.table).set_item(Some(item)).send().await;
        sent.map(drop).map_err(|error| unavailable(&error))
    }

    /// The last doctor report of Meta's side of the platform.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable or the item undecodable.
    pub async fn doctor_report(&self) -> Result<Option<DoctorReport>, StoreError> {
        let found = self.item(&keys::doctor_report()).await?;
        found.map(|found| item::read(found, EXAMINATION).map(|held| held.record)).transpose()
    }

    /// Stores a doctor report over the last one.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable.
    pub async fn save_doctor_report(&self, examination: &DoctorReport) -> Result<(), StoreError> {
        let item = item::build(&keys::doctor_report(), EXAMINATION, 1, examination)?;
        let sent = self.client().put_item().table_name(&self.table).set_item(Some(item)).send().await;
        sent.map(drop).map_err(|error| unavailable(&error))
    }
}
