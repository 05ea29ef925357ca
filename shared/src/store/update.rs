//! Optimistic locking for all saves: load, decide, save over the version that was read; repeat after a version
//! conflict.

use super::item::Require;
use super::{Store, StoreError, Versioned};
use std::time::Duration;

/// Attempts per save. In each round one of the concurrent saves succeeds, so that twenty concurrent callers all
/// succeed.
const TRIES: u32 = 25;

/// Conflicts that are retried without a pause: most are resolved by then.
const WITHOUT_PAUSE: u32 = 3;

/// By how much each further conflict lengthens the pause.
const PAUSE: Duration = Duration::from_millis(4);

/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_millis(40);

/// A kind of record that is saved over the version that was read.
pub trait Record: PartialEq + Send + Sync + Sized {
    /// Identifies the record in the table.
    type Key: Sync;
    /// What a save needs in addition to the record: its new timeline entries, or the time.
    type Beside: Send;

    /// Reads the record.
    fn load(store: &Store, key: &Self::Key)
    -> impl Future<Output = Result<Option<Versioned<Self>>, StoreError>> + Send;

    /// Saves `after` over `held`, in one transaction with the items that depend on it, and returns what was saved.
    /// [`StoreError::Conflict`] when the stored version is not the one in `held`.
    fn save(
        store: &Store,
        key: &Self::Key,
        held: Option<&Versioned<Self>>,
        after: Self,
        beside: Self::Beside,
    ) -> impl Future<Output = Result<Versioned<Self>, StoreError>> + Send;
}

/// Result of an update.
#[derive(Debug)]
pub enum Updated<R> {
    /// The decided record was saved.
    Saved(Versioned<R>),
    /// The decision was to change nothing; `None` when the record does not exist.
    Unchanged(Option<Versioned<R>>),
}

impl<R> Updated<R> {
    /// What was saved, if anything was.
    #[must_use]
    pub fn saved(self) -> Option<Versioned<R>> {
        match self {
            Self::Saved(saved) => Some(saved),
            Self::Unchanged(_) => None,
        }
    }
}

impl Store {
    /// Loads a record and saves what `decide` returns (`None`: nothing). After a version conflict the decision is made
    /// again for the newer record.
    ///
    /// # Errors
    /// The error of `decide`, an error of the table, or [`StoreError::Conflict`] when every attempt ended in a
    /// conflict.
    pub async fn update<R: Record, E: From<StoreError>>(
        &self,
        key: &R::Key,
        mut decide: impl FnMut(Option<&R>) -> Result<Option<(R, R::Beside)>, E> + Send,
    ) -> Result<Updated<R>, E> {
        Box::pin(self.retry(key, First::Load, &mut decide)).await
    }

    /// Like [`Store::update`], starting from a record that was already read.
    ///
    /// # Errors
    /// As [`Store::update`].
    pub async fn update_read<R: Record, E: From<StoreError>>(
        &self,
        key: &R::Key,
        read: Option<Versioned<R>>,
        mut decide: impl FnMut(Option<&R>) -> Result<Option<(R, R::Beside)>, E> + Send,
    ) -> Result<Updated<R>, E> {
        Box::pin(self.retry(key, First::Read(read), &mut decide)).await
    }

    /// Compiled once per kind of record instead of once per caller: the loop contains the whole load and save.
    async fn retry<R: Record, E: From<StoreError>>(
        &self,
        key: &R::Key,
        first: First<R>,
        decide: &mut Decide<'_, R, E>,
    ) -> Result<Updated<R>, E> {
        let mut held = match first {
            First::Load => R::load(self, key).await?,
            First::Read(read) => read,
        };
        for conflicts in 0..TRIES {
            if conflicts > 0 {
                let_others_finish(conflicts).await;
                held = R::load(self, key).await?;
            }
            let before = held.as_ref().map(|held| &held.record);
            let Some((after, beside)) = decide(before)?.filter(|(after, _)| before != Some(after)) else {
                return Ok(Updated::Unchanged(held));
            };
            match R::save(self, key, held.as_ref(), after, beside).await {
                Err(StoreError::Conflict) => {}
                saved => return Ok(Updated::Saved(saved?)),
            }
        }
        Err(StoreError::Conflict.into())
    }
}

/// The record that the first decision is made for.
enum First<R> {
    Load,
    Read(Option<Versioned<R>>),
}

/// Decides what to save over a record; `None` for nothing.
type Decide<'a, R, E> = dyn FnMut(Option<&R>) -> Result<Option<(R, <R as Record>::Beside)>, E> + Send + 'a;

/// Functions never sleep until something is due; queues and the sweeper do that. This pause is different: others are
/// saving at this moment, and a random delay of a few milliseconds avoids further conflicts.
async fn let_others_finish(conflicts: u32) {
    if let Some(wait) = pause(conflicts, rand::random()) {
        tokio::time::sleep(wait).await;
    }
}

/// The random pause after a number of conflicts, up to a maximum that grows with them.
fn pause(conflicts: u32, chance: u16) -> Option<Duration> {
    let further = conflicts.checked_sub(WITHOUT_PAUSE).filter(|further| *further > 0)?;
    let longest = PAUSE.saturating_mul(further).min(LONGEST_PAUSE);
    Some(longest.saturating_mul(chance.into()) / u32::from(u16::MAX))
}

impl Require {
    /// What a save over `held` requires of the item.
    pub(super) fn of<R>(held: Option<&Versioned<R>>) -> Self {
        held.map_or(Self::Absent, |held| Self::Version(held.version))
    }
}

/// The version that a save over `held` writes.
pub(super) fn next_version<R>(held: Option<&Versioned<R>>) -> u64 {
    held.map_or(0, |held| held.version).saturating_add(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_begin_after_the_first_conflicts_grow_and_differ() {
        assert_eq!((1..=WITHOUT_PAUSE).find_map(|conflicts| pause(conflicts, u16::MAX)), None);
        assert_eq!(pause(WITHOUT_PAUSE + 1, u16::MAX), Some(PAUSE));
        assert_eq!(pause(TRIES, u16::MAX), Some(LONGEST_PAUSE));
        assert_eq!(pause(TRIES, u16::MAX / 2 + 1).map(|pause| pause.as_millis()), Some(20));
        assert_eq!(pause(TRIES, 0), Some(Duration::ZERO));
    }
}
