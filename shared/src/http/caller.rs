//! The caller admitted by the gateway's JWT authorizer.

use crate::domain::operation::Principal;
use std::collections::{BTreeSet, HashMap};

/// Claims that name the OAuth client, by issuer: RFC 9068, OpenID Connect, Okta, Microsoft Entra.
const CLIENT: [&str; 4] = ["client_id", "azp", "cid", "appid"];

/// The caller, from its access token.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Caller {
    /// Its identity; `None` when the token has none that can be stored.
    pub principal: Option<Principal>,
    /// Granted scopes, under the issuer's names.
    pub scopes: BTreeSet<String>,
}

impl Caller {
    /// Parses claims in API Gateway's format: every claim is text, a list is `[a b]`.
    #[must_use]
    pub fn of_claims(claims: &HashMap<String, String>) -> Self {
        let claim = |name: &str| claims.get(name).map(String::as_str);
        let client = CLIENT.into_iter().find_map(claim);
        let granted = ["scope", "scp"].into_iter().filter_map(claim);
        let names = granted.flat_map(|text| text.trim_start_matches('[').trim_end_matches(']').split_whitespace());
        let scopes = names.map(str::to_owned).collect();
        Self { principal: Principal::parse(claim("sub"), client), scopes }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(claims: &[(&str, &str)]) -> Caller {
        Caller::of_claims(&claims.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn scopes_stand_in_either_claim_as_a_text_or_a_list() {
        for claims in [[("scope", "a b")], [("scp", "a b")], [("scp", "[a b]")]] {
            assert_eq!(caller(&claims).scopes, BTreeSet::from(["a".to_owned(), "b".to_owned()]), "{claims:?}");
        }
        assert!(caller(&[("sub", "maria"), ("aud", "onboarding/read")]).scopes.is_empty());
    }

    #[test]
    fn the_client_has_a_claim_of_its_own_at_each_issuer() {
        for name in CLIENT {
            let principal = caller(&[("sub", "maria"), (name, "console")]).principal.unwrap();
            assert_eq!((principal.subject(), principal.client()), (Some("maria"), Some("console")), "{name}");
        }
        assert_eq!(caller(&[("scope", "a")]).principal, None);
        assert_eq!(caller(&[("sub", "a\nb"), ("client_id", "console")]).principal, None);
    }
}
