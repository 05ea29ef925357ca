//! Changes of a payload that Meta could make without notice.

use serde_json::{Value, json};

/// One kind of change of one value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mutation {
    /// An id or time that is text becomes a number.
    Number,
    /// A number becomes text.
    Text,
    /// A value becomes a list with this value.
    List,
    /// A list with one item becomes this item.
    Single,
    /// An object gets members that nobody knows.
    Extra,
    /// The value is missing.
    Null,
    /// One of Meta's words is one that nobody knows.
    UnknownWord,
}

pub(crate) const ALL: [Mutation; 7] = [
    Mutation::Number,
    Mutation::Text,
    Mutation::List,
    Mutation::Single,
    Mutation::Extra,
    Mutation::Null,
    Mutation::UnknownWord,
];

impl Mutation {
    /// Whether the value says the same afterwards.
    pub(crate) fn keeps_meaning(self) -> bool {
        !matches!(self, Self::Null | Self::UnknownWord)
    }

    /// The value afterwards; `None` when this kind does not apply to it. `is_word` recognises Meta's words.
    pub(crate) fn of(self, value: &Value, is_word: impl Fn(&str) -> bool) -> Option<Value> {
        match (self, value) {
            (Self::Number, Value::String(text)) => {
                let id = !text.starts_with('0') && text.len() <= 18 && text.bytes().all(|b| b.is_ascii_digit());
                text.parse::<u64>().ok().filter(|_| id).map(|number| json!(number))
            }
            (Self::Text, Value::Number(number)) => Some(json!(number.to_string())),
            (Self::List, Value::Array(_) | Value::Null) => None,
            (Self::List, value) => Some(json!([value])),
            (Self::Single, Value::Array(items)) if items.len() == 1 => items.first().cloned(),
            (Self::Extra, Value::Object(members)) => {
                let mut members = members.clone();
                members.insert("quark_2027".to_owned(), json!({ "a": [1, null, "x"], "event": "x", "id": 7 }));
                Some(Value::Object(members))
            }
            (Self::Null, Value::Null) => None,
            (Self::Null, _) => Some(Value::Null),
            (Self::UnknownWord, Value::String(text)) => is_word(text).then(|| json!("QUARK_2027")),
            _ => None,
        }
    }
}

/// JSON pointers of every value in a document.
pub(crate) fn places(value: &Value) -> Vec<String> {
    let below = |key: String, inner: &Value| -> Vec<String> {
        let key = key.replace('~', "~0").replace('/', "~1");
        places(inner).into_iter().map(|rest| format!("/{key}{rest}")).collect()
    };
    let inner: Vec<String> = match value {
        Value::Object(members) => members.iter().flat_map(|(key, inner)| below(key.clone(), inner)).collect(),
        Value::Array(items) => items.iter().enumerate().flat_map(|(at, inner)| below(at.to_string(), inner)).collect(),
        _ => Vec::new(),
    };
    [String::new()].into_iter().chain(inner).collect()
}
