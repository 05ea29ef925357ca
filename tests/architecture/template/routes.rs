//! Who may call which route.

use super::Template;
use super::tree::{at, entries, names_in, texts};
use crate::repository::{Offence, forbid, read};
use platform_api::{ROUTES, Route as PlatformRoute, Scope};
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
const README: &str = "README.md";
const OPENAPI: &str = "functions/platform-api/openapi.json";

#[test]
fn only_the_public_routes_have_no_authorizer() {
    let found = misguarded(&Template::of_repository());
    forbid(
        found,
        "Every route uses the API's JWT authorizer; routes a browser calls without a token are listed in `PUBLIC`.",
    );
}

#[test]
fn the_platform_api_is_described_route_by_route() {
    let description = serde_json::from_str(&read(OPENAPI)).unwrap();
    forbid(undescribed(&Template::of_repository(), &description), "The template and openapi.json change together.");
}

#[test]
fn template_and_description_ask_for_the_scopes_of_the_functions_table() {
    let description = serde_json::from_str(&read(OPENAPI)).unwrap();
    let found = misscoped(&Template::of_repository(), &description, ROUTES);
    forbid(
        found,
        "A route has one line in functions/platform-api/src/routes.rs; the template and openapi.json follow it.",
    );
}

#[test]
fn the_readme_names_every_route_with_the_scopes_of_the_functions_table() {
    forbid(unexplained(&read(README), ROUTES), "The table under \"Who may do what\" follows routes.rs.");
}

/// The scopes of a route as the README lists them.
fn in_words(scopes: &[Scope]) -> String {
    scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(", ")
}

/// Rows of the README's table of scopes: `| scopes | routes |`, each route in backquotes.
fn unexplained(readme: &str, table: &[PlatformRoute]) -> Vec<Offence> {
    let section =
        readme.split("### Who may do what").nth(1).unwrap_or_default().split("\n#").next().unwrap_or_default();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| ")?.split_once(" | "));
    let written: BTreeSet<(String, String)> = rows
        .flat_map(|(scopes, routes)| {
            routes.split('`').skip(1).step_by(2).map(move |route| (route.to_owned(), scopes.to_owned()))
        })
        .filter(|(route, _)| route.contains(" /"))
        .collect();
    let key = |route: &PlatformRoute| (format!("{} {}", route.method, route.path), in_words(route.scopes));
    let wanted: BTreeSet<_> = table.iter().map(key).collect();
    let differ = wanted.symmetric_difference(&written);
    differ
        .map(|(route, scopes)| Offence::new(README, format!("differs from the table at `{route}`: {scopes}")))
        .collect()
}

fn misscoped(template: &Template, description: &serde_json::Value, table: &[PlatformRoute]) -> Vec<Offence> {
    let mut found = Vec::new();
    let known = |name: &str| table.iter().find(|route| format!("{} {}", route.method, route.path) == name);
    let routes: Vec<Route<'_>> = routes(template).into_iter().filter(|route| route.name.contains(PRIVATE)).collect();
    for route in &routes {
        let wanted =
            known(&route.name).map(|known| known.scopes.iter().map(|scope| parameter(*scope)).collect::<Vec<_>>());
        if wanted.as_ref() != Some(&route.scopes) {
            let what = format!("asks for {:?} at `{}`, the table for {wanted:?}", route.scopes, route.name);
            found.push(template.offence(route.function, what));
        }
    }
    for route in table {
        let name = format!("{} {}", route.method, route.path);
        if !routes.iter().any(|routed| routed.name == name) {
            found.push(template.offence("HttpApi", format!("does not route `{name}`")));
        }
        let described = description.get("paths").and_then(|paths| paths.get(route.path));
        let described = described.and_then(|path| path.get(route.method.to_lowercase())?.get("security"));
        let one = |scope: &Scope| serde_json::json!({ "platform": [format!("onboarding/{}", scope.as_str())] });
        if described != Some(&route.scopes.iter().map(one).collect()) {
            found.push(Offence::new(OPENAPI, format!("lists other scopes at `{name}`: {described:?}")));
        }
    }
    found
}

/// The template's parameter that names a scope.
fn parameter(scope: Scope) -> String {
    let (first, rest) = scope.as_str().split_at(1);
    format!("{}{rest}Scope", first.to_uppercase())
}

/// A route with its authorizer, if it names one.
struct Route<'a> {
    function: &'a str,
    name: String,
    authorizer: Option<&'a str>,
    /// Parameters that name its scopes.
    scopes: Vec<String>,
}

fn routes(template: &Template) -> Vec<Route<'_>> {
    let mut found = Vec::new();
    for function in template.functions() {
        for (_, event) in function.events("HttpApi") {
            let text = |path: &[&str]| at(event, path).and_then(Value::as_str);
            let name = format!("{} {}", text(&["Method"]).unwrap_or("ANY"), text(&["Path"]).unwrap_or("$default"));
            let scopes = at(event, &["Auth", "AuthorizationScopes"])
                .map(|scopes| names_in(scopes).into_iter().map(str::to_owned).collect())
                .unwrap_or_default();
            found.push(Route { function: function.id, name, authorizer: text(&["Auth", "Authorizer"]), scopes });
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

/// A route without its own settings shares the throttle of all others: page views could then block code exchanges.
#[test]
fn every_signup_route_has_a_throttle_of_its_own() {
    forbid(shared_throttles(&Template::of_repository()), "Give the route its row in `RouteSettings` of the API.");
}

fn shared_throttles(template: &Template) -> Vec<Offence> {
    let mut found = Vec::new();
    for api in template.of_type("AWS::Serverless::HttpApi") {
        let own: Vec<&str> = entries(api.property(&["RouteSettings"])).map(|(route, _)| route).collect();
        let signup: Vec<&str> = PUBLIC.into_iter().filter(|route| route.contains(" /signup")).collect();
        let missing = signup.iter().filter(|route| !own.contains(*route));
        found.extend(missing.map(|route| template.offence(api.id, format!("has no throttle for `{route}`"))));
        // API Gateway refuses settings of a route that does not exist.
        let idle = own.iter().filter(|route| !signup.contains(*route));
        found.extend(idle.map(|route| template.offence(api.id, format!("throttles `{route}`, which is no route"))));
    }
    found
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
    fn a_route_without_a_throttle_of_its_own_is_found() {
        let rows: String = PUBLIC
            .into_iter()
            .filter(|route| route.contains(" /signup"))
            .map(|route| format!("        \"{route}\": {{}}\n"))
            .collect();
        let api = format!(
            "Resources:\n  HttpApi:\n    Type: AWS::Serverless::HttpApi\n    Properties:\n      RouteSettings:\n{rows}"
        );
        assert_eq!(shared_throttles(&Template::parse(&api)), []);
        assert_eq!(shared_throttles(&Template::parse(&api.replace("/signup/callback", "/signup/back"))).len(), 2);
    }

    #[test]
    fn another_scope_is_found() {
        const TABLE: [PlatformRoute; 1] =
            [PlatformRoute { method: "GET", path: "/v1/a", scopes: &[Scope::Read, Scope::Admin], operation: None }];
        let routed = |scopes: &str| template(&[("GET", "/v1/a", scopes)]);
        let described = |scopes: &[&str]| {
            let security: serde_json::Value =
                scopes.iter().map(|scope| serde_json::json!({ "platform": [format!("onboarding/{scope}")] })).collect();
            serde_json::json!({ "paths": { "/v1/a": { "get": { "security": security } } } })
        };
        let right = ", Auth: { AuthorizationScopes: [!Ref ReadScope, !Ref AdminScope] }";
        assert_eq!(misscoped(&routed(right), &described(&["read", "admin"]), &TABLE), []);
        for wrong in ["", NONE, ", Auth: { AuthorizationScopes: [!Ref ReadScope] }"] {
            assert_eq!(misscoped(&routed(wrong), &described(&["read", "admin"]), &TABLE).len(), 1, "{wrong}");
        }
        assert_eq!(misscoped(&routed(right), &described(&["read"]), &TABLE).len(), 1);
        assert_eq!(misscoped(&template(&[]), &described(&["read", "admin"]), &TABLE).len(), 1);
        let readme =
            |row: &str| format!("### Who may do what\n\n| scopes | routes |\n| --- | --- |\n{row}\n\n## Next\n");
        assert_eq!(unexplained(&readme("| read, admin | `GET /v1/a` |"), &TABLE), []);
        assert_eq!(unexplained(&readme("| read | `GET /v1/a` |"), &TABLE).len(), 2);
        assert_eq!(unexplained(&readme(""), &TABLE).len(), 1);
    }

    #[test]
    fn a_method_of_no_public_route_is_not_used() {
        assert!(used("GET") && !used("DELETE"));
    }
}
