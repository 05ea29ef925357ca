//! Tokens: exchanging a code, inspecting a token, identifying its user.

use crate::call::{GraphCall, GraphRequest};
use onboarding_core::domain::grant::Grant;
use onboarding_core::domain::ids::{AppId, BusinessId, SystemUserId, WabaId};
use onboarding_core::domain::time::Timestamp;
use onboarding_core::secret::Secret;
use serde::{Deserialize, Deserializer};
use std::collections::BTreeSet;

/// Exchanges the popup's code for the customer's business token. The code is valid for 30 s and can be used once.
pub struct ExchangeCode<'a> {
    /// Our app.
    pub app: &'a AppId,
    /// Its secret; Meta requires it in the query.
    pub app_secret: &'a Secret,
    /// The code.
    pub code: &'a Secret,
    /// The redirect URI of the full-page flow, which Meta compares. Codes from the popup have none.
    pub redirect_uri: Option<&'a str>,
}

/// The business token.
#[derive(Deserialize)]
pub struct TokenGranted {
    #[serde(deserialize_with = "token")]
    /// The token; opaque, of any length.
    pub access_token: Secret,
}

impl std::fmt::Debug for TokenGranted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenGranted")
    }
}

/// Accepts a token of visible ASCII characters, at most 8 KiB; anything else is not stored.
fn token<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Secret, D::Error> {
    let text = Secret::new(String::deserialize(deserializer)?);
    let plausible = (1..=8192).contains(&text.expose().len()) && text.expose().bytes().all(|b| b.is_ascii_graphic());
    if plausible { Ok(text) } else { Err(serde::de::Error::custom("not a token")) }
}

impl GraphCall for ExchangeCode<'_> {
    const NAME: &'static str = "exchange_code";
    type Reply = TokenGranted;
    fn request(&self) -> GraphRequest {
        let request = GraphRequest::get(&["oauth", "access_token"])
            .with("client_id", self.app.as_str())
            .with_secret("client_secret", self.app_secret)
            .with_secret("code", self.code);
        match self.redirect_uri {
            Some(uri) => request.with("redirect_uri", uri),
            None => request,
        }
    }
}

/// Requests the token of a customer that granted our app access, without a code: with the system token, for signups
/// whose code was lost or that had none (Meta: hosted signup, app-only install). Meta creates no new token
/// (`fetch_only`).
pub struct FetchToken<'a> {
    /// The customer's portfolio, as reported by Meta.
    pub business: &'a BusinessId,
}

impl GraphCall for FetchToken<'_> {
    const NAME: &'static str = "fetch_token";
    type Reply = TokenGranted;
    fn request(&self) -> GraphRequest {
        GraphRequest::post(&[self.business.as_str(), "system_user_access_tokens"]).with("fetch_only", "true")
    }
}

/// Inspects a token.
pub struct DebugToken<'a> {
    /// The token to inspect.
    pub token: &'a Secret,
}

/// Meta's answer about a token.
#[derive(Debug, Deserialize)]
pub struct TokenInspected {
    /// The token's properties.
    pub data: TokenFacts,
}

/// Properties of a token.
#[derive(Debug, Deserialize)]
pub struct TokenFacts {
    /// The app it belongs to.
    pub app_id: Option<String>,
    /// Whether it is valid.
    #[serde(default)]
    pub is_valid: bool,
    /// Unix seconds; 0 means never.
    pub expires_at: Option<i64>,
    /// All granted scopes.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// Scopes with the objects they are limited to.
    #[serde(default)]
    pub granular_scopes: Vec<GranularScope>,
}

/// A scope and its objects.
#[derive(Debug, Deserialize)]
pub struct GranularScope {
    /// For example `whatsapp_business_management`.
    pub scope: String,
    /// Newest first; absent when the scope is not limited; strings or integers (both occur).
    #[serde(default)]
    pub target_ids: Vec<serde_json::Value>,
}

/// WhatsApp scopes Meta documents.
const KNOWN_SCOPES: [&str; 3] =
    ["whatsapp_business_management", "whatsapp_business_messaging", "whatsapp_business_manage_events"];

impl TokenFacts {
    /// What was granted, for our app `app`.
    #[must_use]
    pub fn grant(&self, app: &AppId) -> Grant {
        Grant {
            is_valid: self.is_valid,
            is_ours: self.app_id.as_deref() == Some(app.as_str()),
            has_whatsapp_scope: self.has_whatsapp_scope(),
            wabas: self.wabas(),
            businesses: self.businesses(),
        }
    }

    /// When it expires; `None` when it does not.
    #[must_use]
    pub fn ends_at(&self) -> Option<Timestamp> {
        self.expires_at.filter(|seconds| *seconds > 0).map(Timestamp::from_seconds)
    }

    /// Whether any WhatsApp scope was granted. Their names changed in 2026 and may change again.
    #[must_use]
    pub fn has_whatsapp_scope(&self) -> bool {
        let granular = self.granular_scopes.iter().map(|granular| &granular.scope);
        self.scopes.iter().chain(granular).any(|scope| scope.starts_with("whatsapp"))
    }

    /// Unknown WhatsApp scopes that are safe to log.
    pub fn unknown_whatsapp_scopes(&self) -> impl Iterator<Item = &str> {
        let all = self.scopes.iter().chain(self.granular_scopes.iter().map(|granular| &granular.scope));
        let plain = |scope: &str| scope.len() <= 64 && scope.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        all.map(String::as_str)
            .filter(move |scope| scope.starts_with("whatsapp") && plain(scope) && !KNOWN_SCOPES.contains(scope))
    }

    /// Accounts named by WhatsApp scopes, in Meta's order. Targets of other scopes are portfolios or pages, never
    /// accounts.
    #[must_use]
    pub fn wabas(&self) -> Vec<WabaId> {
        self.targets(|scope| scope.starts_with("whatsapp"), WabaId::parse)
    }

    /// WhatsApp scopes that apply to the account: those without targets, and those that name it.
    #[must_use]
    pub fn scopes_for(&self, waba: &WabaId) -> BTreeSet<String> {
        let names = |granular: &GranularScope| granular.target_ids.iter().any(|target| text(target) == waba.as_str());
        let applies = |scope: &&String| {
            let limits = |granular: &&GranularScope| granular.scope == **scope && !granular.target_ids.is_empty();
            let mut limited = self.granular_scopes.iter().filter(limits).peekable();
            limited.peek().is_none() || limited.any(names)
        };
        let granular = self.granular_scopes.iter().map(|granular| &granular.scope);
        let all = self.scopes.iter().chain(granular).filter(|scope| scope.starts_with("whatsapp"));
        all.filter(applies).cloned().collect()
    }

    /// Portfolios named by the scope that manages them.
    #[must_use]
    pub fn businesses(&self) -> Vec<BusinessId> {
        self.targets(|scope| scope == "business_management", BusinessId::parse)
    }

    fn targets<T: PartialEq, E>(&self, of: fn(&str) -> bool, parse: fn(&str) -> Result<T, E>) -> Vec<T> {
        let mut targets = Vec::new();
        for target in self.granular_scopes.iter().filter(|scope| of(&scope.scope)).flat_map(|scope| &scope.target_ids) {
            targets.extend(parse(&text(target)).ok().filter(|id| !targets.contains(id)));
        }
        targets
    }
}

/// A target is a string or an integer.
fn text(target: &serde_json::Value) -> String {
    target.as_str().map_or_else(|| target.to_string(), str::to_owned)
}

impl GraphCall for DebugToken<'_> {
    const NAME: &'static str = "debug_token";
    type Reply = TokenInspected;
    fn request(&self) -> GraphRequest {
        GraphRequest::get(&["debug_token"]).with_secret("input_token", self.token)
    }
}

/// Reads the user of the system token.
pub struct ReadMe;

/// A token's own user.
#[derive(Debug, Deserialize)]
pub struct Me {
    /// The system user.
    pub id: SystemUserId,
}

impl GraphCall for ReadMe {
    const NAME: &'static str = "read_me";
    type Reply = Me;
    fn request(&self) -> GraphRequest {
        GraphRequest::get(&["me"]).with("fields", "id")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(json: &str) -> TokenFacts {
        serde_json::from_str::<TokenInspected>(json).unwrap().data
    }

    #[test]
    fn target_ids_are_read_as_strings_or_numbers_and_may_be_absent() {
        let both = facts(
            r#"{"data":{"is_valid":true,"granular_scopes":[
                {"scope":"whatsapp_business_management","target_ids":["22",11]},
                {"scope":"whatsapp_business_messaging","target_ids":[22]},
                {"scope":"business_management","target_ids":["77"]},{"scope":"whatsapp_x"}]}}"#,
        );
        let ids: Vec<_> = both.wabas().iter().map(|id| id.as_str().to_owned()).collect();
        assert_eq!(ids, ["22", "11"], "a portfolio is never taken for an account");
        let portfolios: Vec<_> = both.businesses().iter().map(|id| id.as_str().to_owned()).collect();
        assert_eq!(portfolios, ["77"]);
        assert!(facts(r#"{"data":{}}"#).wabas().is_empty());
    }

    #[test]
    fn a_scope_counts_for_the_accounts_it_names_or_for_all() {
        let facts = facts(
            r#"{"data":{"is_valid":true,"scopes":["whatsapp_business_messaging","whatsapp_free","ads_read"],"granular_scopes":[
                {"scope":"whatsapp_business_management","target_ids":["22",11]},
                {"scope":"whatsapp_business_messaging","target_ids":["22"]},{"scope":"business_management"}]}}"#,
        );
        let of = |id: &str| facts.scopes_for(&WabaId::parse(id).unwrap()).into_iter().collect::<Vec<_>>();
        assert_eq!(of("11"), ["whatsapp_business_management", "whatsapp_free"]);
        assert_eq!(of("22").len(), 3);
    }

    #[test]
    fn any_whatsapp_scope_counts() {
        assert!(facts(r#"{"data":{"scopes":["whatsapp_business_manage_events"]}}"#).has_whatsapp_scope());
        assert!(!facts(r#"{"data":{"scopes":["ads_read"]}}"#).has_whatsapp_scope());
        let renamed = facts(r#"{"data":{"scopes":["whatsapp_business_account_manage","whatsapp <b>","ads_read"]}}"#);
        assert!(renamed.has_whatsapp_scope());
        assert_eq!(renamed.unknown_whatsapp_scopes().collect::<Vec<_>>(), ["whatsapp_business_account_manage"]);
    }

    #[test]
    fn malformed_tokens_are_rejected() {
        for bad in
            [r#"{}"#, r#"{"access_token":""}"#, r#"{"access_token":"a\nb"}"#, r#"{"access_token":["x"]}"#, "<html>"]
        {
            assert!(serde_json::from_str::<TokenGranted>(bad).is_err(), "{bad}");
        }
        let long = format!(r#"{{"access_token":"{}"}}"#, "x".repeat(10_000));
        assert!(serde_json::from_str::<TokenGranted>(&long).is_err());
        assert!(serde_json::from_str::<TokenGranted>(r#"{"access_token":"EAAG","token_type":"bearer"}"#).is_ok());
    }

    #[test]
    fn the_exchange_carries_no_redirect_uri() {
        let (app, secret) = (AppId::parse("42").unwrap(), Secret::new("s".into()));
        let request = ExchangeCode { app: &app, app_secret: &secret, code: &secret, redirect_uri: None }.request();
        let names: Vec<_> = request.secret_query.iter().map(|(name, _)| *name).collect();
        assert_eq!((request.path.join("/"), names), ("oauth/access_token".to_owned(), vec!["client_secret", "code"]));
    }
}
