//! Who may call which route.

use super::Template;
use super::tree::{at, entries, texts};
use crate::repository::{Offence, forbid, read};
use serde_norway::Value;
use std::collections::BTreeSet;

const PUBLIC: [&str; 10] = [
    "GET /signup",
    "GET /signup/return",
    "GET /signup/embed.js",
    "GET /signup/session",
    "GET /signup/status",
    "POST /signup/launch",
    "POST /signup/abandoned",
    "POST /signup/callback",
    "GET /console",
    "GET /console/{file}",
];
const PRIVATE: &str = "/v1/";
const OPENAPI: &str = "functions/platform-api/openapi.json";

#[test]
fn only_the_public_routes_have_no_authorizer() {
    let found = misguarded(&Template::of_repository());
    forbid(
        found,
        "Everything is behind the JWT authorizer of the API; what a browser calls without a token is listed in `PUBLIC`.",
    );
}

#[test]
fn the_platform_api_is_described_route_by_route() {
    let description = serde_json::from_str(&read(OPENAPI)).unwrap();
    forbid(undescribed(&Template::of_repository(), &description), "The template and openapi.json change together.");
}

/// A route with the authorizer it names, if it names one.
struct Route<'a> {
    function: &'a str,
    name: String,
    authorizer: Option<&'a str>,
}

fn routes(template: &Template) -> Vec<Route<'_>> {
    let mut found = Vec::new();
    for function in template.functions() {
        for (_, event) in function.events("HttpApi") {
            let text = |path: &[&str]| at(event, path).and_then(Value::as_str);
            let name = format!("{} {}", text(&["Method"]).unwrap_or("ANY"), text(&["Path"]).unwrap_or("$default"));
            found.push(Route { function: function.id, name, authorizer: text(&["Auth", "Authorizer"]) });
        }
    }
    found
}

fn misguarded(template: &Template) -> Vec<Offence> {
    let mut found = Vec::new();
    for api in template.of_type("AWS::Serverless::HttpApi") {
        let default = api.text(&["Auth", "DefaultAuthorizer"]).unwrap_or_default();
        let jwt = |path: &[&str]| {
            api.property(&["Auth", "Authorizers", default, "JwtConfiguration"]).and_then(|jwt| at(jwt, path))
        };
        if jwt(&["issuer"]).is_none() || jwt(&["audience"]).is_none() {
            found.push(template.offence(api.id, "has no default authorizer with issuer and audience"));
        }
    }
    let routes = routes(template);
    for route in &routes {
        let public = PUBLIC.contains(&route.name.as_str());
        let private = route.name.split(' ').nth(1).is_some_and(|path| path.starts_with(PRIVATE));
        let guarded = if public { route.authorizer == Some("NONE") } else { private && route.authorizer.is_none() };
        if !guarded {
            let what = format!("has `{}` with authorizer {:?}", route.name, route.authorizer);
            found.push(template.offence(route.function, what));
        }
    }
    let missing = PUBLIC.iter().filter(|name| !routes.iter().any(|route| route.name == **name));
    found.extend(missing.map(|name| template.offence("HttpApi", format!("has no route `{name}`"))));
    found
}

fn undescribed(template: &Template, description: &serde_json::Value) -> Vec<Offence> {
    let methods = |path: &str, item: &serde_json::Value| -> Vec<String> {
        let methods = item.as_object().into_iter().flatten().map(|(method, _)| method.to_uppercase());
        methods
            .filter(|method| ["GET", "POST", "PUT", "PATCH", "DELETE"].contains(&method.as_str()))
            .map(|method| format!("{method} {path}"))
            .collect()
    };
    let paths = description.get("paths").and_then(serde_json::Value::as_object).into_iter().flatten();
    let described: BTreeSet<String> = paths.flat_map(|(path, item)| methods(path, item)).collect();
    let routed: BTreeSet<String> = routes(template).into_iter().map(|route| route.name).collect();
    let only_routed =
        routed.difference(&described).map(|name| Offence::new(OPENAPI, format!("does not describe `{name}`")));
    let only_described =
        described.difference(&routed).map(|name| template.offence("HttpApi", format!("does not route `{name}`")));
    only_routed.chain(only_described).collect()
}

/// Methods a browser may use on the API from the platform's own pages.
#[test]
fn browsers_are_given_no_more_methods_than_public_routes_have() {
    let template = Template::of_repository();
    let found = template.of_type("AWS::Serverless::HttpApi").flat_map(|api| {
        let extra =
            texts(api.property(&["CorsConfiguration", "AllowMethods"])).into_iter().filter(|method| !used(method));
        let any = entries(api.property(&["CorsConfiguration"])).filter(|(_, value)| texts(Some(value)).contains(&"*"));
        let extra = extra.map(|method| template.offence(api.id, format!("lets browsers use {method}")));
        extra.chain(any.map(|(key, _)| template.offence(api.id, format!("has `*` in {key}")))).collect::<Vec<_>>()
    });
    forbid(found.collect(), "Allow what `PUBLIC` needs, to the exact origins of the parameter.");
}

fn used(method: &str) -> bool {
    PUBLIC.iter().any(|route| route.split(' ').next() == Some(method))
}

mod proofs {
    use super::*;

    fn template(routes: &[(&str, &str, &str)]) -> Template {
        let mut text = "Resources:\n  HttpApi:\n    Type: AWS::Serverless::HttpApi\n    Properties:\n      Auth:\n        DefaultAuthorizer: J\n        \
             Authorizers: { J: { JwtConfiguration: { issuer: i, audience: [a] } } }\n  F:\n    Type: AWS::Serverless::Function\n    \
             Properties:\n      Events:\n"
            .to_owned();
        for (at, (method, path, auth)) in routes.iter().enumerate() {
            text += &format!(
                "        E{at}: {{ Type: HttpApi, Properties: {{ Method: {method}, Path: \"{path}\"{auth} }} }}\n"
            );
        }
        Template::parse(&text)
    }

    const NONE: &str = ", Auth: { Authorizer: NONE }";

    fn public() -> Vec<(&'static str, &'static str, &'static str)> {
        PUBLIC.iter().filter_map(|route| route.split_once(' ')).map(|(method, path)| (method, path, NONE)).collect()
    }

    #[test]
    fn an_unguarded_or_missing_route_is_found() {
        let mut good = public();
        good.push(("GET", "/v1/onboardings", ""));
        assert_eq!(misguarded(&template(&good)), []);
        for bad in
            [("GET", "/v1/limits", NONE), ("GET", "/health", NONE), ("GET", "/health", ""), ("DELETE", "/signup", NONE)]
        {
            let routes: Vec<_> = good.iter().copied().chain([bad]).collect();
            assert_eq!(misguarded(&template(&routes)).len(), 1, "{bad:?}");
        }
        assert_eq!(misguarded(&template(&good[1..])).len(), 1);
        let open = Template::parse(&template(&good).text.replace("DefaultAuthorizer: J", "DefaultAuthorizer: K"));
        assert_eq!(misguarded(&open).len(), 1);
    }

    #[test]
    fn an_undescribed_route_is_found() {
        let description =
            serde_json::json!({ "paths": { "/v1/a": { "get": {}, "parameters": [] }, "/v1/c": { "post": {} } } });
        let found = undescribed(&template(&[("GET", "/v1/a", ""), ("GET", "/v1/b", "")]), &description);
        let what: Vec<&str> = found.iter().map(|offence| offence.what.as_str()).collect();
        assert_eq!(what, ["does not describe `GET /v1/b`", "HttpApi does not route `POST /v1/c`"]);
    }

    #[test]
    fn a_method_of_no_public_route_is_not_used() {
        assert!(used("GET") && !used("DELETE"));
    }
}
