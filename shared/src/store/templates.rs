//! Templates of an account, and the accounts that are polled.

use super::item::{self, Require};
use super::update::Record;
use super::{Store, StoreError, Versioned, keys, unavailable};
use crate::domain::ids::{OnboardingId, TemplateId, WabaId};
use crate::domain::template::{ListProgress, Template};
use crate::domain::time::Timestamp;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure;
use std::time::Duration;

const ENTITY: &str = "template";
const READING: &str = "template reading";

/// How long a partly read list can be continued: long enough for a few retries of a poll's message.
const READING_KEPT: Duration = Duration::from_secs(3600);

/// An account that is polled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActiveWaba {
    /// The account.
    pub waba: WabaId,
    /// The onboarding that holds its token.
    pub onboarding: OnboardingId,
}

impl Record for Template {
    type Key = (WabaId, TemplateId);
    type Beside = ();

    async fn load(store: &Store, (waba, id): &Self::Key) -> Result<Option<Versioned<Self>>, StoreError> {
        store.template(waba, id).await
    }

    async fn save(
        store: &Store,
        (waba, _): &Self::Key,
        held: Option<&Versioned<Self>>,
        after: Self,
        (): (),
    ) -> Result<Versioned<Self>, StoreError> {
        let version = store.save_template(waba, &after, held.map(|held| held.version)).await?;
        Ok(Versioned { record: after, version })
    }
}

impl Store {
    /// Every account with an active connection.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable.
    pub async fn active_wabas(&self) -> Result<Vec<ActiveWaba>, StoreError> {
        let mut wabas = Vec::new();
        for found in self.listed(keys::ACTIVE_WABAS).await? {
            let field = |name: &str| found.get(name).and_then(|value| value.as_s().ok());
            let waba = field("list_order").and_then(|id| WabaId::parse(id).ok());
            let onboarding = field("onboarding").and_then(|id| OnboardingId::parse(id).ok());
            wabas.extend(waba.zip(onboarding).map(|(waba, onboarding)| ActiveWaba { waba, onboarding }));
        }
        Ok(wabas)
    }

    /// All saved templates of an account.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable or an item undecodable.
    pub async fn templates(&self, waba: &WabaId) -> Result<Vec<Versioned<Template>>, StoreError> {
        let found = self.items_under(&keys::waba(waba), keys::TEMPLATE).await?;
        found.into_iter().map(|item| item::read(item, ENTITY)).collect()
    }

    /// A saved template.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable or the item undecodable.
    pub async fn template(&self, waba: &WabaId, id: &TemplateId) -> Result<Option<Versioned<Template>>, StoreError> {
        let found = self.item(&keys::template(waba, id)).await?;
        found.map(|found| item::read(found, ENTITY)).transpose()
    }

    /// Saves a template over the version that was read (`None`: over nothing), and returns its version. A repeated
    /// write whose first answer was lost finds itself, which is not a conflict.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when another process saved first.
    pub async fn save_template(
        &self,
        waba: &WabaId,
        template: &Template,
        version: Option<u64>,
    ) -> Result<u64, StoreError> {
        let require = version.map_or(Require::Absent, Require::Version);
        let version = version.unwrap_or(0).saturating_add(1);
        let item = item::build(&keys::template(waba, &template.id), ENTITY, version, template)?;
        let request = self.client().put_item().table_name(&self.table).set_item(Some(item.clone()));
        let request = request
            .condition_expression(require.expression())
            .set_expression_attribute_values(require.values())
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match request.send().await {
            Err(SdkError::ServiceError(refused)) if there_instead(refused.err()) == Some(&item) => Ok(version),
            sent => sent.map(|_| version).map_err(|error| unavailable(&error)),
        }
    }

    /// Where reading an account's list of templates stopped, unless that is too long ago to continue there.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable or the item undecodable.
    pub async fn template_reading(&self, waba: &WabaId, now: Timestamp) -> Result<Option<ListProgress>, StoreError> {
        let found = self.item(&keys::reading(waba)).await?;
        let held: Option<Versioned<ListProgress>> = found.map(|found| item::read(found, READING)).transpose()?;
        let goes_on = |reading: &ListProgress| reading.after.is_some() && now.since(reading.began) < READING_KEPT;
        Ok(held.map(|held| held.record).filter(goes_on))
    }

    /// Saves where reading an account's list of templates stopped. Two concurrent readers overwrite each other's
    /// position; wherever one continues, the pages before that position have been processed.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable.
    pub async fn save_template_reading(&self, waba: &WabaId, reading: &ListProgress) -> Result<(), StoreError> {
        let mut item = item::build(&keys::reading(waba), READING, 1, reading)?;
        item.insert("expires_at".to_owned(), item::number(reading.began.after(READING_KEPT).as_seconds_up()));
        let request = self.client().put_item().table_name(&self.table).set_item(Some(item));
        request.send().await.map(drop).map_err(|error| unavailable(&error))
    }
}

fn there_instead(refused: &PutItemError) -> Option<&item::Item> {
    match refused {
        PutItemError::ConditionalCheckFailedException(refused) => refused.item(),
        _ => None,
    }
}
