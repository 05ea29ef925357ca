//! The doctor names each thing that is missing at Meta, and repairs what the API can repair.

use integration::Lab;
use local::StackOptions;
use serde_json::{Value, json};

/// The report after the checks of the system token were run again.
async fn checked(lab: &Lab) -> Value {
    let time = |report: &Value| verdict(report, "system_token")["at"].clone();
    let before = time(&lab.platform_get("/v1/doctor").await.json());
    assert_eq!(lab.platform_post("/v1/doctor", &json!({})).await.status, 202);
    let again = async || {
        let report = lab.platform_get("/v1/doctor").await.json();
        (time(&report).is_string() && time(&report) != before).then_some(report)
    };
    lab.eventually("the checks are done", again).await
}

fn verdict(report: &Value, name: &str) -> Value {
    report["checks"].as_array().unwrap().iter().find(|check| check["name"] == name).cloned().unwrap_or_default()
}

/// The names of all checks that failed.
fn failed(report: &Value) -> Vec<String> {
    let bad = report["checks"].as_array().unwrap().iter().filter(|check| check["ok"] == false);
    bad.map(|check| check["name"].as_str().unwrap().to_owned()).collect()
}

/// One check failed, for this reason, and says where to go; nothing else is blamed.
fn only(report: &Value, name: &str, missing: &Value) {
    assert_eq!((failed(report), &report["state"]), (vec![name.to_owned()], &json!("missing")), "{report}");
    let check = verdict(report, name);
    assert_eq!(&check["missing"], missing, "{name}");
    let message = check["message"].as_str().unwrap();
    assert!(message.contains("dashboard") || message.contains("settings"), "{name}: {message}");
}

async fn with_parameters(parameters: &[(&str, &str)]) -> Lab {
    let mut options = StackOptions::default();
    options.parameters.extend(parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    options.meta.set("role", "solution-partner").unwrap();
    Lab::start_with(options).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_healthy_platform_is_all_in_order() {
    let lab = Lab::start().await;
    let unknown = lab.platform_get("/v1/doctor").await.json();
    assert_eq!(unknown["state"], "unknown", "nobody has asked with the system token yet");
    let report = checked(&lab).await;
    assert_eq!(report["state"], "in_order", "{report}");
    for check in report["checks"].as_array().unwrap() {
        let by_hand = ["configuration", "allowed_domains"].contains(&check["name"].as_str().unwrap());
        let (ok, need) = if by_hand { (json!(null), "by_hand") } else { (json!(true), "required") };
        assert_eq!((&check["ok"], check["need"].as_str()), (&ok, Some(need)), "{check}");
    }
    assert_eq!(verdict(&report, "credit_line")["found"], json!([lab.stack.endpoints().meta.credit_line_id]));
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tech_provider_without_a_system_token_is_in_order() {
    let mut options = StackOptions::default();
    options.meta.set("role", "tech-provider").unwrap();
    options.meta.set("system_token", "").unwrap();
    let lab = Lab::start_with(options).await;
    let report = checked(&lab).await;
    assert_eq!((&report["state"], failed(&report)), (&json!("in_order"), vec![]), "{report}");
    assert_eq!(verdict(&report, "system_token")["need"], "optional");
    assert_eq!(verdict(&report, "credit_line"), json!(null));
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_missing_field_foreign_callback_and_permission_is_named() {
    let lab = Lab::start().await;
    checked(&lab).await;
    let report = async |broken: &Value| {
        lab.simulate("platform", broken).await;
        lab.platform_get("/v1/doctor").await.json()
    };
    let all = lab.simulator("state").await["platform"]["webhook_fields"].as_array().unwrap().clone();
    let required = verdict(&report(&json!({ "webhook_fields": ["calls"] })).await, "webhook_fields")["missing"].clone();
    assert!(required.as_array().unwrap().len() > 20 && !required.to_string().contains("user_id_update"), "{required}");
    for field in required.as_array().unwrap() {
        let rest: Vec<&Value> = all.iter().filter(|held| *held != field).collect();
        only(&report(&json!({ "webhook_fields": rest })).await, "webhook_fields", &json!([field]));
    }
    let ours = json!([lab.stack.endpoints().webhook]);
    for broken in [json!({ "callback": false }), json!({ "active": false })] {
        only(&report(&broken).await, "callback", &ours);
    }
    let unsubscribed = report(&json!({ "webhook_fields": [] })).await;
    assert_eq!(failed(&unsubscribed), ["webhook_fields", "callback"], "an app that was never subscribed");
    let permissions = ["whatsapp_business_management", "whatsapp_business_messaging", "business_management"];
    for lost in permissions {
        let rest: Vec<&str> = permissions.into_iter().filter(|held| *held != lost).collect();
        only(&report(&json!({ "permissions": rest })).await, "permissions", &json!([lost]));
    }
    let refused = report(&json!({ "app_secret": false })).await;
    only(&refused, "app", &json!(["graph.190"]));
    for name in ["permissions", "webhook_fields", "callback"] {
        let check = verdict(&refused, name);
        assert_eq!((&check["ok"], &check["missing"]), (&json!(null), &json!(["app"])), "{name} is not blamed");
    }
    assert_eq!(report(&json!({})).await["state"], "in_order");
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_of_the_system_token_is_named() {
    let lab = Lab::start().await;
    let report = async |broken: &Value| {
        lab.simulate("platform", broken).await;
        checked(&lab).await
    };
    for (broken, missing) in
        [(json!({ "system_token": false }), "token.invalid"), (json!({ "own_system_token": false }), "token.other_app")]
    {
        let report = report(&broken).await;
        only(&report, "system_token", &json!([missing]));
        for name in ["system_user", "self_assignment", "credit_line"] {
            assert_eq!(verdict(&report, name)["ok"], json!(null), "{name} is not blamed for the token");
        }
    }
    for lost in ["whatsapp_business_management", "whatsapp_business_messaging"] {
        let rest = json!(
            ["whatsapp_business_management", "whatsapp_business_messaging", "business_management"]
                .into_iter()
                .filter(|held| *held != lost)
                .collect::<Vec<_>>()
        );
        only(&report(&json!({ "system_scopes": rest })).await, "system_token", &json!([lost]));
    }
    let unmanaged = json!({ "system_scopes": ["whatsapp_business_management", "whatsapp_business_messaging"] });
    let unmanaged = report(&unmanaged).await;
    assert_eq!(verdict(&unmanaged, "system_token")["missing"], json!(["business_management"]));
    assert_eq!(failed(&unmanaged), ["system_token", "credit_line"], "Meta shows no line without it");
    assert_eq!(report(&json!({})).await["state"], "in_order");
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_of_role_and_credit_line_is_named() {
    let lab = Lab::start().await;
    let report = async |broken: &Value| {
        lab.simulate("platform", broken).await;
        checked(&lab).await
    };
    let employee = report(&json!({ "system_user_role": "EMPLOYEE" })).await;
    assert_eq!(failed(&employee), ["system_user", "self_assignment", "credit_line"]);
    assert_eq!(verdict(&employee, "system_user")["missing"], json!(["ADMIN or FINANCE_EDITOR"]));
    // Shares, but Meta lets only an admin add itself to a customer's account.
    let editor = report(&json!({ "system_user_role": "EMPLOYEE", "finance_permission": "Editor" })).await;
    only(&editor, "self_assignment", &json!(["ADMIN"]));
    assert_eq!(verdict(&editor, "system_user")["ok"], true);
    let stranger = report(&json!({ "own_system_user": false })).await;
    assert_eq!(failed(&stranger), ["system_user", "self_assignment"]);
    assert_eq!(verdict(&stranger, "system_user")["missing"], json!(["user.other_portfolio"]));
    only(&report(&json!({ "credit_line": false })).await, "credit_line", &json!(["graph.100.33"]));
    assert_eq!(report(&json!({})).await["state"], "in_order");
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_only_credit_line_of_the_portfolio_is_found_and_shared() {
    let lab = with_parameters(&[("CreditLineId", "")]).await;
    let line = lab.stack.endpoints().meta.credit_line_id.clone();
    let report = checked(&lab).await;
    assert_eq!((&report["state"], &verdict(&report, "credit_line")["found"]), (&json!("in_order"), &json!([line])));
    let (_, _, id) = lab.signed_up("acme", &json!({})).await;
    lab.until(&id, "ready").await;
    assert_eq!(lab.calls("POST", &format!("/{line}/whatsapp_credit_sharing_and_attach")).await, 1);
    lab.platform_delete(&format!("/v1/onboardings/{id}")).await;
    lab.until(&id, "left").await;
    assert_eq!(lab.platform_get("/v1/credit-shares").await.json()["shares"], json!([]));
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_no_credit_line_or_several_nothing_is_shared_and_the_doctor_says_what_to_set() {
    let lab = with_parameters(&[("CreditLineId", "")]).await;
    let several = json!({ "more_credit_lines": ["900000000000055"] });
    for (broken, code) in [(json!({ "credit_line": false }), "credit.no_line"), (several, "credit.several_lines")] {
        lab.simulate("platform", &broken).await;
        let report = checked(&lab).await;
        assert_eq!(verdict(&report, "credit_line")["missing"], json!([code]));
        assert_eq!(failed(&report), ["credit_line"]);
        let (_, _, id) = lab.signed_up(code.split('.').next_back().unwrap(), &json!({})).await;
        let waiting = lab.until(&id, "waiting").await;
        assert_eq!((waiting["code"].as_str(), waiting["who_acts"].as_str()), (Some(code), Some("operator")));
    }
    let found = verdict(&checked(&lab).await, "credit_line");
    assert_eq!(found["found"], json!([lab.stack.endpoints().meta.credit_line_id, "900000000000055"]));
    assert!(found["message"].as_str().unwrap().contains("CreditLineId"));
    assert_eq!(lab.calls("POST", "/whatsapp_credit_sharing_and_attach").await, 0);
    lab.stop().await;
    let lab = with_parameters(&[("CreditLineId", ""), ("MetaBusinessId", "")]).await;
    let report = checked(&lab).await;
    only(&report, "credit_line", &json!(["credit.no_portfolio"]));
    assert_eq!(verdict(&report, "system_user")["ok"], true, "the user is read by itself");
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repair_subscribes_the_app_and_everything_is_in_order() {
    let lab = Lab::start().await;
    let broken = [
        json!({ "webhook_fields": [] }),
        json!({ "webhook_fields": ["messages", "calls", "flows"], "callback": false }),
        json!({ "active": false }),
    ];
    for broken in broken {
        lab.simulate("platform", &broken).await;
        let before = checked(&lab).await;
        assert_eq!(before["state"], "missing", "{broken}");
        let answer = lab.platform_post("/v1/doctor/repair", &json!({})).await;
        let report = answer.json();
        assert_eq!((answer.status, &report["state"]), (200, &json!("in_order")), "{broken}: {report}");
        let (repaired, held) = (&report["repaired"], broken["webhook_fields"].as_array());
        assert_eq!(repaired["callback_url"], json!(lab.stack.endpoints().webhook));
        let has = |field: &Value| repaired["fields"].as_array().unwrap().contains(field);
        assert!(held.into_iter().flatten().all(has), "what somebody subscribed to remains: {repaired}");
        let added = &repaired["added_fields"];
        assert_eq!(added, &verdict(&before, "webhook_fields")["missing"]);
        // Its query may be a secret.
        let foreign = broken["callback"] == json!(false);
        let was = if foreign { json!("https://somewhere.example.com/hook") } else { json!(null) };
        assert_eq!(repaired["replaced_callback"], was);
        lab.event("whatsapp.operation.requested.v1", |event| event["data"]["operation"] == "doctor.repair").await;
    }
    let again = lab.platform_post("/v1/doctor/repair", &json!({})).await.json();
    assert_eq!((&again["state"], &again["repaired"]["added_fields"]), (&json!("in_order"), &json!([])));
    lab.stop().await;
}

/// Stores a new verify token, which a warm webhook function does not know yet.
async fn change_verify_token(lab: &Lab) {
    let endpoints = lab.stack.endpoints();
    let input = json!({ "SecretId": endpoints.secrets["VerifyToken"], "SecretString": "another-verify-token" });
    let target = ("x-amz-target", "secretsmanager.PutSecretValue");
    let headers = [target, ("content-type", "application/x-amz-json-1.1")];
    let sent = lab.client.send("POST", &endpoints.aws.secretsmanager, &headers, input.to_string().into()).await;
    assert_eq!(sent.unwrap().status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repair_that_meta_refuses_changes_nothing_and_keeps_metas_numbers() {
    let lab = Lab::start().await;
    let refused = async |code: &str, meta: &Value| {
        let answer = lab.platform_post("/v1/doctor/repair", &json!({})).await;
        let problem = answer.json();
        assert_eq!((answer.status, problem["code"].as_str(), &problem["meta"]), (422, Some(code), meta), "{problem}");
    };
    let broken = json!({ "webhook_fields": ["messages"], "callback": false });
    lab.simulate("platform", &broken).await;
    let state = lab.simulator("state").await["platform"].clone();
    let path = "/subscriptions";
    let error = json!({ "error": { "code": 100, "error_subcode": 33, "message": "CANARY" } });
    let refusal = json!({ "kind": "answer", "status": 400, "body": error });
    lab.simulate("faults", &json!({ "method": "POST", "path": path, "effect": refusal })).await;
    refused("doctor.meta_refused", &json!({ "code": 100, "subcode": 33 })).await;
    let asked = lab.calls("POST", path).await;
    let outage = json!({ "kind": "answer", "status": 500, "body": { "error": { "code": 2 } } });
    lab.simulate("faults", &json!({ "method": "GET", "path": path, "effect": outage })).await;
    assert_eq!(lab.platform_post("/v1/doctor/repair", &json!({})).await.status, 503);
    assert_eq!(lab.calls("POST", path).await, asked, "fields that cannot be read would be lost");
    let undone = json!({ "kind": "answer", "status": 200, "body": { "success": false } });
    lab.simulate("faults", &json!({ "method": "POST", "path": path, "effect": undone })).await;
    refused("doctor.not_done", &json!(null)).await;
    assert_eq!(lab.simulate("handshake", &json!({})).await["verified"], true, "the webhook knows the old token");
    change_verify_token(&lab).await;
    lab.stack.kill("PlatformApiFunction");
    refused("doctor.handshake_failed", &json!({ "code": 2200, "subcode": null })).await;
    assert_eq!(lab.simulator("state").await["platform"], state);
    lab.stack.kill("WebhookFunction");
    assert_eq!(lab.platform_post("/v1/doctor/repair", &json!({})).await.status, 200, "a new process knows the new one");
    lab.simulate("platform", &json!({ "app_secret": false })).await;
    refused("doctor.app_secret", &json!({ "code": 190, "subcode": null })).await;
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finance_editor_that_no_admin_added_waits_for_the_operator() {
    let lab = Lab::start().await;
    lab.simulate("platform", &json!({ "system_user_role": "EMPLOYEE", "finance_permission": "Editor" })).await;
    let (_, _, id) = lab.signed_up("acme", &json!({})).await;
    let waiting = lab.until(&id, "waiting").await;
    assert_eq!(
        (waiting["code"].as_str(), waiting["waiting_for"].as_str()),
        (Some("credit.no_role"), Some("credit_line"))
    );
    assert_eq!(lab.calls("POST", "/whatsapp_credit_sharing_and_attach").await, 0);
    lab.stop().await;
}
