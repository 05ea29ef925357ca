//! Meta's decisions about accounts, display names and multi-partner solutions.

use super::{Change, Context, Observation};
use crate::domain::display_number::DisplayNumber;
use crate::domain::meta_status::Attribute;
use crate::domain::progress::{About, Fact};
use crate::webhook::members::Members;

/// `account_review_update`.
pub(super) fn account(change: &Change<'_>, context: &Context) -> Option<Observation> {
    let value = Members::of(change.value).word("decision")?;
    let (about, attribute, at) = (About::Account, Attribute::Review, context.time_of(change));
    Some(Observation::Fact(Fact::Observed { about, attribute, value, at }))
}

/// `phone_number_name_update`.
pub(super) fn display_name(change: &Change<'_>, context: &Context) -> Option<Observation> {
    let value = Members::of(change.value);
    let display = DisplayNumber::parse(&value.text("display_phone_number")?)?;
    let (decision, at) = (value.word("decision")?, context.time_of(change));
    Some(Observation::Fact(Fact::NameDecided { display, decision, at }))
}

/// `partner_solutions`.
pub(super) fn solution(change: &Change<'_>, context: &Context) -> Option<Observation> {
    let value = Members::of(change.value);
    let (id, status) = (value.word("solution_id")?, value.word("solution_status")?);
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
    fn decisions_are_observed_and_odd_values_are_not_understood() {
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
        for odd in ["null", "{}", r#"{"decision":"<b>"}"#, r#"{"decision":"APPROVED","display_phone_number":"x"}"#] {
            assert_eq!(observe(display_name, odd), None, "{odd}");
        }
    }
}
