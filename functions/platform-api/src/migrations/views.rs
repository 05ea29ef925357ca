//! A phone number migration as shown to the platform. The number itself is omitted: the caller knows it.

use crate::timeline::page_of;
use crate::views::By;
use serde::Serialize;
use shared::domain::failure::{Actor, MetaCode};
use shared::domain::grant::VerifiedPhone;
use shared::domain::migration::{self, CheckResult, Compared, Migration, MigrationState, compare};
use shared::domain::time::Timestamp;

/// Shown for a condition that cannot be checked.
const NOT_SHOWN: &str = "Meta does not show this to us. Send source_waba_id and source_phone_number_id if you know them; \
                         the move can continue, and Meta rejects it if the condition is not met.";

#[derive(Serialize)]
pub(crate) struct Moves<'a> {
    pub(crate) moves: Vec<MoveView<'a>>,
}

#[derive(Serialize)]
pub(crate) struct MoveView<'a> {
    move_id: &'a str,
    onboarding_id: &'a str,
    customer_ref: &'a str,
    /// Its last four digits.
    phone_number: String,
    phone_number_id: Option<&'a str>,
    state: MigrationState,
    since: String,
    who_acts: Option<Actor>,
    code: Option<&'a str>,
    meta: Option<MetaCode>,
    message: Option<&'static str>,
    checks: Vec<CheckView<'a>>,
    codes_requested: usize,
    codes_left: usize,
    verifications_left: usize,
    next_code_at: Option<String>,
    next_entry_at: Option<String>,
    comparison: Vec<Compared>,
    /// The newest timeline entries.
    timeline: Vec<EntryView<'a>>,
    /// Cursor of earlier entries.
    timeline_cursor: Option<String>,
}

/// A page of a migration's timeline.
#[derive(Serialize)]
pub(crate) struct EntryPage<'a> {
    timeline: Vec<EntryView<'a>>,
    cursor: Option<String>,
}

#[derive(Serialize)]
struct CheckView<'a> {
    check: &'a str,
    result: CheckResult,
    message: Option<&'static str>,
}

#[derive(Serialize)]
struct EntryView<'a> {
    at: String,
    event: &'a str,
    code: Option<&'a str>,
    meta: Option<MetaCode>,
    who_acts: Option<Actor>,
    message: Option<&'static str>,
    by: Option<By>,
}

fn check_view(found: &migration::Check) -> CheckView<'_> {
    let message = match found.result {
        CheckResult::Pass => None,
        // No field ever shows this one: its sentence explains how it would be noticed.
        CheckResult::Unknown if found.check != "two_step_off" => Some(NOT_SHOWN),
        CheckResult::Missing | CheckResult::Unknown => Some(migration::sentence(&found.check)),
    };
    CheckView { check: &found.check, result: found.result, message }
}

/// The migration as of `now`.
pub(crate) fn view(migration: &Migration, now: Timestamp) -> MoveView<'_> {
    let (codes_left, next_code_at) = migration.codes_left(now);
    let newest = page(migration, None);
    MoveView {
        move_id: migration.id.as_str(),
        onboarding_id: migration.onboarding.as_str(),
        customer_ref: migration.customer_ref.as_str(),
        phone_number: format!("…{}", migration.ending),
        phone_number_id: migration.phone.as_ref().map(|phone| VerifiedPhone::id(phone).as_str()),
        state: migration.state(),
        since: migration.since.to_rfc3339(),
        who_acts: migration.actor(),
        code: migration.code(),
        meta: migration.meta(),
        message: migration.code().map(migration::sentence),
        checks: migration.checks.iter().map(check_view).collect(),
        codes_requested: migration.codes.len(),
        codes_left,
        verifications_left: migration.entries_left(now).0,
        next_code_at: next_code_at.map(Timestamp::to_rfc3339),
        next_entry_at: migration.entries_left(now).1.map(Timestamp::to_rfc3339),
        comparison: compare(migration.before.as_ref(), migration.after.as_ref()),
        timeline: newest.timeline,
        timeline_cursor: newest.cursor,
    }
}

/// The timeline page before an entry, or the newest.
pub(crate) fn page(migration: &Migration, before: Option<u32>) -> EntryPage<'_> {
    let (entries, cursor) = page_of(migration.id.as_str(), &migration.timeline, before);
    let timeline = entries.iter().map(|entry| EntryView {
        at: entry.at.to_rfc3339(),
        event: &entry.event,
        code: entry.code.as_deref(),
        meta: entry.code.as_deref().and_then(MetaCode::parse),
        who_acts: entry.code.as_deref().and_then(migration::who_acts),
        message: entry.code.as_deref().filter(|code| MetaCode::parse(code).is_some()).map(migration::sentence),
        by: entry.by.clone().map(By::of),
    });
    EntryPage { timeline: timeline.collect(), cursor }
}
