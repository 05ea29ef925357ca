//! Audience and scopes of the issuer's tokens.

use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The template's scope parameters and their defaults.
const SCOPES: [(&str, &str); 4] = [
    ("ReadScope", "onboarding/read"),
    ("OperateScope", "onboarding/operate"),
    ("SendScope", "onboarding/send"),
    ("AdminScope", "onboarding/admin"),
];

/// Roles that may log in to the console, and the scopes each has.
const ROLES: [(&str, &[&str]); 3] = [
    ("reader", &["ReadScope"]),
    ("operator", &["ReadScope", "OperateScope"]),
    ("administrator", &["ReadScope", "OperateScope", "AdminScope"]),
];

/// The audience and the names of the scopes.
#[derive(Debug, Clone)]
pub(crate) struct TokenPolicy {
    audience: String,
    scopes: BTreeMap<&'static str, String>,
}

impl TokenPolicy {
    /// From the template's parameters.
    pub(crate) fn of(parameters: &BTreeMap<String, Value>) -> Self {
        let text = |name: &str| parameters.get(name).and_then(Value::as_str).map(str::to_owned);
        let scopes = SCOPES.map(|(name, default)| (name, text(name).unwrap_or_else(|| default.to_owned())));
        Self { audience: text("JwtAudience").unwrap_or_default(), scopes: BTreeMap::from(scopes) }
    }

    /// Claims of the platform's back end, which has every scope.
    pub(crate) fn of_platform(&self) -> Value {
        let scopes: Vec<&str> = self.scopes.values().map(String::as_str).collect();
        json!({ "aud": self.audience, "sub": "platform", "client_id": "platform", "scope": scopes.join(" ") })
    }

    /// Claims of a person who logged in through a client in a role; `None` if there is no such role. Grants the
    /// requested scopes that the role has.
    pub(crate) fn of_person(&self, role: &str, client: &str, asked: &str) -> Option<Value> {
        let (_, own) = ROLES.iter().find(|(name, _)| *name == role)?;
        let own: Vec<&str> = own.iter().filter_map(|name| self.scopes.get(name)).map(String::as_str).collect();
        let granted: Vec<&str> = asked.split_whitespace().filter(|scope| own.contains(scope)).collect();
        let scope = granted.join(" ");
        Some(json!({ "aud": self.audience, "sub": format!("local|{role}"), "client_id": client, "scope": scope }))
    }

    /// The roles.
    pub(crate) fn roles() -> impl Iterator<Item = &'static str> {
        ROLES.iter().map(|(name, _)| *name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_granted_what_is_asked_for_and_it_has() {
        let policy = TokenPolicy::of(&BTreeMap::from([("OperateScope".to_owned(), json!("https://x/operate"))]));
        let asked = "openid onboarding/read https://x/operate onboarding/admin";
        let scope = |role: &str| policy.of_person(role, "console", asked).map(|claims| claims["scope"].clone());
        assert_eq!(scope("reader"), Some(json!("onboarding/read")));
        assert_eq!(scope("operator"), Some(json!("onboarding/read https://x/operate")));
        assert_eq!(scope("administrator"), Some(json!("onboarding/read https://x/operate onboarding/admin")));
        assert_eq!(scope("owner"), None);
    }

    #[test]
    fn the_platforms_token_grants_everything() {
        let claims = TokenPolicy::of(&BTreeMap::new()).of_platform();
        assert_eq!(claims["scope"].as_str().map(|scope| scope.split(' ').count()), Some(SCOPES.len()));
    }
}
