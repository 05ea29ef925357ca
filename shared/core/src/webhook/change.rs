//! Splits one POST into its changes. Values stay raw JSON, byte for byte: they are forwarded without being interpreted.

use crate::domain::ids::{PhoneNumberId, WabaId};
use crate::domain::time::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use std::borrow::Cow;

/// The body has a valid signature but is not a notification as documented by Meta.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unreadable notification")]
pub struct Unreadable;

#[derive(Deserialize)]
struct Notification<'a> {
    #[serde(borrow)]
    object: Option<Cow<'a, str>>,
    #[serde(borrow)]
    entry: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    time: Option<i64>,
    #[serde(borrow, default)]
    changes: Vec<&'a RawValue>,
    /// One of Meta's samples (app-only installation) has these two members here instead of in their documented place.
    #[serde(borrow)]
    field: Option<Cow<'a, str>>,
    #[serde(borrow)]
    object: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct RawChange<'a> {
    #[serde(borrow)]
    field: Option<Cow<'a, str>>,
    #[serde(borrow)]
    value: &'a RawValue,
}

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
    let notification: Notification<'_> = serde_json::from_slice(body).map_err(|_| Unreadable)?;
    if notification.object.as_ref().is_some_and(|object| object != OBJECT) {
        return Err(Unreadable);
    }
    let stated = notification.object.is_some();
    let mut parts = Vec::new();
    for raw in notification.entry {
        match serde_json::from_str::<Entry<'_>>(raw.get()) {
            Ok(entry) if stated || entry.object.as_ref().is_some_and(|object| object == OBJECT) => {
                parts.extend(entry.changes.iter().map(|raw| part(&entry, raw)));
            }
            Ok(_) if !stated => return Err(Unreadable),
            Ok(_) | Err(_) => parts.push(Part::Unreadable(raw)),
        }
    }
    if stated || !parts.is_empty() { Ok(parts) } else { Err(Unreadable) }
}

fn part<'a>(entry: &Entry<'a>, raw: &'a RawValue) -> Part<'a> {
    let change = serde_json::from_str::<RawChange<'a>>(raw.get()).ok();
    let whole = change.and_then(|change| Some((change.field.or_else(|| entry.field.clone())?, change.value)));
    match whole {
        Some((field, value)) => Part::Change(Change {
            entry_id: entry.id.clone(),
            time: entry.time.map(Timestamp::from_seconds),
            field,
            value,
        }),
        None => Part::Unreadable(raw),
    }
}

impl Change<'_> {
    /// The account this change is about: the nested id if there is one (for partner events `entry.id` is a portfolio),
    /// otherwise `entry.id`.
    #[must_use]
    pub fn waba(&self) -> Option<WabaId> {
        #[derive(Deserialize)]
        struct Value {
            waba_info: Option<Info>,
        }
        #[derive(Deserialize)]
        struct Info {
            waba_id: Option<String>,
        }
        let nested = serde_json::from_str::<Value>(self.value.get()).ok();
        let nested = nested.and_then(|value| value.waba_info).and_then(|info| info.waba_id);
        match nested {
            Some(id) => WabaId::parse(&id).ok(),
            None => self.entry_waba(),
        }
    }

    /// `entry.id` as an account. It may also be a portfolio, whose ids have the same form.
    #[must_use]
    pub fn entry_waba(&self) -> Option<WabaId> {
        WabaId::parse(&self.entry_id).ok()
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
        #[derive(Deserialize)]
        struct Value {
            metadata: Option<Metadata>,
        }
        #[derive(Deserialize)]
        struct Metadata {
            phone_number_id: Option<String>,
        }
        let value = serde_json::from_str::<Value>(self.value.get()).ok()?;
        PhoneNumberId::parse(&value.metadata?.phone_number_id?).ok()
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
