//! The one way to save: load, decide, save over the version that was read; and again while others save first.

use super::item::Require;
use super::{Store, StoreError, Versioned};
use std::time::Duration;

/// How often a decision is made over a newer record. In each round somebody's save succeeds, so that twenty who come at
/// once are all served.
const TRIES: u32 = 25;

/// Conflicts after which the next round begins at once: most are over by then.
const WITHOUT_PAUSE: u32 = 3;

/// By how much each further conflict lengthens the pause.
const PAUSE: Duration = Duration::from_millis(4);

/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_millis(40);

/// A kind of record that is saved over the version that was read.
pub trait Record: PartialEq + Send + Sync + Sized {
    /// What finds it in the table.
    type Key: Sync;
    /// What a save needs beside the record: its new timeline entries, or the time.
    type Beside: Send;

    /// The record as it is now.
    fn load(store: &Store, key: &Self::Key)
    -> impl Future<Output = Result<Option<Versioned<Self>>, StoreError>> + Send;

    /// Saves `after` over `held`, all or nothing with the items that depend on it, and gives what was saved.
    /// [`StoreError::Conflict`] when somebody else saved first.
    fn save(
        store: &Store,
        key: &Self::Key,
        held: Option<&Versioned<Self>>,
        after: Self,
        beside: Self::Beside,
    ) -> impl Future<Output = Result<Versioned<Self>, StoreError>> + Send;
}

/// What became of a record.
#[derive(Debug)]
pub enum Updated<R> {
    /// It is as decided.
    Saved(Versioned<R>),
    /// The decision was to leave it, or to store what is there already; `None` when there is no such record.
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
    /// Loads a record and saves what `decide` makes of it (`None`: nothing). Who saved first is respected: the decision is
    /// made anew over the newer record.
    ///
    /// # Errors
    /// What `decide` refuses, what the table refuses, and [`StoreError::Conflict`] when others were faster every time.
    pub async fn update<R: Record, E: From<StoreError>>(
        &self,
        key: &R::Key,
        decide: impl FnMut(Option<&R>) -> Result<Option<(R, R::Beside)>, E>,
    ) -> Result<Updated<R>, E> {
        self.update_read(key, R::load(self, key).await?, decide).await
    }

    /// As [`Store::update`], beginning with what was read already.
    ///
    /// # Errors
    /// As [`Store::update`].
    pub async fn update_read<R: Record, E: From<StoreError>>(
        &self,
        key: &R::Key,
        read: Option<Versioned<R>>,
        mut decide: impl FnMut(Option<&R>) -> Result<Option<(R, R::Beside)>, E>,
    ) -> Result<Updated<R>, E> {
        let mut held = read;
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

/// Functions do not sleep until something is due: a queue or the sweeper wakes them. This is no such wait: others are
/// saving at this moment, and a few milliseconds, different for each, keep them out of each other's way.
async fn let_others_finish(conflicts: u32) {
    if let Some(wait) = pause(conflicts, rand::random()) {
        tokio::time::sleep(wait).await;
    }
}

/// The pause after so many conflicts: by chance, up to a length that grows with them.
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
