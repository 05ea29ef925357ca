//! The pre-fill of a signup: Meta's `extras.setup` ("Pre-filling screens"), validated member by member. Meta silently
//! ignores members it does not know, and the customer has to type everything again; so they are rejected here.

use serde_json::Value;
use shared::http::fields::Fields;
use shared::http::problem::Problem;

/// The type of a member. `null` always counts as absent.
#[derive(Clone, Copy)]
enum Kind {
    /// An object; its members are the paths that begin with its own.
    Group,
    /// Text of at most this many characters.
    Text(usize),
    /// Text of at most this many characters, with line breaks allowed.
    Lines(usize),
    /// Text in a certain format.
    Form(fn(&str) -> bool),
    /// A whole number.
    Number,
    /// An id of Meta's, as a number or as digits.
    Id,
    /// One id or several: Meta documents both.
    Ids,
}

/// Meta states 100 characters for a name and 512 for a description; the other limits are generous for real values.
const MEMBERS: [(&str, Kind); 27] = [
    ("prefill.business", Kind::Group),
    ("prefill.business.id", Kind::Id),
    ("prefill.business.name", Kind::Text(100)),
    ("prefill.business.email", Kind::Form(is_email)),
    ("prefill.business.website", Kind::Form(is_website)),
    ("prefill.business.phone", Kind::Group),
    ("prefill.business.phone.code", Kind::Number),
    ("prefill.business.phone.number", Kind::Text(32)),
    ("prefill.business.address", Kind::Group),
    ("prefill.business.address.streetAddress1", Kind::Text(256)),
    ("prefill.business.address.streetAddress2", Kind::Text(256)),
    ("prefill.business.address.city", Kind::Text(256)),
    ("prefill.business.address.state", Kind::Text(256)),
    ("prefill.business.address.zipPostal", Kind::Text(32)),
    ("prefill.business.address.country", Kind::Form(is_country)),
    ("prefill.business.timezone", Kind::Form(is_offset)),
    ("prefill.phone", Kind::Group),
    ("prefill.phone.displayName", Kind::Text(512)),
    ("prefill.phone.category", Kind::Form(is_category)),
    ("prefill.phone.description", Kind::Lines(512)),
    ("prefill.preVerifiedPhone", Kind::Group),
    ("prefill.preVerifiedPhone.ids", Kind::Ids),
    ("prefill.solutionID", Kind::Id),
    ("prefill.whatsAppBusinessAccount", Kind::Group),
    ("prefill.whatsAppBusinessAccount.id", Kind::Ids),
    ("prefill.whatsAppBusinessAccount.ids", Kind::Ids),
    ("prefill", Kind::Group),
];

/// The largest integer that JavaScript parses exactly: larger ids have to be text.
const LARGEST_NUMBER: u64 = 9_007_199_254_740_991;

/// Validates the pre-fill, which is stored unmodified.
///
/// # Errors
/// 400 `unknown_field`, `bad_type`, `bad_value`, each with the path of the member.
pub(crate) fn read(fields: &Fields) -> Result<Option<Value>, Problem> {
    match fields.value("prefill") {
        None | Some(Value::Null) => Ok(None),
        Some(setup) => check("prefill", Kind::Group, setup).map(|()| Some(setup.clone())),
    }
}

fn check(path: &'static str, kind: Kind, value: &Value) -> Result<(), Problem> {
    let right = match (kind, value) {
        (_, Value::Null) => true,
        (Kind::Group, Value::Object(members)) => {
            return members.iter().try_for_each(|(name, value)| {
                let (path, kind) = member(path, name).ok_or_else(|| unknown().of(path))?;
                check(path, kind, value)
            });
        }
        (Kind::Text(longest), Value::String(text)) => text.chars().count() <= longest && is_plain(text),
        (Kind::Lines(longest), Value::String(text)) => text.chars().count() <= longest && text.lines().all(is_plain),
        (Kind::Form(holds), Value::String(text)) => text.is_empty() || (is_plain(text) && holds(text)),
        (Kind::Number, Value::Number(number)) => number.is_u64(),
        (Kind::Id | Kind::Ids, id @ (Value::Number(_) | Value::String(_))) => is_id(id),
        (Kind::Ids, Value::Array(ids)) => ids.iter().all(is_id),
        _ => return Err(Problem::bad_request("bad_type", "A member of the pre-fill has the wrong type.").of(path)),
    };
    let title = "A member of the pre-fill is not in the format that Meta accepts.";
    if right { Ok(()) } else { Err(Problem::bad_request("bad_value", title).of(path)) }
}

fn member(path: &str, name: &str) -> Option<(&'static str, Kind)> {
    let own = |known: &str| known.strip_prefix(path).and_then(|rest| rest.strip_prefix('.')) == Some(name);
    MEMBERS.into_iter().find(|(known, _)| own(known) && !name.contains('.'))
}

fn unknown() -> Problem {
    Problem::bad_request("unknown_field", "The pre-fill has a member that Meta does not know.")
}

fn is_plain(text: &str) -> bool {
    !text.chars().any(char::is_control)
}

fn is_id(id: &Value) -> bool {
    id.as_u64().is_some_and(|id| id <= LARGEST_NUMBER)
        || id.as_str().is_some_and(|id| (1..=20).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_digit()))
}

pub(crate) fn is_email(text: &str) -> bool {
    text.len() <= 256 && text.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty())
}

/// Meta's own sample contains only the scheme.
fn is_website(text: &str) -> bool {
    // As people write them, in any case and script, but without characters that parsers interpret differently.
    let plain = |letter: char| letter != '\\' && !letter.is_whitespace() && !letter.is_control();
    let web = |url: url::Url| {
        matches!(url.scheme(), "http" | "https") && url.username().is_empty() && url.password().is_none()
    };
    text == "https://" || text.len() <= 2048 && text.chars().all(plain) && url::Url::parse(text).is_ok_and(web)
}

/// ISO 3166-1 alpha-2.
fn is_country(text: &str) -> bool {
    text.len() == 2 && text.bytes().all(|b| b.is_ascii_uppercase())
}

/// `UTC`, or `UTC-07:00`.
fn is_offset(text: &str) -> bool {
    let is_time = |time: &str| time.len() == 5 && time.split_once(':').is_some_and(|(h, m)| digits(h) && digits(m));
    text.strip_prefix("UTC").is_some_and(|rest| rest.is_empty() || rest.strip_prefix(['+', '-']).is_some_and(is_time))
}

fn digits(text: &str) -> bool {
    text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit())
}

/// The verticals of a business profile (Meta's OpenAPI).
fn is_category(text: &str) -> bool {
    let verticals = "OTHER AUTO BEAUTY APPAREL EDU ENTERTAIN EVENT_PLAN FINANCE GROCERY GOVT HOTEL HEALTH NONPROFIT PROF_SERVICES \
        RETAIL TRAVEL RESTAURANT ALCOHOL ONLINE_GAMBLING PHYSICAL_GAMBLING OTC_DRUGS";
    verticals.split_whitespace().any(|vertical| vertical == text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn refused(setup: &Value) -> Option<(&'static str, &'static str)> {
        check("prefill", Kind::Group, setup).err().map(|problem| (problem.code, problem.field.unwrap_or_default()))
    }

    fn described(path: &str, schema: &Value, found: &mut Vec<String>) {
        found.push(path.to_owned());
        for (name, member) in schema["properties"].as_object().into_iter().flatten() {
            described(&format!("{path}.{name}"), member, found);
        }
    }

    #[test]
    fn openapi_describes_the_same_members() {
        let openapi: Value = serde_json::from_str(crate::OPENAPI).unwrap();
        let mut found = Vec::new();
        let order = &openapi["components"]["schemas"]["SessionOrder"]["properties"]["prefill"];
        described("prefill", order, &mut found);
        let mut known: Vec<_> = MEMBERS.iter().map(|(path, _)| (*path).to_owned()).collect();
        known.sort();
        found.sort();
        assert_eq!(found, known);
    }

    #[test]
    fn what_meta_documents_is_taken() {
        for setup in [
            json!({}),
            json!({ "business": {
                "id": null, "name": "Lucky Shrub", "email": "a@b.example", "website": "https://b.example/",
                "phone": { "code": 1, "number": "6505551234" },
                "address": { "streetAddress1": "1 Way", "streetAddress2": "", "city": "x", "state": "CA", "zipPostal": "9", "country": "US" },
                "timezone": "UTC-07:00",
            } }),
            json!({ "business": { "id": 102_290_129_340_398_u64 }, "solutionID": "1234567890" }),
            json!({ "phone": { "displayName": "Lucky", "category": "GROCERY", "description": "plants\nand more" } }),
            json!({ "business": { "website": "https://" } }),
            json!({ "preVerifiedPhone": { "ids": ["1"] }, "whatsAppBusinessAccount": { "ids": "2", "id": ["3"] } }),
        ] {
            assert_eq!(refused(&setup), None, "{setup}");
        }
    }

    #[test]
    fn what_meta_would_leave_out_is_refused_with_its_member() {
        for (setup, code, member) in [
            (json!([]), "bad_type", "prefill"),
            (json!({ "bussiness": {} }), "unknown_field", "prefill"),
            (json!({ "business.name": "a" }), "unknown_field", "prefill"),
            (json!({ "business": "Lucky" }), "bad_type", "prefill.business"),
            (json!({ "business": { "": 1 } }), "unknown_field", "prefill.business"),
            (json!({ "business": { "name": "x".repeat(101) } }), "bad_value", "prefill.business.name"),
            (json!({ "business": { "name": "a\u{0}" } }), "bad_value", "prefill.business.name"),
            (json!({ "business": { "id": 1e126 } }), "bad_value", "prefill.business.id"),
            (json!({ "business": { "id": 9_007_199_254_740_993_u64 } }), "bad_value", "prefill.business.id"),
            (json!({ "business": { "id": "x" } }), "bad_value", "prefill.business.id"),
            (json!({ "business": { "email": "nobody" } }), "bad_value", "prefill.business.email"),
            (json!({ "business": { "website": "javascript:alert(1)" } }), "bad_value", "prefill.business.website"),
            (json!({ "business": { "website": "https://a.com\\@b.com" } }), "bad_value", "prefill.business.website"),
            (json!({ "business": { "website": "https://a.com@b.com" } }), "bad_value", "prefill.business.website"),
            (json!({ "business": { "phone": { "code": "1" } } }), "bad_type", "prefill.business.phone.code"),
            (json!({ "business": { "phone": { "code": -1 } } }), "bad_value", "prefill.business.phone.code"),
            (
                json!({ "business": { "address": { "country": "usa" } } }),
                "bad_value",
                "prefill.business.address.country",
            ),
            (json!({ "business": { "timezone": "Europe/Berlin" } }), "bad_value", "prefill.business.timezone"),
            (json!({ "phone": { "category": "PLANTS" } }), "bad_value", "prefill.phone.category"),
            (json!({ "preVerifiedPhone": { "ids": [["1"]] } }), "bad_value", "prefill.preVerifiedPhone.ids"),
        ] {
            assert_eq!(refused(&setup), Some((code, member)), "{setup}");
        }
    }
}
