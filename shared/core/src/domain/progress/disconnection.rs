//! Numbers that are disconnected: reported by Meta, confirmed by a health check, shown until they are connected again.

use super::TimelineEntry;
use super::announce::announce;
use super::departure::departed_number;
use super::transition::entry;
use super::watch::check_requested;
use super::{HealthCheck, ReportedDisconnection};
use crate::domain::ids::PhoneNumberId;
use crate::domain::meta_status::Attribute;
use crate::domain::onboarding::{DISCONNECTED, Disconnection, Number, Onboarding, Phase};
use crate::domain::time::Timestamp;
use std::time::Duration;

/// Time until a report is checked again that is newer than what was read: Meta's times have a resolution of one second.
const RECHECK: Duration = Duration::from_secs(60);

const CONNECTED: &str = "CONNECTED";

/// A report about one number changes nothing by itself: it is noted at the number, and Meta is asked about the account
/// and every number.
pub(super) fn disconnected(
    after: &mut Onboarding,
    report: &ReportedDisconnection,
    now: Timestamp,
    timeline: &mut Vec<TimelineEntry>,
) {
    if matches!(after.phase, Phase::Left { .. }) {
        return;
    }
    check_requested(after, now);
    if report.at < after.connection_began().before_this_second() {
        return;
    }
    let concerned = concerned(after, report);
    for number in after.numbers.iter_mut().filter(|(id, _)| concerned.contains(id)).map(|(_, number)| number) {
        if note(number, report) {
            timeline.push(entry(now, "number_disconnection_reported", Some(DISCONNECTED)));
        }
    }
    departed_number(after, report.at, now, timeline);
}

/// The numbers that a report is about. One shape of Meta's names none: it is sent for numbers that stay in the WhatsApp
/// Business app.
fn concerned(onboarding: &Onboarding, report: &ReportedDisconnection) -> Vec<PhoneNumberId> {
    let in_app: Vec<&PhoneNumberId> =
        onboarding.numbers.iter().filter(|(_, number)| number.coexists).map(|(id, _)| id).collect();
    let ids: Vec<&PhoneNumberId> = match (&report.display, in_app.is_empty()) {
        (Some(display), _) => {
            let written = onboarding.numbers.iter().filter(|(_, number)| number.is_written(display));
            written.map(|(id, _)| id).collect()
        }
        (None, false) => in_app,
        (None, true) => onboarding.numbers.keys().filter(|_| onboarding.numbers.len() == 1).collect(),
    };
    ids.into_iter().cloned().collect()
}

/// Notes a report unless it is known, or the number was seen connected since.
fn note(number: &mut Number, report: &ReportedDisconnection) -> bool {
    let status = number.facts.get(Attribute::Status);
    if status.is_some_and(|status| status.value == CONNECTED && status.at > report.at) {
        return false;
    }
    match &mut number.disconnection {
        Some(known) if known.reason.is_none() && known.initiated_by.is_none() => {
            (known.reason, known.initiated_by) = (report.reason.clone(), report.initiated_by.clone());
            known.since = known.since.min(report.at);
            report.reason.is_some()
        }
        Some(known) if known.since >= report.at => false,
        known => {
            let confirmed = known.as_ref().is_some_and(|known| known.confirmed);
            let (reason, initiated_by) = (report.reason.clone(), report.initiated_by.clone());
            *known = Some(Disconnection { since: report.at, reason, initiated_by, confirmed });
            true
        }
    }
}

/// What a health check found out about each number's connection.
pub(super) fn numbers_checked(
    after: &mut Onboarding,
    check: &HealthCheck,
    now: Timestamp,
    timeline: &mut Vec<TimelineEntry>,
) {
    let of = |status: &[(Attribute, String)]| {
        let word = status.iter().find(|(attribute, _)| *attribute == Attribute::Status);
        word.map(|(_, value)| value.eq_ignore_ascii_case(CONNECTED))
    };
    let read = check.numbers.iter().map(|(id, status)| (id.clone(), of(status)));
    let read: Vec<_> = read.chain(check.gone.iter().map(|id| (id.clone(), Some(false)))).collect();
    for (id, connected) in read {
        let Some(number) = after.numbers.get_mut(&id) else { continue };
        let was_connected = number.registered_at.is_some() || number.coexists;
        let news = match connected {
            Some(true) => reconnected(number, check.at),
            Some(false) if was_connected && confirm(number, check.at) => Some("number_disconnected"),
            Some(false) | None => None,
        };
        let Some(news) = news else { continue };
        timeline.push(entry(now, news, Some(DISCONNECTED)));
        if news == "number_disconnected" {
            announce(after, "whatsapp.number.disconnected.v1", id.as_str(), now);
        }
    }
    // Another check soon can decide only about a report that is newer than this one.
    let open =
        |number: &Number| number.disconnection.as_ref().is_some_and(|known| !known.confirmed && known.since > check.at);
    if after.numbers.values().any(open) {
        after.watch_at = after.watch_at.map(|at| at.min(now.after(RECHECK)));
    }
}

/// A report that is newer than the check stays, and is checked again.
fn reconnected(number: &mut Number, at: Timestamp) -> Option<&'static str> {
    let known = number.disconnection.take_if(|known| known.confirmed || known.since <= at)?;
    Some(if known.confirmed { "number_reconnected" } else { "number_still_connected" })
}

fn confirm(number: &mut Number, at: Timestamp) -> bool {
    let found = Disconnection { since: at, reason: None, initiated_by: None, confirmed: false };
    let known = number.disconnection.get_or_insert(found);
    !std::mem::replace(&mut known.confirmed, true)
}
