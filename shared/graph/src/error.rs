//! Errors of Graph API calls: one table from Meta's error codes to who has to act and when to retry.

use crate::transport::TransportError;
use onboarding_core::domain::failure::{Actor, Class, Failure, MetaCode, Waiting};
use serde::Deserialize;
use std::fmt;

/// A failed Graph API call. Contains no URL, no message of Meta's and no token.
#[derive(Debug, thiserror::Error)]
#[error("Graph call {call} failed: {kind}")]
pub struct GraphError {
    /// The call's name.
    pub call: &'static str,
    /// How it failed.
    pub kind: Kind,
}

/// How a call failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Kind {
    /// The app secret could not be read; nothing was sent.
    #[error("failed to read the app secret")]
    NoAppSecret,
    /// The request or its response was lost.
    #[error("transport error")]
    Transport(#[from] TransportError),
    /// The response is not as documented by Meta.
    #[error("undecodable reply")]
    Undecodable,
    /// Meta answered `{"success": false}` with status 200: nothing was done, whatever the call.
    #[error("answered that nothing was done")]
    NotDone,
    /// Meta refused.
    #[error("refused with code {}", .0.code)]
    Refused(Refusal),
}

/// Meta's error, reduced to the members that matter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// HTTP status.
    pub status: u16,
    /// `error.code`; 0 when absent or not a number.
    pub code: u64,
    /// `error.error_subcode`.
    pub subcode: Option<u64>,
    /// `error.is_transient`.
    pub transient: bool,
    /// `error.fbtrace_id`, for support requests to Meta.
    pub trace: Option<String>,
    /// Seconds until the limit lifts, from the usage headers.
    pub regain_access: Option<u32>,
    /// What Meta says to the person who asked.
    pub told: Told,
}

/// Meta's own sentences about a refusal, in the customer's language. They may name people, numbers and addresses:
/// they go into the answer to whoever made the request, and nowhere else.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Told(Option<Box<Words>>);

#[derive(Clone, Default, PartialEq, Eq)]
struct Words {
    /// `error_user_title`.
    title: Option<String>,
    /// `error_user_msg`.
    message: Option<String>,
    /// `message`: for developers, in English.
    technical: Option<String>,
}

/// Never prints what it holds.
impl fmt::Debug for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Told")
    }
}

impl Told {
    /// Longest text that is passed on.
    const LONGEST: usize = 1_000;

    fn read(error: &serde_json::Map<String, serde_json::Value>) -> Self {
        let text = |name: &str| {
            let text = error.get(name)?.as_str()?.trim();
            let short = text.chars().filter(|c| !c.is_control()).take(Self::LONGEST).collect::<String>();
            (!short.is_empty()).then_some(short)
        };
        let words =
            Words { title: text("error_user_title"), message: text("error_user_msg"), technical: text("message") };
        Self((words != Words::default()).then(|| Box::new(words)))
    }

    /// Title and message for the person who made the request.
    #[must_use]
    pub fn to_the_caller(&self) -> (Option<&str>, Option<&str>) {
        self.0.as_ref().map_or((None, None), |words| (words.title.as_deref(), words.message.as_deref()))
    }

    /// The message for developers, for a refusal about which nothing else is known.
    #[must_use]
    pub fn technical_to_the_caller(&self) -> Option<&str> {
        self.0.as_ref()?.technical.as_deref()
    }
}

impl Refusal {
    /// Meta's numbers.
    #[must_use]
    pub const fn meta(&self) -> MetaCode {
        MetaCode { code: self.code, subcode: self.subcode }
    }
}

#[derive(Deserialize)]
struct ErrorBody {
    error: serde_json::Map<String, serde_json::Value>,
}

/// Parses an error body; `None` when the response contains none.
#[must_use]
pub fn parse(status: u16, body: &[u8], regain_access: Option<u32>) -> Option<Refusal> {
    let ErrorBody { error } = serde_json::from_slice(body).ok()?;
    let number = |name: &str| match error.get(name) {
        Some(serde_json::Value::Number(number)) => number.as_u64(),
        Some(serde_json::Value::String(text)) => text.parse().ok(),
        _ => None,
    };
    let trace = error.get("fbtrace_id").and_then(|trace| trace.as_str());
    let plain = |text: &&str| text.len() <= 64 && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
    Some(Refusal {
        status,
        code: number("code").unwrap_or(0),
        subcode: number("error_subcode"),
        transient: error.get("is_transient").and_then(serde_json::Value::as_bool).unwrap_or(false),
        trace: trace.filter(plain).map(str::to_owned),
        regain_access,
        told: Told::read(&error),
    })
}

#[derive(Deserialize)]
struct Acknowledgement {
    success: Option<serde_json::Value>,
}

/// Whether an answer with status 200 says that nothing was done.
#[must_use]
pub(crate) fn is_not_done(body: &[u8]) -> bool {
    let success = serde_json::from_slice::<Acknowledgement>(body).ok().and_then(|answer| answer.success);
    success.is_some_and(|success| success == false || success == "false")
}

/// Cooldown when Meta limits calls without saying for how long: five minutes.
const LIMITED: u32 = 300;

impl GraphError {
    /// What to do about it.
    #[must_use]
    pub fn failure(&self) -> Failure {
        match &self.kind {
            Kind::NoAppSecret => Failure::new(Class::Later, "vault.unavailable"),
            Kind::Transport(TransportError::OutOfTime) => Failure::new(Class::Later, "graph.out_of_time"),
            Kind::Transport(_) => Failure::new(Class::Later, "graph.unreachable"),
            Kind::Undecodable => Failure::new(Class::Later, "graph.unreadable"),
            Kind::NotDone => Failure::new(Class::Later, NOT_DONE),
            Kind::Refused(refusal) => Failure::new(class(refusal), &code(refusal)).refused_with(Some(refusal.meta())),
        }
    }

    /// The refusal, when Meta refused.
    #[must_use]
    pub fn refusal(&self) -> Option<&Refusal> {
        match &self.kind {
            Kind::Refused(refusal) => Some(refusal),
            Kind::NoAppSecret | Kind::Transport(_) | Kind::Undecodable | Kind::NotDone => None,
        }
    }
}

/// `graph.<code>`. The subcode of an invalid token determines what the customer has to do, so it is part of the code.
fn code(refusal: &Refusal) -> String {
    match (refusal.code, refusal.subcode) {
        (190, Some(subcode)) if DEAD_TOKENS.contains(&subcode) => format!("graph.190.{subcode}"),
        (100, Some(subcode)) if subcode == INVISIBLE || TEMPLATE_REFUSALS.contains(&subcode) => {
            format!("graph.100.{subcode}")
        }
        (10 | 131_009, Some(subcode)) if TEMPLATE_REFUSALS.contains(&subcode) || subcode == EXPIRED_SAMPLE => {
            format!("graph.{}.{subcode}", refusal.code)
        }
        (code, _) => format!("graph.{code}"),
    }
}

/// Subcodes of 100 that say what is wrong with a template.
const TEMPLATE_REFUSALS: std::ops::Range<u64> = 2_388_000..2_389_000;

/// Subcode of 131009: the handle of a sample is not valid any more, or another app's.
const EXPIRED_SAMPLE: u64 = 2_494_102;

/// Subcode of 100, also used as a code: the object does not exist, or is not visible to this token.
const INVISIBLE: u64 = 33;

/// Stable code of an answer that nothing was done.
const NOT_DONE: &str = "graph.not_done";

/// Whether Meta answered that it did not do what was asked.
#[must_use]
pub fn is_refused_without_reason(failure: &Failure) -> bool {
    failure.code == NOT_DONE
}

/// Whether Meta reports that the object does not exist or is not visible to this token.
#[must_use]
pub fn is_invisible(failure: &Failure) -> bool {
    MetaCode::parse(&failure.code).is_some_and(MetaCode::is_invisible)
}

/// Whether Meta reports a missing permission, of the customer or of our app.
#[must_use]
pub fn is_missing_permission(failure: &Failure) -> bool {
    MetaCode::parse(&failure.code).is_some_and(MetaCode::is_missing_permission)
}

/// Whether Meta refuses access to the object: it is not visible to the token, or a permission is missing.
#[must_use]
pub fn is_refused_access(failure: &Failure) -> bool {
    is_invisible(failure) || is_missing_permission(failure)
}

/// Subcodes of 190 that Meta documents: app not installed, checkpoint, password changed, expired, unconfirmed user, logged
/// out, invalid session.
const DEAD_TOKENS: [u64; 7] = [458, 459, 460, 463, 464, 467, 492];

/// Meta: "Handle Graph API errors", "WhatsApp error codes"; the groups are explained in the README's list of codes.
fn class(refusal: &Refusal) -> Class {
    match refusal.code {
        // "Cannot Create Certificate": the display name is not approved.
        100 if refusal.subcode == Some(2_388_001) => Class::Needs(Actor::Customer, Waiting::DisplayName),
        102 | 190 => Class::TokenDead,
        4 | 17 | 32 | 341 | 613 | 80007 | 80008 | 130_429 => {
            Class::LaterAfter(refusal.regain_access.unwrap_or(LIMITED))
        }
        1 | 2 | 131_000 | 131_016 | 131_057 | 133_000 | 133_004 | 2_494_100 => Class::Later,
        133_015 => Class::LaterAfter(LIMITED),
        133_005 | 133_008 | 133_009 => Class::Needs(Actor::Customer, Waiting::Pin),
        133_006 => Class::Needs(Actor::Customer, Waiting::Number),
        131_037 => Class::Needs(Actor::Meta, Waiting::DisplayName),
        133_016 | 368 => Class::Needs(Actor::Meta, Waiting::Meta),
        131_042 => Class::Needs(Actor::Customer, Waiting::PaymentMethod),
        // Coexistence: the 24-hour window has closed.
        2_593_108 | 135_000 => Class::Skip,
        _ if refusal.transient || refusal.status >= 500 => Class::Later,
        _ => Class::Needs(Actor::Operator, Waiting::Meta),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use onboarding_core::domain::refusal;

    fn failure(status: u16, body: &str) -> Failure {
        let refusal = parse(status, body.as_bytes(), None).unwrap();
        GraphError { call: "test", kind: Kind::Refused(refusal) }.failure()
    }

    #[test]
    fn metas_codes_say_who_acts_and_when() {
        let check = |code: u64, class| {
            assert_eq!(
                failure(400, &format!(r#"{{"error":{{"code":{code}}}}}"#)),
                Failure::new(class, &format!("graph.{code}"))
            );
        };
        check(190, Class::TokenDead);
        check(2_593_108, Class::Skip);
        check(80007, Class::LaterAfter(300));
        check(133_005, Class::Needs(Actor::Customer, Waiting::Pin));
        check(133_016, Class::Needs(Actor::Meta, Waiting::Meta));
        check(200, Class::Needs(Actor::Operator, Waiting::Meta));
        check(2, Class::Later);
    }

    #[test]
    fn a_dead_token_says_what_killed_it_where_meta_documents_it() {
        let check = |subcode, code| {
            let body = format!(r#"{{"error":{{"code":190,"error_subcode":{subcode}}}}}"#);
            let meta = Some(MetaCode { code: 190, subcode: Some(subcode) });
            assert_eq!(failure(401, &body), Failure::new(Class::TokenDead, code).refused_with(meta));
        };
        check(460, "graph.190.460");
        check(463, "graph.190.463");
        check(987_654, "graph.190");
    }

    #[test]
    fn an_account_that_is_not_shown_is_told_apart_from_a_request_that_is_wrong() {
        let invisible = failure(400, r#"{"error":{"code":100,"error_subcode":33}}"#);
        assert!(is_invisible(&invisible) && !is_missing_permission(&invisible), "{invisible:?}");
        assert!(is_invisible(&failure(400, r#"{"error":{"code":33}}"#)));
        for code in [3, 10, 200, 299] {
            assert!(is_missing_permission(&failure(403, &format!(r#"{{"error":{{"code":{code}}}}}"#))), "{code}");
        }
        for other in [r#"{"error":{"code":100}}"#, r#"{"error":{"code":300}}"#, r#"{"error":{"code":190}}"#] {
            let other = failure(400, other);
            assert!(!is_invisible(&other) && !is_missing_permission(&other), "{other:?}");
        }
    }

    /// The table says who acts, and the class of the failure says the same to the onboarding.
    #[test]
    fn whoever_acts_on_a_refusal_is_the_same_everywhere() {
        for code in
            refusal::documented().filter(|code| !DEAD_TOKENS.contains(code) && !(36_007..=36_009).contains(code))
        {
            let meant = refusal::meaning(MetaCode { code, subcode: None }).actor;
            let acts = match failure(400, &format!(r#"{{"error":{{"code":{code}}}}}"#)).class {
                Class::Needs(actor, _) | Class::Until(actor, ..) => actor,
                Class::Later | Class::LaterAfter(_) => Actor::Meta,
                Class::TokenDead => Actor::Customer,
                Class::Skip | Class::Hold => Actor::Operator,
            };
            assert_eq!(meant, acts, "{code}");
        }
    }

    #[test]
    fn unknown_codes_are_retried_only_when_meta_is_at_fault() {
        assert_eq!(failure(500, r#"{"error":{"code":987654}}"#).class, Class::Later);
        assert_eq!(failure(400, r#"{"error":{"code":987654,"is_transient":true}}"#).class, Class::Later);
        assert_eq!(failure(400, r#"{"error":{"code":987654}}"#).class, Class::Needs(Actor::Operator, Waiting::Meta));
    }

    #[test]
    fn malformed_error_bodies_are_tolerated() {
        assert_eq!(parse(400, br#"{"error":{"code":"190"}}"#, None).unwrap().code, 190);
        assert_eq!(parse(400, br#"{"error":{}}"#, None).unwrap().code, 0);
        assert_eq!(parse(400, br#"{"error":{"code":-1,"error_subcode":1e30}}"#, None).unwrap().code, 0);
        assert_eq!(parse(200, br#"{"data":[]}"#, None), None);
        assert_eq!(parse(502, b"<html>", None), None);
    }

    #[test]
    fn no_text_of_metas_is_stored() {
        let body = br#"{"error":{"code":100,"message":"CANARY +15550001111","fbtrace_id":"CANARY in text",
            "error_user_title":"CANARY","error_user_msg":"CANARY"}}"#;
        let error = GraphError { call: "test", kind: Kind::Refused(parse(400, body, None).unwrap()) };
        assert!(!format!("{error:?} {error}").contains("CANARY"));
    }

    #[test]
    fn an_answer_that_nothing_was_done_is_no_success() {
        for body in [r#"{"success":false}"#, r#"{"success":"false","id":"7"}"#] {
            assert!(is_not_done(body.as_bytes()), "{body}");
        }
        for body in [r#"{"success":true}"#, "{}", "[]", r#"{"data":[{"success":false}]}"#, ""] {
            assert!(!is_not_done(body.as_bytes()), "{body}");
        }
        let failure = GraphError { call: "test", kind: Kind::NotDone }.failure();
        assert!(is_refused_without_reason(&failure) && failure.class == Class::Later);
    }

    #[test]
    fn what_meta_tells_people_is_for_the_caller_only() {
        let body =
            br#"{"error":{"code":100,"error_user_title":"T\u0000itle","error_user_msg":"Message","message":"m"}}"#;
        let told = parse(400, body, None).unwrap().told;
        assert_eq!(told.to_the_caller(), (Some("Title"), Some("Message")));
        assert_eq!(told.technical_to_the_caller(), Some("m"));
        assert_eq!(parse(400, br#"{"error":{"code":100,"error_user_title":7}}"#, None).unwrap().told, Told::default());
    }
}
