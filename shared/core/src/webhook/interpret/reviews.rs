//! Meta's decisions about accounts, display names and multi-partner solutions.

use super::{Change, Context, Observation};
use crate::domain::display_number::DisplayNumber;
use crate::domain::meta_status::{Attribute, status_value};
use crate::domain::progress::{About, Fact};
use serde::Deserialize;

#[derive(Deserialize)]
struct Decision {
    decision: String,
    display_phone_number: Option<String>,
}

/// `account_review_update`.
pub(super) fn account(change: &Change<'_>, context: &Context) -> Option<Observation> {
    let value: Decision = serde_json::from_str(change.value.get()).ok()?;
    let value = status_value(&value.decision)?;
    Some(Observation::Fact(Fact::Observed {
        about: About::Account,
        attribute: Attribute::Review,
        value,
        at: context.time_of(change),
    }))
}

/// `phone_number_name_update`.
pub(super) fn display_name(change: &Change<'_>, context: &Context) -> Option<Observation> {
    let value: Decision = serde_json::from_str(change.value.get()).ok()?;
    let display = DisplayNumber::parse(&value.display_phone_number?)?;
    Some(Observation::Fact(Fact::NameDecided {
        display,
        decision: status_value(&value.decision)?,
        at: context.time_of(change),
    }))
}

#[derive(Deserialize)]
struct Solution {
    solution_id: String,
    solution_status: String,
}

/// `partner_solutions`.
pub(super) fn solution(change: &Change<'_>, context: &Context) -> Option<Observation> {
    let value: Solution = serde_json::from_str(change.value.get()).ok()?;
    let (id, status) = (status_value(&value.solution_id)?, status_value(&value.solution_status)?);
    Some(Observation::Solution { id, status, at: context.time_of(change) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::AppId;
    use crate::domain::time::Timestamp;
    use serde_json::value::RawValue;

    fn observe(read: fn(&Change<'_>, &Context) -> Option<Observation>, value: &str) -> Option<Observation> {
        let raw = RawValue::from_string(value.to_owned()).unwrap();
        let context = Context { app: AppId::parse("42").unwrap(), received_at: Timestamp::from_seconds(200) };
        let time = Some(Timestamp::from_seconds(100));
        read(&Change { entry_id: "9".into(), time, field: "x".into(), value: &raw }, &context)
    }

    #[test]
    fn decisions_are_observed_and_odd_values_are_passed_on_only() {
        let at = Timestamp::from_seconds(100);
        let review = |value: &str| {
            Observation::Fact(Fact::Observed {
                about: About::Account,
                attribute: Attribute::Review,
                value: value.to_owned(),
                at,
            })
        };
        assert_eq!(observe(account, r#"{"decision":"approved"}"#), Some(review("APPROVED")));
        let named = observe(display_name, r#"{"display_phone_number":"16315551234","decision":"APPROVED"}"#);
        assert!(matches!(named, Some(Observation::Fact(Fact::NameDecided { decision, .. })) if decision == "APPROVED"));
        for odd in [
            "null",
            "{}",
            r#"{"decision":7}"#,
            r#"{"decision":"<b>"}"#,
            r#"{"decision":"APPROVED","display_phone_number":"x"}"#,
        ] {
            assert_eq!(observe(display_name, odd), None, "{odd}");
        }
    }
}
