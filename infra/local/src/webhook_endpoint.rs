//! The webhook endpoint: a Function URL, or an HTTP API in front of the function. The custom domain and its mutual TLS
//! exist in AWS only; here the API listens in place of the Function URL.

use crate::function_url;
use crate::functions::Functions;
use crate::gateway::{Gateway, Guard, Route};
use crate::physical::{function_arn, name};
use crate::runtime::Function;
use crate::template::{Resolver, Resource, Template, TemplateError, unknown};
use axum::Router;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// `AWS::Lambda::Url`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct LambdaUrl {
    target_function_arn: String,
    #[serde(rename = "AuthType")]
    _auth_type: AuthType,
}

#[derive(Deserialize)]
enum AuthType {
    #[serde(rename = "NONE")]
    None,
}

/// `AWS::ApiGatewayV2::Route`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct HttpRoute {
    route_key: String,
    target: String,
}

/// `AWS::ApiGatewayV2::Integration`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Integration {
    integration_uri: String,
    #[serde(rename = "IntegrationType")]
    _kind: IntegrationType,
    #[serde(rename = "PayloadFormatVersion")]
    _version: PayloadVersion,
}

#[derive(Deserialize)]
enum IntegrationType {
    #[serde(rename = "AWS_PROXY")]
    AwsProxy,
}

#[derive(Deserialize)]
enum PayloadVersion {
    #[serde(rename = "2.0")]
    Two,
}

/// The router of the webhook endpoint; `None` if the template has none.
pub(crate) fn router(
    template: &Template,
    resolver: &Resolver,
    functions: &Functions,
    hosts: Vec<String>,
) -> Result<Option<Router>, TemplateError> {
    let mut urls: Vec<Arc<Function>> = functions.webhook.iter().cloned().collect();
    for resource in template.of_type("AWS::Lambda::Url") {
        let url: LambdaUrl = properties(resource, resolver)?;
        urls.push(function(resource, functions, &url.target_function_arn)?);
    }
    let routes = routes(template, resolver, functions)?;
    match (urls.as_slice(), routes.first()) {
        ([], None) => Ok(None),
        ([url], None) => Ok(Some(function_url::router(Arc::clone(url)))),
        ([], Some(_)) => Ok(Some(Gateway::open().router(routes, hosts))),
        _ => Err(unknown("Resources", "a second Function URL, or one beside an HTTP API")),
    }
}

fn routes(template: &Template, resolver: &Resolver, functions: &Functions) -> Result<Vec<Route>, TemplateError> {
    let mut routes = Vec::new();
    for resource in template.of_type("AWS::ApiGatewayV2::Route") {
        let route: HttpRoute = properties(resource, resolver)?;
        let named = |it: &&Resource| route.target == format!("integrations/{}", name(&it.id));
        let integration = template.of_type("AWS::ApiGatewayV2::Integration").find(named);
        let integration = integration.ok_or_else(|| unknown(&resource.id, format!("the target {}", route.target)))?;
        let integrated: Integration = properties(integration, resolver)?;
        let target = function(integration, functions, &integrated.integration_uri)?;
        let made =
            route.route_key.split_once(' ').and_then(|(method, path)| Route::new(method, path, Guard::Open, target));
        routes.push(made.ok_or_else(|| unknown(&resource.id, format!("the route {}", route.route_key)))?);
    }
    Ok(routes)
}

fn properties<T: DeserializeOwned>(resource: &Resource, resolver: &Resolver) -> Result<T, TemplateError> {
    let evaluated = resolver.evaluate(&resource.id, &resource.properties)?;
    serde_json::from_value(evaluated).map_err(|error| TemplateError::at(&resource.id, error.to_string()))
}

/// The function that a name or an ARN refers to.
fn function(resource: &Resource, functions: &Functions, named: &str) -> Result<Arc<Function>, TemplateError> {
    let found = functions.all.iter().find(|(id, _)| [name(id), function_arn(id)].iter().any(|known| known == named));
    let (_, function) = found.ok_or_else(|| unknown(&resource.id, format!("the function {named}")))?;
    Ok(Arc::clone(function))
}
