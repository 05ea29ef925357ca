//! Splits a notification into two; its content stays unchanged, byte for byte.

use crate::webhook::members::Members;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Two notifications that together contain what one contains; `None` when there is nothing to divide.
pub(super) fn of(body: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let body = std::str::from_utf8(body).ok()?;
    let (first, second) = object(body, &["entry", "changes", "value"])?;
    Some((first.into_bytes(), second.into_bytes()))
}

/// Halves an object at the list that `path` leads to: at the first list along the path with more than one item,
/// otherwise inside its only item. At the end of the path it halves the longest list.
fn object(text: &str, path: &[&str]) -> Option<(String, String)> {
    let Members(members) = serde_json::from_str(text).ok()?;
    let chosen = match path.first() {
        Some(name) => members.iter().position(|(member, _)| member == name)?,
        None => longest_list(&members)?,
    };
    let (_, raw) = members.get(chosen)?;
    let (first, second) = match path {
        ["value", ..] => object(raw.get(), &[])?,
        _ => list(raw.get(), path.get(1..).unwrap_or_default())?,
    };
    Some((with(&members, chosen, &first), with(&members, chosen, &second)))
}

fn list(text: &str, path: &[&str]) -> Option<(String, String)> {
    let items: Vec<&RawValue> = serde_json::from_str(text).ok()?;
    let joined =
        |items: &[&RawValue]| format!("[{}]", items.iter().map(|item| item.get()).collect::<Vec<_>>().join(","));
    match items.as_slice() {
        [] => None,
        [only] if path.is_empty() => {
            object(only.get(), &[]).map(|(one, other)| (format!("[{one}]"), format!("[{other}]")))
        }
        [only] => object(only.get(), path).map(|(one, other)| (format!("[{one}]"), format!("[{other}]"))),
        several => {
            let (first, second) = several.split_at(several.len() / 2);
            Some((joined(first), joined(second)))
        }
    }
}

/// The longest list. Lists of contacts accompany the items and are repeated in both halves.
fn longest_list(members: &[(Cow<'_, str>, &RawValue)]) -> Option<usize> {
    let lists = members.iter().enumerate().filter(|(_, (name, raw))| name != "contacts" && raw.get().starts_with('['));
    lists.max_by_key(|(_, (_, raw))| raw.get().len()).map(|(index, _)| index)
}

fn with(members: &[(Cow<'_, str>, &RawValue)], changed: usize, value: &str) -> String {
    let written = members.iter().enumerate().map(|(index, (name, raw))| {
        let value = if index == changed { value } else { raw.get() };
        format!("{}:{value}", serde_json::Value::from(name.as_ref()))
    });
    format!("{{{}}}", written.collect::<Vec<_>>().join(","))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::Timestamp;
    use crate::webhook::change::{Part, split};
    use crate::webhook::envelope::{Envelope, LARGEST_MESSAGE, Packed};

    fn halved(body: &str) -> (String, String) {
        let (first, second) = of(body.as_bytes()).unwrap();
        (String::from_utf8(first).unwrap(), String::from_utf8(second).unwrap())
    }

    #[test]
    fn a_notification_is_halved_by_entry_then_change_then_item() {
        let whole = |entries: &str| format!(r#"{{"object":"whatsapp_business_account","entry":[{entries}]}}"#);
        let (one, other) = halved(&whole(r#"{"id":"1"},{"id":"2"},{"id":"3"}"#));
        assert_eq!((one, other), (whole(r#"{"id":"1"}"#), whole(r#"{"id":"2"},{"id":"3"}"#)));
        let entry = |changes: &str| whole(&format!(r#"{{"id":"1","time":7,"changes":[{changes}],"x":1e400}}"#));
        let (one, _) = halved(&entry(r#"{"field":"a","value":1},{"field":"b","value":2}"#));
        assert_eq!(one, entry(r#"{"field":"a","value":1}"#));
        let value = |items: &str| {
            entry(&format!(
                r#"{{"field":"messages","value":{{"metadata":{{}},"contacts":[7,8],"messages":[{items}],"statuses":[]}}}}"#
            ))
        };
        let (one, other) = halved(&value(r#"{"id":12345678901234567890},{"id":"\u00e4\/"}"#));
        assert_eq!((one, other), (value(r#"{"id":12345678901234567890}"#), value(r#"{"id":"\u00e4\/"}"#)));
    }

    #[test]
    fn a_body_with_nothing_to_divide_is_not_divided() {
        for body in [
            "",
            "7",
            "[]",
            "{}",
            "\u{fffd}",
            r#"{"entry":[]}"#,
            r#"{"entry":[{"id":"1","changes":[{"value":{"a":"b"}}]}]}"#,
        ] {
            assert_eq!(of(body.as_bytes()), None, "{body}");
        }
        assert_eq!(of(b"\xff"), None);
    }

    /// Incompressible text, like encrypted messages.
    fn noise(length: usize, mut seed: u64) -> String {
        let mut text = String::with_capacity(length);
        while text.len() < length {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            text.push_str(&format!("{:016x}", seed.rotate_left(21) ^ (seed >> 11)));
        }
        text
    }

    #[test]
    fn three_megabytes_that_do_not_compress_arrive_in_parts_and_whole() {
        let changes: Vec<String> = (0..60)
            .map(|n| {
                format!(
                    r#"{{"field":"messages","value":{{"messages":[{{"id":"wamid.{n}","text":"{}"}}]}}}}"#,
                    noise(50_000, n)
                )
            })
            .collect();
        let body = format!(
            r#"{{"object":"whatsapp_business_account","entry":[{{"id":"1","changes":[{}]}}]}}"#,
            changes.join(",")
        );
        let envelope = Envelope::new(Timestamp::from_millis(5), body.into_bytes());
        let Packed { messages, left_out } = envelope.pack_all();
        assert_eq!(left_out, 0);
        assert!(
            messages.len() > 1 && messages.iter().all(|message| message.len() <= LARGEST_MESSAGE),
            "{}",
            messages.len()
        );
        let mut values = Vec::new();
        for message in &messages {
            let part = Envelope::unpack(message).unwrap();
            for change in split(&part.body).unwrap() {
                let Part::Change(change) = change else { panic!("a change") };
                values.push(change.value.get().to_owned());
            }
        }
        assert_eq!(values.len(), 60);
        assert!(changes.iter().zip(&values).all(|(change, value)| change.contains(value.as_str())));
    }

    #[test]
    fn one_item_that_is_too_large_is_left_out_and_the_others_are_not() {
        let change = |text: &str| format!(r#"{{"field":"x","value":{{"a":"{text}"}}}}"#);
        let changes = [change("before"), change(&noise(3_000_000, 1)), change("after")].join(",");
        let body = format!(r#"{{"entry":[{{"id":"1","changes":[{changes}]}}]}}"#);
        let Packed { messages, left_out } = Envelope::new(Timestamp::from_millis(5), body.into_bytes()).pack_all();
        assert_eq!(left_out, 1);
        let stored =
            messages.iter().map(|message| Envelope::unpack(message).unwrap().body).collect::<Vec<_>>().concat();
        let stored = String::from_utf8(stored).unwrap();
        assert!(stored.contains(&change("before")) && stored.contains(&change("after")));
    }
}
