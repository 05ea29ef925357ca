//! A JSON value that records whether any object in it repeats a member: parsers disagree on which of the two counts.

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::fmt;

/// A value, and whether it is ambiguous because of a repeated member.
pub(super) struct Read {
    pub(super) value: Value,
    pub(super) ambiguous: bool,
}

impl From<Value> for Read {
    fn from(value: Value) -> Self {
        Self { value, ambiguous: false }
    }
}

impl<'de> Deserialize<'de> for Read {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Whole)
    }
}

struct Whole;

impl<'de> Visitor<'de> for Whole {
    type Value = Read;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Read, E> {
        Ok(Value::Null.into())
    }

    fn visit_bool<E>(self, value: bool) -> Result<Read, E> {
        Ok(Value::from(value).into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Read, E> {
        Ok(Value::from(value).into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Read, E> {
        Ok(Value::from(value).into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Read, E> {
        Ok(Value::from(value).into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Read, E> {
        Ok(Value::from(value).into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Read, A::Error> {
        let (mut values, mut ambiguous) = (Vec::new(), false);
        while let Some(item) = seq.next_element::<Read>()? {
            ambiguous |= item.ambiguous;
            values.push(item.value);
        }
        Ok(Read { value: Value::Array(values), ambiguous })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Read, A::Error> {
        let (mut members, mut ambiguous) = (Map::new(), false);
        while let Some((name, member)) = map.next_entry::<String, Read>()? {
            ambiguous |= member.ambiguous | members.insert(name, member.value).is_some();
        }
        Ok(Read { value: Value::Object(members), ambiguous })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_what_serde_json_reads() {
        for json in [r#"{"a":[null,true,-1,1,1.5,"\u00e4",{}]}"#, "1e300", "18446744073709551615", r#""""#, "[]"] {
            let read: Read = serde_json::from_str(json).unwrap();
            assert_eq!((read.value, read.ambiguous), (serde_json::from_str(json).unwrap(), false), "{json}");
        }
        assert!(serde_json::from_str::<Read>(&"[".repeat(200)).is_err());
    }

    #[test]
    fn a_member_named_twice_is_found_however_deep() {
        for json in [r#"{"a":1,"a":1}"#, r#"[{"b":{"a":1,"\u0061":2}}]"#, r#"{"a":[[{"c":1,"d":2,"c":3}]]}"#] {
            assert!(serde_json::from_str::<Read>(json).unwrap().ambiguous, "{json}");
        }
    }
}
