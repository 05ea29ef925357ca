//! The template fields: reviews, pauses, and changes of quality, category or text.

use super::{Change, Context, Observation};
use crate::domain::ids::TemplateId;
use crate::domain::template::{ChangedAttribute, TemplateChange, normal_language};
use serde::Deserialize;
use serde::de::DeserializeOwned;

#[derive(Deserialize)]
struct Named<T> {
    /// May exceed the exact range of a double, so it is never parsed as one.
    message_template_id: u64,
    message_template_name: String,
    message_template_language: String,
    #[serde(flatten)]
    attributes: T,
}

#[derive(Deserialize)]
struct Status {
    event: String,
    message_template_category: Option<String>,
    reason: Option<String>,
}

#[derive(Deserialize)]
struct Quality {
    new_quality_score: String,
}

#[derive(Deserialize)]
struct Category {
    new_category: Option<String>,
    category: Option<String>,
    correct_category: Option<String>,
}

fn read<T: DeserializeOwned>(
    change: &Change<'_>,
    context: &Context,
    attribute: impl FnOnce(T) -> Option<ChangedAttribute>,
) -> Option<Observation> {
    let value: Named<T> = serde_json::from_str(change.value.get()).ok()?;
    Some(Observation::Template(TemplateChange {
        id: TemplateId::parse(&value.message_template_id.to_string()).ok()?,
        name: value.message_template_name,
        language: normal_language(&value.message_template_language),
        at: context.time_of(change),
        attribute: attribute(value.attributes)?,
    }))
}

/// `message_template_status_update`.
pub(super) fn status(change: &Change<'_>, context: &Context) -> Option<Observation> {
    read(change, context, |value: Status| {
        let reason = value.reason.filter(|reason| reason != "NONE");
        Some(ChangedAttribute::Status { status: value.event, reason, category: value.message_template_category })
    })
}

/// `message_template_quality_update`.
pub(super) fn quality(change: &Change<'_>, context: &Context) -> Option<Observation> {
    read(change, context, |value: Quality| Some(ChangedAttribute::Quality(value.new_quality_score)))
}

/// `template_category_update`, whose `new_category` is the current category even if another one is announced, and
/// `template_correct_category_detection`.
pub(super) fn category(change: &Change<'_>, context: &Context) -> Option<Observation> {
    read(change, context, |value: Category| {
        let category = value.new_category.or(value.category)?;
        let correct = value.correct_category.filter(|correct| *correct != category);
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
        assert_eq!(observe(status, &value(r#""event":"APPROVED""#).replace("1689556908129832", "\"x\""), 1), None);
        assert!(observe(status, &value(r#""event":"PENDING_DELETION","reason":null"#), 1).is_some());
    }
}
