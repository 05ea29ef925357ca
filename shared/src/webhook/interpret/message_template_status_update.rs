//! `message_template_status_update`: a review ended, a template was paused, disabled or deleted.

use super::{Change, Context, Observation};
use crate::domain::ids::TemplateId;
use crate::domain::template::{Template, normal_language};
use serde::Deserialize;

#[derive(Deserialize)]
struct Value {
    event: String,
    /// Up to about 2^50; larger than a double keeps, so never read as one.
    message_template_id: u64,
    message_template_name: String,
    message_template_language: String,
    message_template_category: Option<String>,
    reason: Option<String>,
}

pub(super) fn interpret(change: &Change<'_>, context: &Context) -> Option<Observation> {
    let value: Value = serde_json::from_str(change.value.get()).ok()?;
    Some(Observation::Template(Template {
        id: TemplateId::parse(&value.message_template_id.to_string()).ok()?,
        name: value.message_template_name,
        language: normal_language(&value.message_template_language),
        status: value.event,
        category: value.message_template_category,
        reason: value.reason.filter(|reason| reason != "NONE"),
        changed_at: context.time_of(change),
        missing_polls: 0,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::AppId;
    use crate::domain::time::Timestamp;
    use serde_json::value::RawValue;

    fn observe(value: &str, time: i64) -> Option<Observation> {
        let raw = RawValue::from_string(value.to_owned()).unwrap();
        let context = Context { app: AppId::parse("42").unwrap(), received_at: Timestamp::from_seconds(200) };
        let time = Some(Timestamp::from_seconds(time));
        interpret(&Change { entry_id: "9".into(), time, field: "x".into(), value: &raw }, &context)
    }

    const REJECTED: &str = r#"{"event":"REJECTED","message_template_id":1689556908129832,"message_template_name":"order",
        "message_template_language":"en-US","reason":"INVALID_FORMAT","message_template_category":"UTILITY"}"#;

    #[test]
    fn ids_are_exact_and_languages_are_written_one_way() {
        let Some(Observation::Template(template)) = observe(REJECTED, 100) else { panic!("a template") };
        assert_eq!((template.id.as_str(), template.language.as_str()), ("1689556908129832", "en_US"));
        assert_eq!(
            (template.reason.as_deref(), template.changed_at),
            (Some("INVALID_FORMAT"), Timestamp::from_seconds(100))
        );
    }

    #[test]
    fn a_time_in_the_far_future_does_not_win_for_ever() {
        let Some(Observation::Template(template)) = observe(REJECTED, 4_102_444_800) else { panic!("a template") };
        assert_eq!(template.changed_at, Timestamp::from_seconds(500));
    }

    #[test]
    fn a_reason_may_be_null_and_other_shapes_are_passed_on_only() {
        assert!(observe(&REJECTED.replace("\"INVALID_FORMAT\"", "null"), 1).is_some());
        assert_eq!(observe(&REJECTED.replace("1689556908129832", "\"x\""), 1), None);
    }
}
