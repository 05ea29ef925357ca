//! Signup sessions.

use super::item::{self, Require, number, text};
use super::onboardings::state_item;
use super::update::{Record, next_version};
use super::{Store, StoreError, Versioned, keys, unavailable};
use crate::domain::ids::SessionId;
use crate::domain::onboarding::Onboarding;
use crate::domain::progress::TimelineEntry;
use crate::domain::session::Session;
use crate::domain::time::Timestamp;
use aws_sdk_dynamodb::types::TransactWriteItem;

const ENTITY: &str = "session";

impl Record for Session {
    type Key = SessionId;
    type Beside = ();

    async fn load(store: &Store, key: &SessionId) -> Result<Option<Versioned<Self>>, StoreError> {
        store.session(key).await
    }

    async fn save(
        store: &Store,
        key: &SessionId,
        held: Option<&Versioned<Self>>,
        after: Self,
        (): (),
    ) -> Result<Versioned<Self>, StoreError> {
        let version = next_version(held);
        let put = item::put(&store.table, session_item(key, &after, version)?, Require::of(held))?;
        store.transact(vec![TransactWriteItem::builder().put(put).build()], None).await?;
        Ok(Versioned { record: after, version })
    }
}

impl Store {
    /// Stores a new session.
    ///
    /// # Errors
    /// [`StoreError`] when it could not be stored.
    pub async fn create_session(&self, id: &SessionId, session: &Session) -> Result<(), StoreError> {
        let item = session_item(id, session, 1)?;
        let request = self.client().put_item().table_name(&self.table).set_item(Some(item));
        let sent = request.condition_expression(Require::Absent.expression()).send().await;
        sent.map(drop).map_err(|error| unavailable(&error))
    }

    /// Reads a session.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable or the item undecodable.
    pub async fn session(&self, id: &SessionId) -> Result<Option<Versioned<Session>>, StoreError> {
        let found = self.item(&keys::session(id)).await?;
        found.map(|found| item::read(found, ENTITY)).transpose()
    }

    /// Sessions created since then, oldest first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable or an item undecodable.
    pub async fn sessions_since(&self, since: Timestamp, limit: usize) -> Result<Vec<Session>, StoreError> {
        let request = self.client().query().table_name(&self.table).index_name("ByList");
        let request = request
            .key_condition_expression("#list = :list AND list_order >= :since")
            .expression_attribute_names("#list", "list")
            .expression_attribute_values(":list", text(keys::SESSIONS))
            .expression_attribute_values(":since", text(&since.to_rfc3339()));
        let mut pages = request.into_paginator().items().send();
        let mut sessions = Vec::new();
        while let Some(found) = pages.next().await {
            let found = found.map_err(|error| unavailable(&error))?;
            sessions.push(item::read::<Session>(found, ENTITY)?.record);
            if sessions.len() == limit {
                break;
            }
        }
        Ok(sessions)
    }

    /// Saves a session over the version that was read.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when another process saved first.
    pub async fn save_session(&self, id: &SessionId, session: &Versioned<Session>) -> Result<(), StoreError> {
        let item = session_item(id, &session.record, session.version.saturating_add(1))?;
        let put = item::put(&self.table, item, Require::Version(session.version))?;
        self.transact(vec![TransactWriteItem::builder().put(put).build()], None).await
    }

    /// Saves a session and its onboarding in one transaction: a claim with the record of the exchange, or the end
    /// of a failed exchange with the session that is open again.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when either changed since it was read.
    pub async fn save_session_and_onboarding(
        &self,
        id: &SessionId,
        session: &Versioned<Session>,
        onboarding: &Onboarding,
        version: Option<u64>,
        timeline: &[TimelineEntry],
    ) -> Result<(), StoreError> {
        let item = session_item(id, &session.record, session.version.saturating_add(1))?;
        let put_session = item::put(&self.table, item, Require::Version(session.version))?;
        let mut writes = vec![TransactWriteItem::builder().put(put_session).build()];
        let require = version.map_or(Require::Absent, Require::Version);
        let item = state_item(onboarding, version.unwrap_or(0).saturating_add(1))?;
        writes.push(TransactWriteItem::builder().put(item::put(&self.table, item, require)?).build());
        if version.is_none() {
            writes.push(self.customer_pointer(onboarding)?);
        }
        writes.extend(self.timeline_writes(onboarding, timeline)?);
        self.transact(writes, None).await
    }
}

fn session_item(id: &SessionId, session: &Session, version: u64) -> Result<item::Item, StoreError> {
    let mut item = item::build(&keys::session(id), ENTITY, version, session)?;
    item.insert("list".to_owned(), text(keys::SESSIONS));
    item.insert("list_order".to_owned(), text(&session.created_at.to_rfc3339()));
    item.insert("expires_at".to_owned(), number(session.remembered_until().as_seconds_up()));
    Ok(item)
}
