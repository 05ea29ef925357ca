//! What a caller may do. API Gateway checks the scopes first; this second check covers a route whose scopes were
//! omitted there, and records for each operation who requested it.

use super::App;
use crate::routes::{self, ROUTES, Scope};
use http::StatusCode;
use serde::Serialize;
use shared::clock;
use shared::domain::operation::Operation;
use shared::http::caller::Caller;
use shared::http::problem::Problem;
use shared::http::{Reply, Request, json};
use shared::wiring::Wiring;
use std::collections::BTreeMap;

/// Longest scope name.
const LONGEST_NAME: usize = 128;

/// The issuer's name of each scope.
#[derive(Clone)]
pub(crate) struct Access {
    read: String,
    operate: String,
    send: String,
    admin: String,
}

#[derive(Serialize)]
struct Me<'a> {
    subject: Option<&'a str>,
    client: Option<&'a str>,
    scopes: Vec<&'static str>,
    operations: Vec<&'static str>,
}

/// Reads `READ_SCOPE`, `OPERATE_SCOPE`, `SEND_SCOPE` and `ADMIN_SCOPE`.
pub(crate) fn read(wiring: &mut Wiring<'_>) -> Option<Access> {
    let read = wiring.parsed("READ_SCOPE", parse_scope);
    let operate = wiring.parsed("OPERATE_SCOPE", parse_scope);
    let send = wiring.parsed("SEND_SCOPE", parse_scope);
    let admin = wiring.parsed("ADMIN_SCOPE", parse_scope);
    Some(Access { read: read?, operate: operate?, send: send?, admin: admin? })
}

/// A scope as in RFC 6749, without the characters that separate a list of claims.
fn parse_scope(text: &str) -> Option<String> {
    let plain = text.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"\\,[]".contains(&byte));
    (plain && (1..=LONGEST_NAME).contains(&text.len())).then(|| text.to_owned())
}

impl Access {
    fn name(&self, scope: Scope) -> &str {
        match scope {
            Scope::Read => &self.read,
            Scope::Operate => &self.operate,
            Scope::Send => &self.send,
            Scope::Admin => &self.admin,
        }
    }

    fn has(&self, caller: &Caller, scope: Scope) -> bool {
        caller.scopes.contains(self.name(scope))
    }

    fn allows(&self, caller: &Caller, scopes: &[Scope]) -> bool {
        scopes.iter().any(|scope| self.has(caller, *scope))
    }

    /// The operation that a request asks for, if its caller is permitted.
    ///
    /// # Errors
    /// 404 for an unknown route, 403 when the token has none of the required scopes or names no caller.
    pub(crate) fn permit(&self, request: &Request, segments: &[&str]) -> Result<Operation, Problem> {
        let route = routes::find(request.method.as_str(), segments).ok_or(Problem::not_found())?;
        let caller = request.caller.as_ref().filter(|caller| self.allows(caller, route.scopes));
        let title = "The token has none of the required scopes.";
        let caller = caller.ok_or(Problem::new(StatusCode::FORBIDDEN, "insufficient_scope", title))?;
        let title = "The token names no caller: it needs a `sub` or a client of up to 255 visible characters.";
        let unnamed = Problem::new(StatusCode::FORBIDDEN, "caller_unnamed", title);
        Ok(Operation {
            name: route.operation.unwrap_or("read").to_owned(),
            principal: caller.principal.clone().ok_or(unnamed)?,
            request_id: request.request_id.clone(),
            about: BTreeMap::new(),
        })
    }

    /// The caller and its permissions.
    pub(crate) fn me(&self, request: &Request) -> Reply {
        let caller = request.caller.clone().unwrap_or_default();
        let principal = caller.principal.as_ref();
        let allowed = ROUTES.iter().filter(|route| self.allows(&caller, route.scopes));
        let me = Me {
            subject: principal.and_then(|principal| principal.subject()),
            client: principal.and_then(|principal| principal.client()),
            scopes: Scope::ALL.into_iter().filter(|scope| self.has(&caller, *scope)).map(Scope::as_str).collect(),
            operations: allowed.filter_map(|route| route.operation).collect(),
        };
        json(StatusCode::OK, &me)
    }
}

impl App {
    /// Publishes who is about to do what, for operations that are saved in no record. If the queue does not accept the
    /// event, nothing is done and the caller has to retry: an event for an operation that later fails is acceptable, an
    /// operation without an event would be unattributed.
    pub(crate) async fn announce(&self, operation: &Operation) -> Result<(), Problem> {
        self.publisher.operation(operation, clock::now()).await.map_err(|error| super::unavailable(&error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderMap, Method};

    fn access() -> Access {
        let name = |scope: &str| format!("https://api.example/{scope}");
        Access { read: name("read"), operate: name("operate"), send: name("send"), admin: name("admin") }
    }

    fn request(method: Method, path: &str, claims: Option<&[(&str, &str)]>) -> Request {
        let claims = claims.map(|claims| claims.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        Request {
            method,
            path: path.to_owned(),
            query: String::new(),
            headers: HeaderMap::new(),
            body: String::new().into(),
            request_id: "r".to_owned(),
            host: "h".to_owned(),
            source: shared::http::source::SourceAddress::default(),
            caller: claims.map(|claims| Caller::of_claims(&claims.collect())),
            deadline: shared::deadline::Deadline::after(std::time::Duration::from_secs(15)),
        }
    }

    fn refused(method: Method, path: &str, claims: Option<&[(&str, &str)]>) -> Option<&'static str> {
        let request = request(method, path, claims);
        access().permit(&request, &request.segments()).err().map(|problem| problem.code)
    }

    #[test]
    fn a_forgotten_gateway_lets_nobody_in() {
        let read = [("sub", "maria"), ("scope", "openid https://api.example/read")];
        assert_eq!(refused(Method::GET, "/v1/limits", Some(&read)), None);
        assert_eq!(refused(Method::POST, "/v1/signups/pause", Some(&read)), Some("insufficient_scope"));
        assert_eq!(refused(Method::POST, "/v1/sessions", Some(&read)), Some("insufficient_scope"));
        assert_eq!(refused(Method::GET, "/v1/limits", None), Some("insufficient_scope"));
        assert_eq!(refused(Method::GET, "/v1/secrets", Some(&read)), Some("not_found"));
        let unnamed = [("scope", "https://api.example/read")];
        assert_eq!(refused(Method::GET, "/v1/limits", Some(&unnamed)), Some("caller_unnamed"));
        // The names are the issuer's own: those of another issuer grant nothing.
        let foreign = [("sub", "maria"), ("scope", "onboarding/read read")];
        assert_eq!(refused(Method::GET, "/v1/limits", Some(&foreign)), Some("insufficient_scope"));
    }

    #[test]
    fn names_of_scopes_are_those_that_claims_can_hold() {
        for good in ["onboarding/read", "https://api.example/read", "api://1-2/Read.All", "read:x"] {
            assert_eq!(parse_scope(good).as_deref(), Some(good));
        }
        for bad in ["", "a b", "a,b", "[a]", "a\"b", "a\\b", "ä", &"x".repeat(129)] {
            assert_eq!(parse_scope(bad), None, "{bad}");
        }
    }
}
