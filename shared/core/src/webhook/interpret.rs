//! Interprets changes that affect our own records: one row per field. Everything else is only forwarded.

mod account_update;
mod numbers;
pub(in crate::webhook) mod people;
mod preferences;
mod reviews;
mod statuses;
mod templates;

use super::change::Change;
use crate::domain::ids::{AppId, BusinessId, MessageId, PhoneNumberId};
use crate::domain::message::Delivery;
use crate::domain::meta_status::Attribute;
use crate::domain::person::{Names, Preference};
use crate::domain::progress::Fact;
use crate::domain::template::TemplateChange;
use crate::domain::time::Timestamp;

/// The effect of a webhook on our records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Observation {
    /// A fact about the account or its numbers, for the record that owns the account.
    Fact(Fact),
    /// The customer shared its account with us or installed our app.
    Joined {
        /// Its portfolio.
        business: Option<BusinessId>,
        /// Since when, by Meta's clock.
        at: Timestamp,
    },
    /// A business finished a signup and has to be certified before it can send messages.
    Uncertified {
        /// Its portfolio.
        business: BusinessId,
        /// When, by Meta's clock.
        at: Timestamp,
    },
    /// A change of a template.
    Template(TemplateChange),
    /// Templates changed; the details have to be read from Meta.
    Templates,
    /// A person stops or resumes marketing messages.
    Preference {
        /// The business's number.
        phone: PhoneNumberId,
        /// The person's names in the change.
        names: Names,
        /// The decision.
        preference: Preference,
    },
    /// These names are one person: what is stored under one of them applies to all.
    SamePerson {
        /// The business's number.
        phone: PhoneNumberId,
        /// At least two names.
        names: Names,
    },
    /// A message sent through us has a new status.
    MessageStatus {
        /// The message.
        message: MessageId,
        /// The number in the webhook, if it names one.
        phone: Option<PhoneNumberId>,
        /// The number of the attempt, from 1.
        attempt: usize,
        /// Meta's message id of the attempt.
        wamid: String,
        /// The delivery status.
        delivery: Delivery,
        /// Meta's error code of a failure.
        code: Option<u64>,
        /// When, by Meta's clock.
        at: Timestamp,
        /// The recipient's names in the status.
        recipient: Names,
    },
    /// A multi-partner solution has a new status.
    Solution {
        /// Its id.
        id: String,
        /// The status reported by Meta.
        status: String,
        /// When, by Meta's clock.
        at: Timestamp,
    },
}

impl Observation {
    /// Whether it changes the record of a connected account, so that the owner has to be looked up first.
    #[must_use]
    pub fn needs_owner(&self) -> bool {
        match self {
            Self::Fact(_) | Self::Template(_) | Self::Templates => true,
            Self::Joined { .. } | Self::Uncertified { .. } => false,
            Self::Preference { .. } | Self::SamePerson { .. } | Self::MessageStatus { .. } | Self::Solution { .. } => {
                false
            }
        }
    }

    /// Whether it only requests that Meta is read.
    #[must_use]
    pub fn is_check(&self) -> bool {
        matches!(self, Self::Fact(Fact::CheckRequested | Fact::AccessDoubted) | Self::Templates)
    }

    /// The observation for a change without a time. A later redelivery would appear newer than the current state, so
    /// the state is read from Meta instead.
    fn undated(self) -> Self {
        match self {
            Self::Fact(Fact::Observed { attribute: Attribute::History | Attribute::Contacts, .. }) => self,
            Self::Fact(Fact::Observed { .. } | Fact::Restricted { .. } | Fact::NameDecided { .. }) => {
                Self::Fact(Fact::CheckRequested)
            }
            Self::Template(_) => Self::Templates,
            other => other,
        }
    }
}

/// Input of an interpreter besides the change.
#[derive(Debug, Clone)]
pub struct Context {
    /// Our app: uninstallations of other apps are ignored.
    pub app: AppId,
    /// When the POST was received; used when Meta did not send a time.
    pub received_at: Timestamp,
}

/// How far a time of Meta's may be ahead of our clock: five minutes.
const CLOCK_SKEW: std::time::Duration = std::time::Duration::from_secs(300);

impl Context {
    /// The change's own time, at most five minutes after receipt: a time in the far future would override all later
    /// changes.
    #[must_use]
    pub fn time_of(&self, change: &Change<'_>) -> Timestamp {
        self.not_ahead(change.told_at().unwrap_or(self.received_at))
    }

    /// Limits a time of Meta's to five minutes after receipt.
    #[must_use]
    pub fn not_ahead(&self, at: Timestamp) -> Timestamp {
        at.min(self.received_at.after(CLOCK_SKEW))
    }
}

/// How a field is handled.
enum Field {
    /// Forwarded; does not change our records.
    PassedOn,
    /// Forwarded, with one observation; none means that the change was not understood, and Meta is read instead.
    One(fn(&Change<'_>, &Context) -> Option<Observation>),
    /// Forwarded, with any number of observations, among them a check for each part that was not understood.
    Many(fn(&Change<'_>, &Context) -> Vec<Observation>),
}

use Field::{Many, One, PassedOn};

/// Every field Meta documents, by name.
const FIELDS: &[(&str, Field)] = &[
    ("account_alerts", One(check)),
    ("account_review_update", One(reviews::account)),
    ("account_settings_update", One(numbers::settings)),
    ("account_update", Many(account_update::interpret)),
    ("automatic_events", PassedOn),
    ("business_capability_update", One(check)),
    ("business_status_update", One(check)),
    ("business_username_updates", One(numbers::username)),
    ("calls", PassedOn),
    ("consumer_profile", PassedOn),
    ("flows", PassedOn),
    ("group_lifecycle_update", PassedOn),
    ("group_participants_update", PassedOn),
    ("group_settings_update", PassedOn),
    ("group_status_update", PassedOn),
    ("history", Many(numbers::history)),
    ("message_echoes", PassedOn),
    ("message_template_components_update", One(|_, _| Some(Observation::Templates))),
    ("message_template_quality_update", One(templates::quality)),
    ("message_template_status_update", One(templates::status)),
    ("messages", Many(messages)),
    ("messaging_handovers", PassedOn),
    ("partner_solutions", One(reviews::solution)),
    ("payment_configuration_update", PassedOn),
    ("phone_number_name_update", One(reviews::display_name)),
    ("phone_number_quality_update", One(check)),
    ("security", One(numbers::security)),
    ("smb_app_state_sync", One(numbers::contacts)),
    ("smb_message_echoes", PassedOn),
    ("standby", Many(statuses::interpret)),
    ("template_category_update", One(templates::category)),
    ("template_correct_category_detection", One(templates::category)),
    ("tracking_events", PassedOn),
    ("user_id_update", Many(people::user_id_update)),
    ("user_preferences", Many(preferences::interpret)),
];

fn messages(change: &Change<'_>, context: &Context) -> Vec<Observation> {
    people::in_messages(change).into_iter().chain(statuses::interpret(change, context)).collect()
}

/// Something changed that is not described, or not understood: Meta is read.
const CHECK: Observation = Observation::Fact(Fact::CheckRequested);

#[expect(clippy::unnecessary_wraps, reason = "one of the interpreters, which may find nothing")]
fn check(_: &Change<'_>, _: &Context) -> Option<Observation> {
    Some(CHECK)
}

/// What is read of Meta when a change of this field was not understood.
fn instead_of(field: &str) -> Observation {
    if field.starts_with("message_template_") || field.starts_with("template_") {
        Observation::Templates
    } else {
        CHECK
    }
}

/// Fields this system depends on: those it interprets, and the echoes of messages sent with the WhatsApp Business app,
/// which the platform needs.
pub fn fields_in_use() -> impl Iterator<Item = &'static str> {
    let interpreted = FIELDS.iter().filter(|(_, field)| !matches!(field, PassedOn)).map(|(name, _)| *name);
    interpreted.chain(["smb_message_echoes"])
}

/// Fields that Meta documents and to which no app can subscribe: their pages name them, the app dashboard's list does
/// not, and Meta's changelog says it of `user_id_update`. They are read if they arrive.
const NOT_SUBSCRIBABLE: [&str; 2] = ["consumer_profile", "user_id_update"];

/// The fields this system depends on to which the app has to be subscribed.
pub fn required_fields() -> impl Iterator<Item = &'static str> {
    fields_in_use().filter(|field| !NOT_SUBSCRIBABLE.contains(field))
}

/// Every field that Meta documents.
pub fn documented_fields() -> impl Iterator<Item = &'static str> {
    FIELDS.iter().map(|(name, _)| *name)
}

/// Whether Meta documents the field.
#[must_use]
pub fn is_documented(field: &str) -> bool {
    documented_fields().any(|known| known == field)
}

/// The undocumented event of an `account_update`; `None` for documented ones and for every other field.
#[must_use]
pub fn undocumented_event(change: &Change<'_>) -> Option<String> {
    (change.field == "account_update").then(|| account_update::undocumented_event(change)).flatten()
}

/// Interprets a change; empty when it does not affect our records. A known event that is not as documented yields a check.
#[must_use]
pub fn interpret(change: &Change<'_>, context: &Context) -> Vec<Observation> {
    let observed = match FIELDS.iter().find(|(field, _)| *field == change.field) {
        Some((_, One(read))) => vec![read(change, context).unwrap_or_else(|| instead_of(&change.field))],
        Some((_, Many(read))) => read(change, context),
        Some((_, PassedOn)) | None => Vec::new(),
    };
    match change.told_at() {
        Some(_) => observed,
        None => observed.into_iter().map(Observation::undated).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::value::RawValue;

    #[test]
    fn a_change_without_a_time_is_read_from_meta_instead() {
        let raw = RawValue::from_string(r#"{"decision":"APPROVED"}"#.into()).unwrap();
        let context = Context { app: AppId::parse("42").unwrap(), received_at: Timestamp::from_seconds(200) };
        let change = Change { entry_id: "9".into(), time: None, field: "account_review_update".into(), value: &raw };
        assert_eq!(interpret(&change, &context), [Observation::Fact(Fact::CheckRequested)]);
        let dated = Change { time: Some(Timestamp::from_seconds(1)), ..change };
        assert!(matches!(interpret(&dated, &context)[..], [Observation::Fact(Fact::Observed { .. })]));
    }

    #[test]
    fn every_field_stands_once_and_in_order() {
        let names: Vec<&str> = documented_fields().collect();
        assert!(names.is_sorted_by(|one, next| one < next), "{names:?}");
        assert!(fields_in_use().all(is_documented) && !is_documented("whatsapp_account"));
    }

    #[test]
    fn a_field_that_cannot_be_subscribed_is_read_but_not_required() {
        assert!(fields_in_use().any(|field| field == "user_id_update"));
        assert!(NOT_SUBSCRIBABLE.iter().all(|field| is_documented(field)));
        assert!(!required_fields().any(|field| NOT_SUBSCRIBABLE.contains(&field)));
        assert_eq!(required_fields().count() + 1, fields_in_use().count());
    }
}
