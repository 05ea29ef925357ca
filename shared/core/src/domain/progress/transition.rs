//! Shared by all changes of a record: entering a phase, and timeline entries.

use super::TimelineEntry;
use crate::domain::onboarding::{Onboarding, Phase};
use crate::domain::time::Timestamp;

/// Reason of a signup that ended because another record of the customer owns the account.
pub(super) const JOINED: &str = "joined";

pub(super) fn entry(at: Timestamp, event: &str, code: Option<&str>) -> TimelineEntry {
    TimelineEntry::new(at, event, code)
}

pub(super) fn enter(onboarding: &mut Onboarding, phase: Phase, now: Timestamp) {
    onboarding.phase = phase;
    onboarding.phase_since = now;
}
