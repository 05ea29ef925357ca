//! Settings that differ from a deployed stack: parameters and endpoints, nothing else.

use crate::addresses::Addresses;
use crate::endpoints::Endpoints;
use crate::options::{Meta, StackOptions};
use std::collections::BTreeMap;

/// A platform's own page during development.
const PLATFORM_PAGE: &str = "http://localhost:8080";

/// The platform's name on the signup page.
const PLATFORM_NAME: &str = "Example Platform";

/// Seven-day customer limit of a platform that Meta has verified, like the simulated one.
const VERIFIED_LIMIT: &str = "200";

/// Template parameters: identity at Meta, addresses, then overrides.
pub(super) fn parameters(options: &StackOptions, at: &Addresses) -> BTreeMap<String, String> {
    let meta = &options.meta;
    let mut parameters = BTreeMap::from([
        ("MetaAppId", meta.app_id.as_str()),
        ("MetaConfigId", &meta.config_id),
        ("Role", &meta.role),
        ("MetaBusinessId", &meta.business_id),
        ("CreditLineId", &meta.credit_line_id),
        ("OnboardingLimit", VERIFIED_LIMIT),
        ("GraphApiBase", &at.graph),
        ("JwtIssuer", &at.control),
        ("AllowedOrigins", PLATFORM_PAGE),
        ("CallbackOverrideOrigins", PLATFORM_PAGE),
        ("PlatformName", PLATFORM_NAME),
    ]);
    let (authorization, token) = (format!("{}/authorize", at.control), format!("{}/token", at.control));
    parameters.extend([
        ("ConsoleClientId", "console"),
        ("ConsoleAuthorizationEndpoint", authorization.as_str()),
        ("ConsoleTokenEndpoint", &token),
    ]);
    if options.graph_url.is_none() {
        parameters.extend([("MetaSdkBase", at.graph.as_str()), ("MetaPopupOrigins", &at.graph)]);
    }
    let given = options.parameters.clone();
    parameters.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).chain(given).collect()
}

/// Variables of every function: addresses of the services.
pub(super) fn variables(options: &StackOptions, at: &Addresses) -> BTreeMap<String, String> {
    let endpoints = [
        ("AWS_ENDPOINT_URL_DYNAMODB", &at.dynamodb),
        ("AWS_ENDPOINT_URL_SQS", &at.sqs),
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER", &at.secretsmanager),
    ];
    let endpoints = endpoints.into_iter().map(|(name, url)| (name.to_owned(), url.clone()));
    endpoints.chain(options.function_environment.clone()).collect()
}

/// The simulated Meta, with the identity given to the stack.
pub(super) fn simulator(meta: &Meta, endpoints: &Endpoints) -> meta_simulator::Options {
    meta_simulator::Options {
        app_id: meta.app_id.clone(),
        app_secret: meta.app_secret.clone(),
        verify_token: meta.verify_token.clone(),
        config_id: meta.config_id.clone(),
        system_token: meta.system_token.clone(),
        business_id: meta.business_id.clone(),
        credit_line_id: meta.credit_line_id.clone(),
        webhook_url: Some(endpoints.webhook.clone()),
        ..meta_simulator::Options::default()
    }
}
