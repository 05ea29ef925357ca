//! Scopes: who may do what, and the host names of the API.

use integration::Lab;
use local::{Answer, StackOptions};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A token of the stack's issuer for the API; `claims` are those of the case.
fn token(lab: &Lab, claims: &Value) -> String {
    let mut whole = json!({ "aud": "whatsapp-onboarding", "sub": "maria", "client_id": "console" });
    whole.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
    format!("Bearer {}", lab.stack.sign(&whole).unwrap())
}

async fn send(lab: &Lab, bearer: &str, (method, path): (&str, &str)) -> Answer {
    let headers = [("authorization", bearer), ("content-type", "application/json")];
    lab.send(method, &lab.api(path), &headers, b"").await
}

/// Every operation of `/v1` in the API's own description, with unknown ids in its path, and the scopes it lists.
async fn operations(lab: &Lab) -> Vec<(String, String, Vec<String>)> {
    let description = lab.platform_get("/v1/openapi.json").await.json();
    let mut found = Vec::new();
    for (path, item) in description["paths"].as_object().unwrap().iter().filter(|(path, _)| path.starts_with("/v1/")) {
        let segments = path.split('/').map(|segment| if segment.starts_with('{') { "nobody" } else { segment });
        let path = segments.collect::<Vec<_>>().join("/");
        for (method, operation) in item.as_object().unwrap() {
            let wanted = operation["security"].as_array().into_iter().flatten();
            let scopes = wanted.map(|wanted| wanted["platform"][0].as_str().unwrap().to_owned()).collect();
            found.push((method.to_uppercase(), path.clone(), scopes));
        }
    }
    assert!(found.len() > 30);
    found
}

/// API Gateway's own response body.
fn is_forbidden(answer: &Answer) -> bool {
    answer.status == 403 && answer.json() == json!({ "message": "Forbidden" })
}

#[tokio::test(flavor = "multi_thread")]
async fn each_scope_opens_the_routes_that_list_it_and_no_others() {
    let lab = Lab::start().await;
    let operations = operations(&lab).await;
    for scope in ["onboarding/read", "onboarding/operate", "onboarding/send", "onboarding/admin"] {
        let bearer = token(&lab, &json!({ "scope": format!("openid {scope} profile") }));
        let mut opened = 0;
        for (method, path, scopes) in &operations {
            let answer = send(&lab, &bearer, (method, path)).await;
            let wanted = scopes.iter().any(|wanted| wanted == scope);
            assert_eq!(!is_forbidden(&answer), wanted, "{method} {path} with {scope}: {}", answer.status);
            assert!(wanted || answer.header("www-authenticate").contains("insufficient_scope"), "{method} {path}");
            opened += usize::from(wanted);
        }
        assert!(opened > 3 && opened < operations.len(), "{scope} opens {opened}");
    }
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_token_is_refused_everywhere_whoever_it_is_for() {
    let mut options = StackOptions::default();
    options.parameters.insert("ConsoleAudience".to_owned(), "console".to_owned());
    let lab = Lab::start_with(options).await;
    for audience in ["whatsapp-onboarding", "console"] {
        let claims =
            json!({ "aud": audience, "client_id": null, "nonce": "n", "auth_time": 1, "email": "m@example.com" });
        let bearer = token(&lab, &claims);
        for (method, path, _) in operations(&lab).await {
            let answer = send(&lab, &bearer, (&method, &path)).await;
            assert!(is_forbidden(&answer), "{method} {path}: {}", answer.status);
        }
    }
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn scopes_have_the_names_that_the_issuer_gives_them() {
    let mut options = StackOptions::default();
    for (parameter, name) in [
        ("ReadScope", "https://api.example/read"),
        ("OperateScope", "api://7/Customers.Operate"),
        ("SendScope", "send:messages"),
        ("AdminScope", "https://api.example/admin"),
    ] {
        options.parameters.insert(parameter.to_owned(), name.to_owned());
    }
    let lab = Lab::start_with(options).await;
    lab.session("acme").await;
    for (claims, status) in [
        (json!({ "scope": "https://api.example/read" }), 200),
        (json!({ "scp": "api://7/Customers.Operate" }), 200),
        (json!({ "scp": ["https://api.example/admin"] }), 200),
        (json!({ "scope": "onboarding/read onboarding/admin" }), 403),
        (json!({ "scope": "send:messages" }), 403),
    ] {
        let answer = send(&lab, &token(&lab, &claims), ("GET", "/v1/limits")).await;
        assert_eq!(answer.status, status, "{claims}");
    }
    lab.stop().await;
    for bad in ["", "two words", "a,b", "a\"b"] {
        let mut options = StackOptions { binaries: Some(BTreeMap::new()), ..StackOptions::default() };
        options.parameters.insert("ReadScope".to_owned(), bad.to_owned());
        let refused = local::Stack::start(options).await.err().map(|error| error.to_string()).unwrap_or_default();
        assert!(refused.contains("ReadScope"), "{bad}: {refused}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_function_checks_scopes_itself_where_the_gateway_has_none_configured() {
    let directory = tempfile::tempdir().unwrap();
    let template = directory.path().join("template.yaml");
    let whole = std::fs::read_to_string(StackOptions::default().template).unwrap();
    let forgetful: Vec<String> = whole
        .lines()
        .filter(|line| !line.trim_start().starts_with("AuthorizationScopes:"))
        .map(|line| line.split(", Auth: { AuthorizationScopes").next().unwrap().to_owned() + closed(line))
        .collect();
    assert!(!forgetful.iter().any(|line| line.contains("AuthorizationScopes")));
    std::fs::write(&template, forgetful.join("\n")).unwrap();
    let lab = Lab::start_with(StackOptions { template, ..StackOptions::default() }).await;
    let reader = token(&lab, &json!({ "scope": "onboarding/read" }));
    assert_eq!(send(&lab, &reader, ("GET", "/v1/limits")).await.status, 200);
    for route in [("POST", "/v1/signups/pause"), ("DELETE", "/v1/onboardings/nobody"), ("POST", "/v1/sessions")] {
        let refused = send(&lab, &reader, route).await;
        assert_eq!((refused.status, &refused.json()["code"]), (403, &json!("insufficient_scope")), "{route:?}");
    }
    let nobody = token(&lab, &json!({ "scope": "onboarding/admin", "sub": null, "client_id": null }));
    let refused = send(&lab, &nobody, ("POST", "/v1/signups/pause")).await;
    assert_eq!((refused.status, &refused.json()["code"]), (403, &json!("caller_unnamed")));
    assert_eq!(lab.platform_get("/v1/limits").await.json()["signups"]["paused_since"], Value::Null);
    lab.stop().await;
}

/// The rest of a truncated line with its scopes.
fn closed(line: &str) -> &'static str {
    if line.contains(", Auth: { AuthorizationScopes") { " } }" } else { "" }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_learns_what_it_may_do() {
    let lab = Lab::start().await;
    let me = async |scope: &str| send(&lab, &token(&lab, &json!({ "scope": scope })), ("GET", "/v1/me")).await.json();
    let reader = me("onboarding/read").await;
    assert_eq!((&reader["subject"], &reader["client"]), (&json!("maria"), &json!("console")));
    assert_eq!((&reader["scopes"], &reader["operations"]), (&json!(["read"]), &json!([])));
    let operator = me("onboarding/operate").await["operations"].clone();
    let may = |operations: &Value, name: &str| operations.as_array().unwrap().iter().any(|known| known == name);
    assert!(may(&operator, "onboarding.leave") && !may(&operator, "signups.pause") && !may(&operator, "message.send"));
    let admin = me("onboarding/admin").await["operations"].clone();
    assert!(may(&admin, "onboarding.leave") && may(&admin, "signups.pause") && !may(&admin, "message.send"));
    assert_eq!(me("onboarding/send").await["operations"], json!(["message.send", "message.cancel"]));
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_host_never_appears_in_an_answer() {
    let lab = Lab::start().await;
    let session = lab.session("acme").await;
    let bearer = format!("Bearer {}", lab.stack.endpoints().platform_token);
    let opened = format!("/signup?session={}", session.id);
    for path in ["/v1/sessions", "/v1/doctor", "/signup/embed.js", "/console", opened.as_str()] {
        let method = if path == "/v1/sessions" { "POST" } else { "GET" };
        for name in ["host", "x-forwarded-host", "forwarded", "x-original-host"] {
            let value = if name == "forwarded" { "host=evil.example;proto=https" } else { "evil.example" };
            let headers = [(name, value), ("authorization", bearer.as_str()), ("content-type", "application/json")];
            let body: &[u8] = if method == "POST" { br#"{"customer_ref":"acme"}"# } else { b"" };
            let answer = lab.send(method, &lab.api(path), &headers, body).await;
            let said = format!("{:?} {}", answer.headers, String::from_utf8_lossy(&answer.body));
            assert!(!said.contains("evil"), "{path} with {name}: {said}");
            assert_eq!(is_forbidden(&answer), name == "host", "{path} with {name}: {}", answer.status);
        }
    }
    // Both names of this machine work, and each returns to itself.
    let other = lab.api("/v1/sessions").replace("localhost", "127.0.0.1");
    let headers = [("authorization", bearer.as_str())];
    let created = lab.client.post(&other, &headers, &json!({ "customer_ref": "acme" })).await.unwrap().json();
    let base = other.strip_suffix("/v1/sessions").unwrap();
    assert!(created["signup_url"].as_str().unwrap().starts_with(base), "{created}");
    assert!(session.url.starts_with(&lab.api("/signup")));
    lab.stop().await;
}
