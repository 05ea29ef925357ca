//! Blackout days: Meta does not share credit lines with customers that switched from another partner.

use super::time::Timestamp;

/// Meta: not "in the last 3 and first 4 days of a month" ("Migrating WABAs among solution partners").
const LAST_DAYS: i8 = 3;
const FIRST_DAYS: i8 = 4;

/// The end of the blackout period that contains `now`; `None` outside of one. Days are in UTC.
#[must_use]
pub fn blackout_ends(now: Timestamp) -> Option<Timestamp> {
    let today = jiff::Timestamp::from_millisecond(now.as_millis()).ok()?.to_zoned(jiff::tz::TimeZone::UTC);
    let (day, days) = (today.day(), today.days_in_month());
    let first = today.first_of_month().ok()?.start_of_day().ok()?;
    let month = if day <= FIRST_DAYS {
        first
    } else if day > days - LAST_DAYS {
        first.checked_add(jiff::Span::new().months(1)).ok()?
    } else {
        return None;
    };
    let end = month.checked_add(jiff::Span::new().days(FIRST_DAYS)).ok()?;
    Some(Timestamp::from_millis(end.timestamp().as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ends(now: &str) -> Option<String> {
        blackout_ends(Timestamp::from_rfc3339(now).unwrap()).map(Timestamp::to_rfc3339)
    }

    #[test]
    fn the_last_three_and_first_four_days_of_a_month_are_blackout_days() {
        let check = |now: &str, end: Option<&str>| {
            assert_eq!(ends(now), end.map(|end| format!("{end}T00:00:00.000Z")), "{now}");
        };
        check("2026-11-27T23:59:59Z", None);
        check("2026-11-28T00:00:00Z", Some("2026-12-05"));
        check("2026-12-31T12:00:00Z", Some("2027-01-05"));
        check("2027-01-04T23:59:59Z", Some("2027-01-05"));
        check("2027-01-05T00:00:00Z", None);
        check("2028-02-26T23:59:59Z", None);
        check("2028-02-27T00:00:00Z", Some("2028-03-05"));
    }
}
