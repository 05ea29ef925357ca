//! Reads Meta's objects leniently: each member by itself, ids and times as text or number, a list as its first value and
//! a single value as a list. A member that is not as documented hides no other.

use crate::domain::ids::InvalidId;
use crate::domain::meta_status::status_value;
use crate::domain::time::Timestamp;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// The members of an object in order, unparsed.
#[derive(Debug, Default)]
pub(crate) struct Members<'a>(pub(crate) Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Vec<(Cow<'de, str>, &'de RawValue)>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(Name(name)) = map.next_key()? {
                    members.push((name, map.next_value()?));
                }
                Ok(members)
            }
        }
        deserializer.deserialize_map(Visitor).map(Self)
    }
}

#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'a> Members<'a> {
    /// The members of an object, or of the first object of a list; none for everything else.
    pub(crate) fn of(raw: &'a RawValue) -> Self {
        let whole = serde_json::from_str(raw.get()).ok();
        whole.or_else(|| serde_json::from_str(first(raw)?.get()).ok()).unwrap_or_default()
    }

    /// A member, even if it is `null`.
    pub(crate) fn any(&self, name: &str) -> Option<&'a RawValue> {
        self.0.iter().find(|(member, _)| member == name).map(|(_, raw)| *raw)
    }

    /// A member that is not `null`.
    pub(crate) fn raw(&self, name: &str) -> Option<&'a RawValue> {
        self.any(name).filter(|raw| raw.get() != "null")
    }

    /// The members of an object in it; none when it is absent.
    pub(crate) fn object(&self, name: &str) -> Self {
        self.raw(name).map(Self::of).unwrap_or_default()
    }

    /// The items of a list in it, or the single value that is there instead of a list.
    pub(crate) fn items(&self, name: &str) -> Vec<&'a RawValue> {
        let Some(raw) = self.raw(name) else { return Vec::new() };
        serde_json::from_str(raw.get()).unwrap_or_else(|_| vec![raw])
    }

    /// The objects of a list in it, or the single object that is there instead of a list.
    pub(crate) fn objects(&self, name: &str) -> Vec<Self> {
        self.items(name).into_iter().map(Self::of).collect()
    }

    /// A text, or an integer as text.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        let raw = self.raw(name)?;
        text(raw).or_else(|| text(first(raw)?))
    }

    /// One of Meta's words, in upper case.
    pub(crate) fn word(&self, name: &str) -> Option<String> {
        status_value(&self.text(name)?)
    }

    /// An id.
    pub(crate) fn id<T>(&self, name: &str, parse: fn(&str) -> Result<T, InvalidId>) -> Option<T> {
        parse(&self.text(name)?).ok()
    }

    /// A number that is not negative.
    pub(crate) fn number(&self, name: &str) -> Option<u64> {
        self.text(name)?.parse().ok()
    }

    /// A time in seconds after 1970; zero and less is none.
    pub(crate) fn time(&self, name: &str) -> Option<Timestamp> {
        let seconds: i64 = self.text(name)?.parse().ok()?;
        Some(Timestamp::from_seconds(seconds)).filter(|_| seconds > 0)
    }
}

/// The first item of a list. Only one level: a value may have any depth.
fn first(raw: &RawValue) -> Option<&RawValue> {
    serde_json::from_str::<Vec<&RawValue>>(raw.get()).ok()?.into_iter().next()
}

/// A text, or an integer as text: a number is never parsed as floating point, which would change long ids.
fn text(raw: &RawValue) -> Option<String> {
    let json = raw.get();
    if json.starts_with('"') {
        return serde_json::from_str(json).ok();
    }
    let digits = json.strip_prefix('-').unwrap_or(json);
    let integer = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    integer.then(|| json.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::WabaId;

    fn members(json: &str) -> Members<'_> {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn ids_and_times_are_read_as_text_or_numbers_without_loss() {
        let both = members(r#"{"text":"18446744073709551616","number":18446744073709551616,"list":[7],"bad":1.5}"#);
        let id = |name: &str| both.id(name, WabaId::parse).map(|id| id.to_string());
        assert_eq!(id("text").as_deref(), Some("18446744073709551616"));
        assert_eq!((id("number"), id("list").as_deref()), (id("text"), Some("7")));
        assert_eq!((id("bad"), id("absent"), both.time("list")), (None, None, Some(Timestamp::from_seconds(7))));
    }

    #[test]
    fn lists_and_single_values_read_alike_and_null_is_absent() {
        for json in [r#"{"x":{"y":"a"}}"#, r#"{"x":[{"y":["a"]}]}"#, r#"{"x":[{"y":"a"},{"y":"b"}],"z":null}"#] {
            let members = members(json);
            assert_eq!(members.object("x").word("y").as_deref(), Some("A"), "{json}");
            assert_eq!(members.objects("x").first().and_then(|item| item.word("y")).as_deref(), Some("A"));
            assert!(members.raw("z").is_none() && members.items("z").is_empty());
        }
    }

    #[test]
    fn a_member_that_cannot_be_read_hides_no_other() {
        let odd = members(r#"{"half":"\ud83d","huge":1e999,"deep":[[[1]]],"event":"GOOD"}"#);
        assert_eq!(odd.word("event").as_deref(), Some("GOOD"));
        assert_eq!((odd.text("half"), odd.text("huge"), odd.text("deep")), (None, None, None));
    }
}
