//! Items of the template editor: drafts, the template budget, and when templates were last read.

use super::item::{self, Require, number, text};
use super::update::{Record, next_version};
use super::{Store, StoreError, Versioned, keys, unavailable};
use crate::domain::composition::Composition;
use crate::domain::ids::{OnboardingId, WabaId};
use crate::domain::template_budget::TemplateBudget;
use crate::domain::time::Timestamp;
use aws_sdk_dynamodb::types::TransactWriteItem;
use serde::{Deserialize, Serialize};

const ENTITY: &str = "template draft";
const BUDGET: &str = "template budget";

/// A template that waits until the account can accept it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TemplateDraft {
    /// The template.
    pub composition: Composition,
    /// Saved at.
    pub at: Timestamp,
    /// Whether it was submitted or abandoned.
    pub over: bool,
    /// Why Meta rejected it, as a stable code.
    pub code: Option<String>,
}

impl Record for TemplateBudget {
    type Key = WabaId;
    type Beside = ();

    async fn load(store: &Store, key: &WabaId) -> Result<Option<Versioned<Self>>, StoreError> {
        store.template_budget(key).await
    }

    async fn save(
        store: &Store,
        key: &WabaId,
        held: Option<&Versioned<Self>>,
        after: Self,
        (): (),
    ) -> Result<Versioned<Self>, StoreError> {
        let version = next_version(held);
        let item = item::build(&keys::template_budget(key), BUDGET, version, &after)?;
        let put = item::put(&store.table, item, Require::of(held))?;
        store.transact(vec![TransactWriteItem::builder().put(put).build()], None).await?;
        Ok(Versioned { record: after, version })
    }
}

impl Store {
    /// Saves a draft over any earlier one of the same name and language.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable.
    pub async fn save_draft(&self, id: &OnboardingId, draft: &TemplateDraft) -> Result<(), StoreError> {
        let key = keys::draft(id, &draft.composition.name, &draft.composition.language);
        let item = item::build(&key, ENTITY, 1, draft)?;
        let request = self.client().put_item().table_name(&self.table).set_item(Some(item));
        request.send().await.map(drop).map_err(|error| unavailable(&error))
    }

    /// The pending drafts of an onboarding.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable or an item undecodable.
    pub async fn drafts(&self, id: &OnboardingId) -> Result<Vec<TemplateDraft>, StoreError> {
        let found = self.items_under(&format!("{}{id}", keys::ONBOARDING), keys::DRAFT).await?;
        let drafts: Vec<Versioned<TemplateDraft>> =
            found.into_iter().map(|item| item::read(item, ENTITY)).collect::<Result<_, _>>()?;
        Ok(drafts.into_iter().map(|held| held.record).filter(|draft| !draft.over).collect())
    }

    /// The recent submissions and edits of an account's templates.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable or the item undecodable.
    pub async fn template_budget(&self, waba: &WabaId) -> Result<Option<Versioned<TemplateBudget>>, StoreError> {
        let found = self.item(&keys::template_budget(waba)).await?;
        found.map(|found| item::read(found, BUDGET)).transpose()
    }

    /// When an account's templates were last read to the end.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable.
    pub async fn templates_synced_at(&self, waba: &WabaId) -> Result<Option<Timestamp>, StoreError> {
        let key = item::key_of(&keys::synced(waba));
        let request = self.client().get_item().table_name(&self.table).set_key(Some(key));
        let found = request.send().await.map_err(|error| unavailable(&error))?.item;
        let at = found.as_ref().and_then(|item| item.get("at")).and_then(|at| at.as_n().ok());
        Ok(at.and_then(|at| at.parse().ok()).map(Timestamp::from_millis))
    }

    /// Records that an account's templates were read to the end.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable.
    pub async fn note_templates_synced(&self, waba: &WabaId, at: Timestamp) -> Result<(), StoreError> {
        let mut item = item::key_of(&keys::synced(waba));
        item.insert("entity".to_owned(), text("templates synced"));
        item.insert("at".to_owned(), number(at.as_millis()));
        let request = self.client().put_item().table_name(&self.table).set_item(Some(item));
        request.send().await.map(drop).map_err(|error| unavailable(&error))
    }
}
