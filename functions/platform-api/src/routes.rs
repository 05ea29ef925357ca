//! The single table of the scopes that each route of `/v1` requires and of the name of its operation. A test compares
//! the template's `AuthorizationScopes`, the API description and the README with it.

/// Permissions of a token. Each has its own name at the issuer, set by a template parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Read.
    Read,
    /// Act for one customer.
    Operate,
    /// Send messages.
    Send,
    /// Act for all customers, or redrive failed jobs.
    Admin,
}

use Scope::{Admin, Operate, Read, Send};

/// A token that may operate may also read, and one that may administer may also operate, so a person needs one scope.
/// Sending is separate because it acts in a customer's name.
const READ: &[Scope] = &[Read, Operate, Admin];
const ANY: &[Scope] = &[Read, Operate, Send, Admin];
const OPERATE: &[Scope] = &[Operate, Admin];
const SEND: &[Scope] = &[Send];
const SEND_OR_OPERATE: &[Scope] = &[Operate, Send, Admin];
const ADMIN: &[Scope] = &[Admin];

/// A route.
#[derive(Debug, Clone, Copy)]
pub struct Route {
    /// Method.
    pub method: &'static str,
    /// Path, with parameters in braces.
    pub path: &'static str,
    /// One of these is required.
    pub scopes: &'static [Scope],
    /// Stable name of the operation; `None` where nothing is stored, sent or changed.
    pub operation: Option<&'static str>,
}

const fn reads(path: &'static str, scopes: &'static [Scope]) -> Route {
    Route { method: "GET", path, scopes, operation: None }
}

const fn acts(method: &'static str, path: &'static str, scopes: &'static [Scope], operation: &'static str) -> Route {
    Route { method, path, scopes, operation: Some(operation) }
}

/// Every route of `/v1`. Any other route is not found.
pub const ROUTES: &[Route] = &[
    reads("/v1/me", ANY),
    reads("/v1/openapi.json", ANY),
    reads("/v1/events/schema.json", ANY),
    reads("/v1/sessions/{session}", READ),
    reads("/v1/onboardings", READ),
    reads("/v1/onboardings/{id}", READ),
    reads("/v1/onboardings/{id}/timeline", READ),
    reads("/v1/onboardings/{id}/templates", READ),
    reads("/v1/onboardings/{id}/templates/{name}/{language}", READ),
    reads("/v1/limits", READ),
    reads("/v1/funnel", READ),
    reads("/v1/credit-shares", READ),
    reads("/v1/reception/{phone_number_id}", READ),
    reads("/v1/doctor", READ),
    reads("/v1/dead-letters", READ),
    reads("/v1/moves", READ),
    reads("/v1/moves/{id}", READ),
    reads("/v1/moves/{id}/timeline", READ),
    reads("/v1/messages", ANY),
    reads("/v1/messages/{id}", ANY),
    Route { method: "POST", path: "/v1/templates/preview", scopes: READ, operation: None },
    acts("POST", "/v1/sessions", OPERATE, "session.create"),
    acts("DELETE", "/v1/sessions/{session}", OPERATE, "session.revoke"),
    acts("DELETE", "/v1/onboardings/{id}", OPERATE, "onboarding.leave"),
    acts("POST", "/v1/onboardings/{id}/resume", OPERATE, "onboarding.resume"),
    acts("POST", "/v1/onboardings/{id}/assign", OPERATE, "onboarding.assign"),
    acts("POST", "/v1/onboardings/{id}/templates", OPERATE, "template.create"),
    acts("POST", "/v1/onboardings/{id}/templates/refresh", OPERATE, "template.refresh"),
    acts("PATCH", "/v1/onboardings/{id}/templates/{name}/{language}", OPERATE, "template.edit"),
    acts("DELETE", "/v1/onboardings/{id}/templates/{name}/{language}", OPERATE, "template.delete"),
    acts("POST", "/v1/onboardings/{id}/templates/{name}/{language}/copy", OPERATE, "template.copy"),
    acts("POST", "/v1/onboardings/{id}/template-samples", OPERATE, "template.upload_sample"),
    acts("POST", "/v1/moves", OPERATE, "move.begin"),
    acts("DELETE", "/v1/moves/{id}", OPERATE, "move.cancel"),
    acts("POST", "/v1/moves/{id}/code", OPERATE, "move.request_code"),
    acts("POST", "/v1/moves/{id}/verify", OPERATE, "move.verify"),
    acts("POST", "/v1/moves/{id}/resume", OPERATE, "move.resume"),
    acts("POST", "/v1/doctor", OPERATE, "doctor.examine"),
    acts("POST", "/v1/phone-numbers/{id}/messages", SEND, "message.send"),
    acts("DELETE", "/v1/messages/{id}", SEND_OR_OPERATE, "message.cancel"),
    acts("POST", "/v1/doctor/repair", ADMIN, "doctor.repair"),
    acts("POST", "/v1/signups/pause", ADMIN, "signups.pause"),
    acts("POST", "/v1/signups/resume", ADMIN, "signups.resume"),
    acts("POST", "/v1/dead-letters/{queue}/redrive", ADMIN, "dead_letters.redrive"),
];

impl Scope {
    /// All scopes.
    pub const ALL: [Self; 4] = [Read, Operate, Send, Admin];

    /// Its name in this API, whatever the issuer's name is.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Operate => "operate",
            Self::Send => "send",
            Self::Admin => "admin",
        }
    }
}

/// The route of a request; if several match, the one with the fewest parameters.
pub(crate) fn find(method: &str, segments: &[&str]) -> Option<&'static Route> {
    let fits = |route: &&Route| route.method == method && is_path(route.path, segments);
    ROUTES.iter().filter(fits).min_by_key(|route| route.path.matches('{').count())
}

fn is_path(path: &str, segments: &[&str]) -> bool {
    let wanted = path.split('/').filter(|segment| !segment.is_empty());
    wanted.clone().count() == segments.len()
        && wanted.zip(segments).all(|(wanted, given)| wanted.starts_with('{') || wanted == *given)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_request_has_the_route_with_the_fewest_parameters() {
        let found = |method: &str, path: &str| {
            let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
            find(method, &segments).map(|route| route.path)
        };
        assert_eq!(found("GET", "/v1/onboardings/onb_1"), Some("/v1/onboardings/{id}"));
        assert_eq!(
            found("POST", "/v1/onboardings/x/templates/refresh"),
            Some("/v1/onboardings/{id}/templates/refresh")
        );
        for (method, path) in
            [("PUT", "/v1/onboardings"), ("GET", "/v1"), ("GET", "/v2/limits"), ("GET", "/v1/limits/x")]
        {
            assert_eq!(found(method, path), None, "{method} {path}");
        }
    }

    #[test]
    fn routes_and_operations_are_listed_once_and_each_wants_a_scope() {
        let routes: BTreeSet<_> = ROUTES.iter().map(|route| (route.method, route.path)).collect();
        assert_eq!(routes.len(), ROUTES.len());
        let named = ROUTES.iter().filter_map(|route| route.operation);
        let names: BTreeSet<&str> = named.clone().collect();
        assert_eq!(names.len(), named.count());
        assert!(ROUTES.iter().all(|route| !route.scopes.is_empty()));
    }

    #[test]
    fn whoever_only_reads_changes_nothing() {
        let changing = |route: &&Route| route.operation.is_some() && route.scopes.contains(&Read);
        assert_eq!(ROUTES.iter().filter(changing).count(), 0);
    }
}
