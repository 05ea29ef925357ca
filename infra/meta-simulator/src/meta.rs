//! What all handlers of the simulator share.

use crate::clock::Clock;
use crate::faults::Faults;
use crate::journal::Journal;
use crate::openapi::Document;
use crate::options::Options;
use crate::webhooks::Webhooks;
use crate::world::World;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// State shared by all handlers.
pub(crate) struct Meta {
    pub(crate) options: Options,
    pub(crate) clock: Arc<Clock>,
    pub(crate) journal: Arc<Mutex<Journal>>,
    pub(crate) webhooks: Arc<Webhooks>,
    pub(crate) document: Document,
    pub(crate) url: String,
    pub(crate) world: Mutex<World>,
    pub(crate) faults: Mutex<Faults>,
}

impl Meta {
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn faults(&self) -> MutexGuard<'_, Faults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn journal(&self) -> MutexGuard<'_, Journal> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
