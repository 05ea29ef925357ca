//! Deploys the template: resources in the services, functions with their triggers, the gateway.

use super::settings;
use crate::addresses::Addresses;
use crate::binaries::Binaries;
use crate::endpoints::{AwsEndpoints, Endpoints};
use crate::error::StackError;
use crate::functions::{BuildContext, Functions};
use crate::gateway::Gateway;
use crate::issuer::{Issuer, TokenPolicy};
use crate::options::StackOptions;
use crate::physical::{self, REGION};
use crate::resources;
use crate::runtime::Logs;
use crate::services::Services;
use crate::template::Template;
use crate::webhook_endpoint;
use axum::Router;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Lifetime of the platform token.
const TOKEN_LIFE: Duration = Duration::from_secs(12 * 3600);

/// Where a template is deployed.
pub(super) struct Setting<'a> {
    pub(super) options: &'a StackOptions,
    pub(super) at: &'a Addresses,
    pub(super) binaries: &'a Binaries,
    pub(super) services: &'a Services,
    pub(super) logs: &'a Arc<Logs>,
}

/// A template whose resources exist and whose functions are known.
pub(super) struct Deployment {
    pub(super) functions: Functions,
    pub(super) gateway: Gateway,
    /// The endpoint Meta calls.
    pub(super) webhook: Option<Router>,
    /// Host names of the API, with their ports.
    pub(super) hosts: Vec<String>,
    pub(super) tokens: TokenPolicy,
    table: String,
    queues: BTreeMap<String, String>,
    secrets: BTreeMap<String, String>,
}

impl Deployment {
    pub(super) fn make(mut template: Template, setting: &Setting<'_>) -> Result<Self, StackError> {
        let Setting { options, at, services, .. } = setting;
        let parameters = template.parameters(&settings::parameters(options, at))?;
        let tokens = TokenPolicy::of(&parameters);
        let api_hosts = hosts(&at.api, parameters.get("SignupBaseUrl").and_then(Value::as_str));
        let mut resolver = physical::register(&template, parameters, at);
        template.decide(&resolver)?;
        let secrets = resources::secrets(&template, &mut resolver, &services.secrets, &options.meta)?;
        let queues = resources::queues(&template, &resolver, &services.sqs)?;
        let table = resources::table(&template, &resolver, &services.database)?;
        let variables = settings::variables(options, at);
        let (binaries, logs) = (setting.binaries, setting.logs);
        let context = BuildContext { binaries, variables: &variables, logs, sqs: &services.sqs };
        let functions = Functions::read(&template, &resolver, &context)?;
        let gateway = Gateway::read(&template, &resolver)?;
        let webhook = webhook_endpoint::router(&template, &resolver, &functions, hosts(&at.webhook, None))?;
        Ok(Self { functions, gateway, webhook, hosts: api_hosts, tokens, table, queues, secrets })
    }

    pub(super) fn endpoints(&self, setting: &Setting<'_>, issuer: &Issuer) -> Result<Endpoints, StackError> {
        let at = setting.at.clone();
        Ok(Endpoints {
            api: at.api,
            webhook: format!("{}/", at.webhook),
            graph: at.graph,
            aws: AwsEndpoints { dynamodb: at.dynamodb, sqs: at.sqs, secretsmanager: at.secretsmanager },
            region: REGION.to_owned(),
            table: self.table.clone(),
            queues: self.queues.clone(),
            secrets: self.secrets.clone(),
            platform_token: issuer.sign(&self.tokens.of_platform(), TOKEN_LIFE)?,
            meta: setting.options.meta.clone(),
            control: at.control,
        })
    }
}

/// Host names of the API: those of this machine, and the signup page's own domain.
fn hosts(api: &str, own_domain: Option<&str>) -> Vec<String> {
    let port = api.rsplit(':').next().unwrap_or_default();
    let own = own_domain.and_then(|base| base.split_once("://")).map(|(_, rest)| rest.trim_end_matches('/').to_owned());
    [format!("localhost:{port}"), format!("127.0.0.1:{port}")].into_iter().chain(own).collect()
}
