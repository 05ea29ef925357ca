//! Claims of idempotency keys: whoever stores one first decides which request body the key belongs to.

use super::item::{self, Item, Require, number};
use super::{Store, StoreError, Versioned, keys, unavailable};
use crate::domain::idempotency::{Answer, Claim};
use crate::domain::time::Timestamp;

const ENTITY: &str = "idempotency claim";

impl Store {
    /// Claims a key; returns its claim, whoever made it first. An expired claim does not count.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable or the item undecodable.
    pub async fn claim_key(&self, place: &str, claim: Claim, now: Timestamp) -> Result<Versioned<Claim>, StoreError> {
        let item = claim_item(place, &claim, 1)?;
        let request = self.client().put_item().table_name(&self.table).set_item(Some(item));
        // Expiry is compared here because the table's time to live deletes items late.
        let request = request
            .condition_expression("attribute_not_exists(pk) OR expires_at <= :now")
            .expression_attribute_values(":now", number(now.as_millis().div_euclid(1000)));
        match request.send().await.map_err(|error| unavailable(&error)) {
            Ok(_) => Ok(Versioned { record: claim, version: 1 }),
            // May be our own claim, if the answer to the write was lost.
            Err(StoreError::Conflict) => self.key_claim(place).await?.ok_or(StoreError::Conflict),
            Err(error) => Err(error),
        }
    }

    /// Saves the answer to a request under a key; returns the answer that was saved first.
    ///
    /// # Errors
    /// [`StoreError`] when the table is unavailable or the item undecodable.
    pub async fn save_answer(
        &self,
        place: &str,
        claim: &Versioned<Claim>,
        answer: Answer,
    ) -> Result<Answer, StoreError> {
        let answered = claim.record.clone().answered(answer.clone());
        let item = claim_item(place, &answered, claim.version.saturating_add(1))?;
        let require = Require::Version(claim.version);
        let request = self.client().put_item().table_name(&self.table).set_item(Some(item));
        let request =
            request.condition_expression(require.expression()).set_expression_attribute_values(require.values());
        match request.send().await.map_err(|error| unavailable(&error)) {
            Ok(_) => Ok(answer),
            Err(StoreError::Conflict) => {
                let first = self.key_claim(place).await?.and_then(|held| held.record.answer);
                Ok(first.unwrap_or(answer))
            }
            Err(error) => Err(error),
        }
    }

    async fn key_claim(&self, place: &str) -> Result<Option<Versioned<Claim>>, StoreError> {
        self.item(&keys::key_claim(place)).await?.map(|found| item::read(found, ENTITY)).transpose()
    }
}

fn claim_item(place: &str, claim: &Claim, version: u64) -> Result<Item, StoreError> {
    let mut item = item::build(&keys::key_claim(place), ENTITY, version, claim)?;
    item.insert("expires_at".to_owned(), number(claim.expires_at().as_seconds_up()));
    Ok(item)
}
