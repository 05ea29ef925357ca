//! The template fields: reviews, pauses, and changes of quality, category or text.

use super::{Change, Context, Observation};
use crate::domain::ids::TemplateId;
use crate::domain::template::{ChangedAttribute, TemplateChange, normal_language};
use crate::webhook::members::Members;

fn read(
    change: &Change<'_>,
    context: &Context,
    attribute: impl FnOnce(&Members<'_>) -> Option<ChangedAttribute>,
) -> Option<Observation> {
    let value = Members::of(change.value);
    Some(Observation::Template(TemplateChange {
        id: value.id("message_template_id", TemplateId::parse)?,
        name: value.text("message_template_name")?,
        language: normal_language(&value.text("message_template_language")?),
        at: context.time_of(change),
        attribute: attribute(&value)?,
    }))
}

/// `message_template_status_update`.
pub(super) fn status(change: &Change<'_>, context: &Context) -> Option<Observation> {
    read(change, context, |value| {
        let reason = value.text("reason").filter(|reason| reason != "NONE");
        Some(ChangedAttribute::Status {
            status: value.text("event")?,
            reason,
            category: value.text("message_template_category"),
        })
    })
}

/// `message_template_quality_update`.
pub(super) fn quality(change: &Change<'_>, context: &Context) -> Option<Observation> {
    read(change, context, |value| value.text("new_quality_score").map(ChangedAttribute::Quality))
}

/// `template_category_update`, whose `new_category` is the current category even if another one is announced, and
/// `template_correct_category_detection`.
pub(super) fn category(change: &Change<'_>, context: &Context) -> Option<Observation> {
    read(change, context, |value| {
        let category = value.text("new_category").or_else(|| value.text("category"))?;
        let correct = value.text("correct_category");
        // Either the change is announced, or it was made: then the previous category is named.
        if correct.is_none() && value.text("previous_category").is_none() {
            return None;
        }
        let correct = correct.filter(|correct| *correct != category);
        Some(ChangedAttribute::Category { category, correct })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::AppId;
    use crate::domain::time::Timestamp;
    use serde_json::value::RawValue;

    type Read = fn(&Change<'_>, &Context) -> Option<Observation>;

    fn observe(read: Read, value: &str, time: i64) -> Option<TemplateChange> {
        let raw = RawValue::from_string(value.to_owned()).unwrap();
        let context = Context { app: AppId::parse("42").unwrap(), received_at: Timestamp::from_seconds(200) };
        let time = Some(Timestamp::from_seconds(time));
        match read(&Change { entry_id: "9".into(), time, field: "x".into(), value: &raw }, &context) {
            Some(Observation::Template(change)) => Some(change),
            _ => None,
        }
    }

    const NAMED: &str =
        r#""message_template_id":1689556908129832,"message_template_name":"order","message_template_language":"en-US""#;

    fn value(members: &str) -> String {
        format!("{{{NAMED},{members}}}")
    }

    #[test]
    fn ids_are_exact_and_languages_are_normalised() {
        let rejected = value(r#""event":"REJECTED","reason":"INVALID_FORMAT","message_template_category":"UTILITY""#);
        let change = observe(status, &rejected, 100).unwrap();
        assert_eq!((change.id.as_str(), change.language.as_str()), ("1689556908129832", "en_US"));
        let ChangedAttribute::Status { status, reason, .. } = change.attribute else { panic!("a status") };
        assert_eq!((status.as_str(), reason.as_deref()), ("REJECTED", Some("INVALID_FORMAT")));
        assert_eq!(change.at, Timestamp::from_seconds(100));
    }

    #[test]
    fn a_time_in_the_far_future_is_capped() {
        let change = observe(status, &value(r#""event":"APPROVED""#), 4_102_444_800).unwrap();
        assert_eq!(change.at, Timestamp::from_seconds(500));
    }

    #[test]
    fn an_announced_category_is_not_taken_for_the_current_one() {
        let attribute = |members| observe(category, &value(members), 1).map(|change| change.attribute);
        let of = |category: &str, correct: Option<&str>| {
            Some(ChangedAttribute::Category { category: category.into(), correct: correct.map(str::to_owned) })
        };
        let impending =
            r#""correct_category":"MARKETING","new_category":"UTILITY","category_update_timestamp":1746082800"#;
        assert_eq!(attribute(impending), of("UTILITY", Some("MARKETING")));
        assert_eq!(attribute(r#""previous_category":"UTILITY","new_category":"MARKETING""#), of("MARKETING", None));
        assert_eq!(
            attribute(r#""category":"UTILITY","correct_category":"MARKETING""#),
            of("UTILITY", Some("MARKETING"))
        );
        assert_eq!(attribute(r#""correct_category":"MARKETING""#), None);
    }

    #[test]
    fn a_quality_is_observed_and_undocumented_forms_are_only_forwarded() {
        let change = observe(quality, &value(r#""previous_quality_score":"GREEN","new_quality_score":"YELLOW""#), 1);
        assert_eq!(change.map(|change| change.attribute), Some(ChangedAttribute::Quality("YELLOW".into())));
        let with_id = |id: &str| value(r#""event":"APPROVED""#).replace("1689556908129832", id);
        assert_eq!(observe(status, &with_id("\"x\""), 1), None);
        assert_eq!(
            observe(status, &with_id("\"1689556908129832\""), 1),
            observe(status, &with_id("1689556908129832"), 1)
        );
        assert!(observe(status, &value(r#""event":"PENDING_DELETION","reason":null"#), 1).is_some());
    }
}
