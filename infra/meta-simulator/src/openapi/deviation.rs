//! Known errors of Meta's document, with reasons. Any other contradiction is reported.

use super::Part;
use serde_json::Value;

/// One known error of the document.
#[derive(Debug)]
pub struct Deviation {
    /// Meta's operation id.
    pub operation: &'static str,
    /// The part of the exchange.
    pub part: Part,
    /// JSON pointer into that part; `*` stands for any one segment.
    pub pointer: &'static str,
    /// What is allowed there.
    pub excuse: Excuse,
    /// Why the document is wrong.
    pub reason: &'static str,
}

/// What a deviation allows.
#[derive(Debug)]
pub enum Excuse {
    /// Values that the document's enumeration lacks.
    Values(&'static [&'static str]),
    /// `null`.
    Null,
    /// Absence of required members that `fields` did not name; `id` is always sent.
    Unrequested,
}

/// A contradiction that may be a known error.
pub(super) struct Finding<'a> {
    pub(super) operation: &'a str,
    pub(super) part: Part,
    pub(super) pointer: &'a str,
    pub(super) keyword: &'a str,
    pub(super) instance: &'a Value,
    /// The required member that is absent.
    pub(super) missing: Option<&'a str>,
    /// The `fields` of the request.
    pub(super) fields: Option<&'a str>,
}

const LISTED: &str = "getWhatsAppBusinessAccountPhoneNumbers";
const PHONE: &str = "getPhoneNumberById";
const WABA: &str = "getWhatsAppBusinessAccountDetails";

const FIELDS: &str = "`fields` limits a response to the named members; `required` assumes a response without `fields`";
const QUALITY: &str = "Meta's guide to phone numbers shows UNKNOWN for a number without a rating";
const VERIFICATION: &str = "Meta's guide to phone numbers says NOT_VERIFIED where the document says UNVERIFIED";

/// Every known error of the parts that are used.
pub const DEVIATIONS: &[Deviation] = &[
    response(WABA, "", Excuse::Unrequested, FIELDS),
    response(LISTED, "/data/*", Excuse::Unrequested, FIELDS),
    response("getAssignedUsers", "/data/*", Excuse::Unrequested, FIELDS),
    response(
        LISTED,
        "/data/*/status",
        Excuse::Values(&["CONNECTED", "DISCONNECTED", "FLAGGED", "RATE_LIMITED", "UNVERIFIED"]),
        "the document has three lists of this field's values; CONNECTED, which sending needs, is missing from this one",
    ),
    response(LISTED, "/data/*/quality_rating", Excuse::Values(&["UNKNOWN"]), QUALITY),
    response(PHONE, "/quality_rating", Excuse::Values(&["UNKNOWN"]), QUALITY),
    response(LISTED, "/data/*/code_verification_status", Excuse::Values(&["NOT_VERIFIED"]), VERIFICATION),
    response(PHONE, "/code_verification_status", Excuse::Values(&["NOT_VERIFIED"]), VERIFICATION),
    response(
        LISTED,
        "/data/*/username",
        Excuse::Null,
        "marked `nullable: true`, a keyword of OpenAPI 3.0 that has no meaning in a 3.1 document",
    ),
    response(
        WABA,
        "/business_verification_status",
        Excuse::Values(&["verified", "NOT_VERIFIED"]),
        "Meta's samples write `verified`, its reference NOT_VERIFIED",
    ),
    response(
        WABA,
        "/ownership_type",
        Excuse::Values(&["SELF", "ON_BEHALF_OF"]),
        "Meta's reference shows SELF, its guide to managing accounts ON_BEHALF_OF",
    ),
];

const fn response(operation: &'static str, pointer: &'static str, excuse: Excuse, reason: &'static str) -> Deviation {
    Deviation { operation, part: Part::Response, pointer, excuse, reason }
}

impl Deviation {
    pub(super) fn excuses(&self, finding: &Finding<'_>) -> bool {
        let here = self.operation == finding.operation && self.part == finding.part && self.points_at(finding.pointer);
        here && match self.excuse {
            Excuse::Values(words) => {
                finding.keyword == "enum" && finding.instance.as_str().is_some_and(|word| words.contains(&word))
            }
            Excuse::Null => finding.keyword == "type" && finding.instance.is_null(),
            Excuse::Unrequested => match (finding.missing, finding.fields) {
                (Some(member), Some(fields)) => member != "id" && !requested(fields).any(|name| name == member),
                _ => false,
            },
        }
    }

    fn points_at(&self, pointer: &str) -> bool {
        let mut segments = pointer.split('/');
        self.pointer.split('/').all(|wanted| segments.next().is_some_and(|segment| wanted == "*" || wanted == segment))
            && segments.next().is_none()
    }
}

/// The members of the node itself that `fields` names, without those of an expansion, `edge.limit(5){member}`.
fn requested(fields: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0_u32;
    let between = move |character: char| {
        match character {
            '{' | '(' => depth += 1,
            '}' | ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && character == ','
    };
    fields.split(between).map(|field| field.split(['.', '{', '(']).next().unwrap_or_default().trim())
}

#[cfg(test)]
mod tests {
    use super::super::{Document, Exchange, Node, Violation};
    use super::*;
    use serde_json::json;
    use std::sync::LazyLock;

    static DOCUMENT: LazyLock<Document> = LazyLock::new(|| Document::embedded().unwrap());

    /// A response with a value at the pointer.
    fn holding(pointer: &str, value: Value) -> Value {
        pointer.rsplit('/').filter(|segment| !segment.is_empty()).fold(value, |inner, segment| match segment {
            "*" => json!([inner]),
            name => json!({ name: inner }),
        })
    }

    /// The responses a deviation applies to.
    fn answers(deviation: &Deviation) -> Vec<Value> {
        match deviation.excuse {
            Excuse::Values(words) => words.iter().map(|word| holding(deviation.pointer, json!(word))).collect(),
            Excuse::Null => vec![holding(deviation.pointer, Value::Null)],
            Excuse::Unrequested => vec![holding(deviation.pointer, json!({ "id": "1" }))],
        }
    }

    fn check(operation: &str, response: &Value, fields: &str, deviations: &[&Deviation]) -> Vec<Violation> {
        let (path, node) = match operation {
            PHONE => ("/1", Node::PhoneNumber),
            LISTED => ("/1/phone_numbers", Node::Waba),
            "getAssignedUsers" => ("/1/assigned_users", Node::Waba),
            _ => ("/1", Node::Waba),
        };
        let query = [("fields".to_owned(), fields.to_owned()), ("business".to_owned(), "1".to_owned())];
        let exchange = Exchange {
            method: "GET",
            path,
            node: Some(node),
            query: &query,
            body: None,
            status: 200,
            response: Some(response),
        };
        let found = DOCUMENT.check_except(&exchange, deviations);
        assert!(found.iter().all(|violation| violation.operation == operation), "{found:?}");
        found
    }

    #[test]
    fn every_deviation_is_still_needed() {
        for deviation in DEVIATIONS {
            let others: Vec<&Deviation> = DEVIATIONS.iter().filter(|other| !std::ptr::eq(*other, deviation)).collect();
            let all: Vec<&Deviation> = DEVIATIONS.iter().collect();
            for answer in answers(deviation) {
                // `id` is required too; it is not the subject of this check.
                let of_it = |deviations: &[&Deviation]| {
                    let found = check(deviation.operation, &answer, "none", deviations);
                    found.into_iter().filter(|violation| !violation.message.starts_with("\"id\"")).count()
                };
                assert!(of_it(&others) > 0, "Meta's document no longer has this error: {deviation:?} {answer}");
                assert_eq!(of_it(&all), 0, "{deviation:?} {answer}");
            }
        }
    }

    #[test]
    fn every_deviation_has_a_reason() {
        assert!(DEVIATIONS.iter().all(|deviation| !deviation.reason.is_empty()));
    }

    #[test]
    fn an_undocumented_value_is_found_beside_the_excused_ones() {
        let all: Vec<&Deviation> = DEVIATIONS.iter().collect();
        let found = check(LISTED, &json!({ "data": [{ "id": "1", "status": "ASLEEP" }] }), "id,status", &all);
        let found: Vec<_> = found.iter().map(|found| (found.pointer.as_str(), found.keyword.as_str())).collect();
        assert_eq!(found, [("/data/0/status", "enum")]);
    }

    #[test]
    fn fields_excuse_only_what_they_did_not_ask_for() {
        let all: Vec<&Deviation> = DEVIATIONS.iter().collect();
        let missing = |answer: Value, fields: &str| check(WABA, &answer, fields, &all).len();
        assert_eq!(missing(json!({ "id": "1" }), "id,currency"), 0);
        assert_eq!(missing(json!({ "id": "1" }), "id, name"), 1);
        assert_eq!(missing(json!({ "name": "A" }), "name"), 1, "the id is always sent");
        assert_eq!(missing(json!({ "id": "1" }), "id,owner_business_info{id,name}"), 0, "the owner's name");
        assert_eq!(missing(json!({ "id": "1" }), "phone_numbers.limit(1){id,name},name"), 1);
        assert_eq!(check(LISTED, &json!({}), "id", &all).len(), 1, "a list is one whatever its fields");
    }
}
