//! Splits one POST into its changes. Values stay raw JSON, byte for byte: they are forwarded without being interpreted.

use super::members::Members;
use crate::domain::ids::{BusinessId, PhoneNumberId, WabaId};
use crate::domain::time::Timestamp;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use std::borrow::Cow;

/// The body has a valid signature but is not a notification as documented by Meta.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unreadable notification")]
pub struct Unreadable;

/// The `object` of every notification about WhatsApp.
const OBJECT: &str = "whatsapp_business_account";

/// One change of one entry.
#[derive(Debug, Clone)]
pub struct Change<'a> {
    /// `entry.id`: the account for most fields, a portfolio for partner events.
    pub entry_id: Cow<'a, str>,
    /// `entry.time`, if Meta sends it.
    pub time: Option<Timestamp>,
    /// The webhook field.
    pub field: Cow<'a, str>,
    /// Its value, unchanged.
    pub value: &'a RawValue,
}

/// A part of a notification.
#[derive(Debug)]
pub enum Part<'a> {
    /// A readable change.
    Change(Change<'a>),
    /// An entry or change that is not as documented; kept as a whole.
    Unreadable(&'a RawValue),
}

/// Splits a notification into its changes. An unreadable change does not affect the others.
///
/// # Errors
/// [`Unreadable`] when the body as a whole is not a notification about WhatsApp business accounts.
pub fn split(body: &[u8]) -> Result<Vec<Part<'_>>, Unreadable> {
    let notification: Members<'_> = serde_json::from_slice(body).map_err(|_| Unreadable)?;
    let stated = notification.raw("object").is_some();
    if stated && notification.text("object").is_none_or(|object| object != OBJECT) {
        return Err(Unreadable);
    }
    notification.raw("entry").ok_or(Unreadable)?;
    let mut parts = Vec::new();
    for raw in notification.items("entry") {
        let entry = Members::of(raw);
        let concerns_us = stated || entry.text("object").is_some_and(|object| object == OBJECT);
        match (entry.raw("changes"), concerns_us) {
            (Some(_), true) => parts.extend(changes(&entry)),
            (_, false) => return Err(Unreadable),
            (None, true) => parts.push(Part::Unreadable(raw)),
        }
    }
    if stated || !parts.is_empty() { Ok(parts) } else { Err(Unreadable) }
}

/// One of Meta's samples (app-only installation) has the field in the entry instead of in its documented place.
fn changes<'a>(entry: &Members<'a>) -> Vec<Part<'a>> {
    let read = |raw: &'a RawValue| {
        let change = Members::of(raw);
        let whole = change.text("field").or_else(|| entry.text("field")).zip(change.any("value"));
        match whole {
            Some((field, value)) => Part::Change(Change {
                entry_id: entry.text("id").unwrap_or_default().into(),
                time: entry.time("time"),
                field: field.into(),
                value,
            }),
            None => Part::Unreadable(raw),
        }
    };
    entry.items("changes").into_iter().map(read).collect()
}

/// The ids in a change by which its account is found, the most specific first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Subjects {
    /// Accounts: the nested one, then the entry.
    pub accounts: Vec<WabaId>,
    /// Numbers.
    pub phones: Vec<PhoneNumberId>,
    /// Portfolios of customers.
    pub businesses: Vec<BusinessId>,
}

/// Objects in which a partner event names the customer's portfolio, and under which name.
const PORTFOLIOS: [(&str, &str); 3] = [
    ("waba_info", "owner_business_id"),
    ("partner_client_certification_info", "client_business_id"),
    ("partner_client_certification_needed_info", "client_business_id"),
];

impl Change<'_> {
    /// The account this change is about: the nested id if there is one (for partner events `entry.id` is a portfolio),
    /// otherwise `entry.id`.
    #[must_use]
    pub fn waba(&self) -> Option<WabaId> {
        let nested = Members::of(self.value).object("waba_info").id("waba_id", WabaId::parse);
        nested.or_else(|| self.entry_waba())
    }

    /// `entry.id` as an account. It may also be a portfolio, whose ids have the same form.
    #[must_use]
    pub fn entry_waba(&self) -> Option<WabaId> {
        WabaId::parse(&self.entry_id).ok()
    }

    /// Every id by which the account can be found. `entry.id` is no portfolio of a customer: where it is a portfolio,
    /// it is the platform's own.
    #[must_use]
    pub fn subjects(&self) -> Subjects {
        let value = Members::of(self.value);
        let nested = value.object("waba_info").id("waba_id", WabaId::parse);
        let accounts = nested.into_iter().chain(self.entry_waba()).collect();
        let of_alert = |kind: &str| value.word("entity_type").is_some_and(|word| word == kind);
        let alerted = value.id("entity_id", PhoneNumberId::parse).filter(|_| of_alert("PHONE_NUMBER"));
        let phones = phone(&value).into_iter().chain(alerted).collect();
        let named = PORTFOLIOS.iter().filter_map(|(info, id)| value.object(info).id(id, BusinessId::parse));
        let alerted = value.id("entity_id", BusinessId::parse).filter(|_| of_alert("BUSINESS"));
        Subjects { accounts, phones, businesses: named.chain(alerted).collect() }
    }

    /// When Meta says it happened: the time of the entry, otherwise that of the value.
    #[must_use]
    pub fn told_at(&self) -> Option<Timestamp> {
        self.time.or_else(|| Members::of(self.value).time("timestamp"))
    }

    /// A fingerprint that identifies repeated deliveries of the same change.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let mut hash = Sha256::new();
        let time = self.time.map_or(0, Timestamp::as_millis).to_string();
        for part in [&*self.entry_id, &*self.field, &time, self.value.get()] {
            hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(part.as_bytes());
        }
        hex::encode(hash.finalize())
    }

    /// The number this change is about, if Meta sends its id.
    #[must_use]
    pub fn phone(&self) -> Option<PhoneNumberId> {
        phone(&Members::of(self.value))
    }

    /// The change as a separate notification, to be queued on its own.
    #[must_use]
    pub fn to_notification(&self) -> Vec<u8> {
        let time = self.time.map_or(String::new(), |time| format!(r#""time":{},"#, time.as_millis() / 1000));
        let text = |text: &str| serde_json::Value::from(text).to_string();
        format!(
            r#"{{"object":"whatsapp_business_account","entry":[{{"id":{},{time}"changes":[{{"field":{},"value":{}}}]}}]}}"#,
            text(&self.entry_id),
            text(&self.field),
            self.value.get(),
        )
        .into_bytes()
    }
}

fn phone(value: &Members<'_>) -> Option<PhoneNumberId> {
    let named = |object: &str| value.object(object).id("phone_number_id", PhoneNumberId::parse);
    named("metadata").or_else(|| named("phone_number_settings"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = r#"{"object":"whatsapp_business_account","entry":[
        {"id":"11","time":100,"changes":[{"field":"messages","value":{"big":12345678901234567890123,"esc":"\u00e4\/"}},{"field":7}]},
        {"id":"99","changes":[{"field":"account_update","value":{"event":"PARTNER_REMOVED","waba_info":{"waba_id":"22"}}}]},
        {"id":5}]}"#;

    fn changes(body: &str) -> Vec<Change<'_>> {
        split(body.as_bytes())
            .unwrap()
            .into_iter()
            .filter_map(|part| match part {
                Part::Change(change) => Some(change),
                Part::Unreadable(_) => None,
            })
            .collect()
    }

    #[test]
    fn every_change_of_every_entry_is_found_and_bad_ones_do_not_affect_others() {
        let parts = split(BODY.as_bytes()).unwrap();
        assert_eq!(parts.iter().filter(|part| matches!(part, Part::Unreadable(_))).count(), 2);
        assert_eq!(changes(BODY).len(), 2);
    }

    #[test]
    fn values_stay_byte_for_byte() {
        assert_eq!(changes(BODY)[0].value.get(), r#"{"big":12345678901234567890123,"esc":"\u00e4\/"}"#);
    }

    #[test]
    fn the_nested_account_goes_before_the_entry() {
        let routes: Vec<_> = changes(BODY).iter().map(Change::waba).collect();
        assert_eq!(routes, [WabaId::parse("11").ok(), WabaId::parse("22").ok()]);
    }

    #[test]
    fn an_account_can_be_found_by_every_id_that_a_change_carries() {
        let subjects = |value: &str| {
            let body = format!(
                r#"{{"object":"whatsapp_business_account","entry":{{"id":99,"time":"7","changes":{{"field":"x","value":{value}}}}}}}"#
            );
            let change = &changes(&body)[0];
            assert_eq!(change.time, Some(Timestamp::from_seconds(7)));
            let Subjects { accounts, phones, businesses } = change.subjects();
            let accounts = accounts.iter().map(|id| format!("account {id}"));
            let phones = phones.iter().map(|id| format!("number {id}"));
            accounts.chain(phones).chain(businesses.iter().map(|id| format!("portfolio {id}"))).collect::<Vec<_>>()
        };
        let partner = r#"{"waba_info":{"waba_id":22,"owner_business_id":77}}"#;
        assert_eq!(subjects(partner), ["account 22", "account 99", "portfolio 77"]);
        let certified = r#"{"partner_client_certification_info":[{"client_business_id":"78"}]}"#;
        assert_eq!(subjects(certified), ["account 99", "portfolio 78"]);
        assert_eq!(subjects(r#"{"metadata":{"phone_number_id":5}}"#), ["account 99", "number 5"]);
        assert_eq!(subjects(r#"{"phone_number_settings":{"phone_number_id":"6"}}"#), ["account 99", "number 6"]);
        assert_eq!(subjects(r#"{"entity_type":"BUSINESS","entity_id":"79"}"#), ["account 99", "portfolio 79"]);
        assert_eq!(subjects(r#"{"entity_type":"PHONE_NUMBER","entity_id":8}"#), ["account 99", "number 8"]);
    }

    #[test]
    fn a_change_sent_alone_reads_the_same() {
        let first = &changes(BODY)[0];
        let alone = String::from_utf8(first.to_notification()).unwrap();
        let again = &changes(&alone)[0];
        assert_eq!((again.value.get(), again.time, &again.field), (first.value.get(), first.time, &first.field));
    }

    #[test]
    fn a_field_one_level_up_is_found() {
        let body = r#"{"entry":[{"id":"11","time":1,"changes":[{"value":{"event":"PARTNER_APP_UNINSTALLED"}}],
            "field":"account_update","object":"whatsapp_business_account"}]}"#;
        assert_eq!(changes(body)[0].field, "account_update");
    }

    #[test]
    fn other_documents_are_unreadable_as_a_whole() {
        for body in [
            "",
            "null",
            "[]",
            "7",
            "{}",
            r#"{"object":"page","entry":[]}"#,
            r#"{"entry":[]}"#,
            r#"{"entry":[{"id":"1","changes":[{"field":"messages","value":{}}]}]}"#,
            r#"{"object":"whatsapp_business_account"}"#,
            "{\"obj",
        ] {
            assert!(split(body.as_bytes()).is_err(), "{body}");
        }
    }
}
