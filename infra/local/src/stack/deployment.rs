//! What the template becomes: resources in the services, functions with their triggers, the gateway.

use super::{StackError, settings};
use crate::binaries::Binaries;
use crate::endpoints::{AwsEndpoints, Endpoints};
use crate::functions::{Functions, Making};
use crate::gateway::Gateway;
use crate::issuer::Issuer;
use crate::options::StackOptions;
use crate::physical::{self, REGION};
use crate::resources;
use crate::runtime::Logs;
use crate::services::{Addresses, Services};
use crate::template::Template;
use crate::webhook_door;
use axum::Router;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Life of the platform token.
const TOKEN_LIFE: Duration = Duration::from_secs(12 * 3600);

/// What a template is deployed into.
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
    /// What Meta calls.
    pub(super) webhook: Option<Router>,
    pub(super) audience: String,
    table: String,
    queues: BTreeMap<String, String>,
    secrets: BTreeMap<String, String>,
}

impl Deployment {
    pub(super) fn make(mut template: Template, setting: &Setting<'_>) -> Result<Self, StackError> {
        let Setting { options, at, services, .. } = setting;
        let parameters = template.parameters(&settings::parameters(options, at))?;
        let audience = parameters.get("JwtAudience").and_then(Value::as_str).unwrap_or_default().to_owned();
        let mut resolver = physical::register(&template, parameters, at);
        template.decide(&resolver)?;
        let secrets = resources::secrets(&template, &mut resolver, &services.secrets, &options.meta)?;
        let queues = resources::queues(&template, &resolver, &services.sqs)?;
        let table = resources::table(&template, &resolver, &services.database)?;
        let variables = settings::variables(options, at);
        let (binaries, logs) = (setting.binaries, setting.logs);
        let making = Making { binaries, variables: &variables, logs, sqs: &services.sqs };
        let functions = Functions::read(&template, &resolver, &making)?;
        let gateway = Gateway::read(&template, &resolver)?;
        let webhook = webhook_door::router(&template, &resolver, &functions)?;
        Ok(Self { functions, gateway, webhook, audience, table, queues, secrets })
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
            platform_token: issuer.token(&self.audience, TOKEN_LIFE)?,
            meta: setting.options.meta.clone(),
            control: at.control,
        })
    }
}
