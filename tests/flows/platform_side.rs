//! The platform's own side: its limit of new customers, its credit line, its customers' callbacks.

use integration::Lab;
use local::StackOptions;
use serde_json::{Value, json};

async fn details(lab: &Lab, id: &str) -> Value {
    lab.platform_get(&format!("/v1/onboardings/{id}")).await.json()
}

async fn limited_to(limit: &str) -> Lab {
    let mut options = StackOptions::default();
    options.parameters.insert("OnboardingLimit".to_owned(), limit.to_owned());
    options.meta.set("role", "solution-partner").unwrap();
    Lab::start_with(options).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_limit_holds_new_customers_back_with_a_date_and_lets_known_ones_on() {
    let lab = limited_to("1").await;
    let (_, popup, id) = lab.signed_up("acme", &json!({})).await;
    lab.until(&id, "ready").await;
    let limits = lab.platform_get("/v1/limits").await.json()["onboardings"].clone();
    assert_eq!(
        (limits["used"].as_u64(), limits["limit"].as_u64(), limits["near"].as_bool()),
        (Some(1), Some(1), Some(true))
    );
    assert!(limits["full_until"].is_string());
    let near = lab.event("whatsapp.onboarding_limit.approached.v1", |_| true).await;
    assert_eq!(near["data"]["used"], 1);
    let order = lab.platform_post("/v1/sessions", &json!({ "customer_ref": "newcomer" })).await.json();
    assert!(order["held_until"].is_string());
    let newcomer = lab.session("newcomer").await;
    let status = lab.status(&newcomer).await;
    assert_eq!((status["state"].as_str(), status["until"].is_string()), (Some("held_back"), true));
    let page = lab.client.get(&newcomer.url, &[]).await.unwrap();
    let html = String::from_utf8_lossy(&page.body).into_owned();
    assert!(html.contains("Please come back on") && !html.contains(&newcomer.id), "no button to click");
    let known = lab.session("acme").await;
    assert_eq!(lab.status(&known).await["state"], "open", "a second number is no new customer");
    lab.signed_up("acme", &json!({ "waba_id": popup.waba, "new_number": true })).await;
    let limits = lab.platform_get("/v1/limits").await.json();
    assert_eq!(limits["onboardings"]["used"], 1);
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_waits_when_the_platforms_own_access_is_broken_and_goes_on_when_it_is_repaired() {
    let lab = Lab::start().await;
    lab.simulate("platform", &json!({ "system_token": false })).await;
    let (_, _, first) = lab.signed_up("one", &json!({})).await;
    let waiting = lab.until(&first, "waiting").await;
    assert_eq!(
        (waiting["waiting_for"].as_str(), waiting["who_acts"].as_str()),
        (Some("credit_line"), Some("operator"))
    );
    let event = lab.event("whatsapp.credit.paused.v1", |_| true).await;
    assert_eq!(event["data"]["code"], "credit.token_dead");
    let system_calls = async || {
        let calls = lab.simulator("calls").await;
        calls.as_array().unwrap().iter().filter(|call| call["bearer"] == "refused").count()
    };
    let asked = system_calls().await;
    let (_, _, second) = lab.signed_up("two", &json!({})).await;
    let paused = lab.until(&second, "waiting").await;
    assert_eq!(paused["code"], "credit.paused");
    assert_eq!(system_calls().await, asked, "Meta is not asked again while the result is cached");
    assert!(lab.platform_get("/v1/limits").await.json()["credit"]["paused_until"].is_string());
    lab.simulate("platform", &json!({})).await;
    lab.end_credit_pause().await;
    for id in [&first, &second] {
        lab.platform_post(&format!("/v1/onboardings/{id}/resume"), &json!({})).await;
        lab.until(id, "ready").await;
    }
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_sharing_the_credit_line_are_listed_until_it_is_revoked() {
    let lab = Lab::start().await;
    let (_, popup, id) = lab.signed_up("acme", &json!({})).await;
    lab.until(&id, "ready").await;
    let shares = lab.platform_get("/v1/credit-shares").await.json()["shares"].clone();
    assert_eq!((shares.as_array().unwrap().len(), shares[0]["waba_id"].as_str()), (1, Some(popup.waba.as_str())));
    lab.platform_delete(&format!("/v1/onboardings/{id}")).await;
    lab.until(&id, "left").await;
    assert_eq!(lab.platform_get("/v1/credit-shares").await.json()["shares"], json!([]));
    lab.stop().await;
}

async fn with_override(lab: &Lab, url: &str, token: &str) -> (Value, String) {
    let wanted = json!({ "override_callback_uri": url, "verify_token": token });
    let order =
        lab.platform_post("/v1/sessions", &json!({ "customer_ref": "acme", "callback_override": wanted })).await;
    assert_eq!(order.status, 201, "{}", order.json());
    let popup = lab.popup(&json!({})).await;
    let mut body = popup.body.clone();
    body["session"] = order.json()["session"].clone();
    let accepted = lab.server_callback(&body).await;
    assert_eq!(accepted.status, 202);
    (popup.body, accepted.json()["onboarding_id"].as_str().unwrap().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callback_override_is_set_on_the_number_and_cleared_by_the_exit() {
    let lab = Lab::start().await;
    let (popup, id) = with_override(&lab, "https://hooks.acme.com/wa", "tenant-token").await;
    lab.until(&id, "ready").await;
    let phone = popup["phone_number_id"].as_str().unwrap();
    assert_eq!(lab.simulator("state").await["phones"][phone]["webhook_override"], "https://hooks.acme.com/wa");
    let subscribed = lab.calls("POST", "/subscribed_apps").await;
    assert_eq!(subscribed, 1, "the account itself is subscribed plainly");
    lab.platform_delete(&format!("/v1/onboardings/{id}")).await;
    lab.until(&id, "left").await;
    assert_eq!(lab.simulator("state").await["phones"][phone]["webhook_override"], json!(null));
    assert!(!lab.stack.secrets().snapshot().to_string().contains("tenant-token"), "its token is destroyed");
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_override_that_meta_refuses_is_shown_and_does_not_hold_up_the_connection() {
    let lab = Lab::start().await;
    let (_, id) = with_override(&lab, "https://hooks.acme.com/wa", "refuse-me").await;
    lab.until(&id, "ready").await;
    let steps = details(&lab, &id).await["steps"].clone();
    let step = steps.as_array().unwrap().iter().find(|step| step["name"] == "override_callback").unwrap().clone();
    assert_eq!((step["state"].as_str(), step["code"].as_str()), (Some("waiting"), Some("override.refused")));
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_overrides_are_refused_and_nothing_is_stored() {
    let lab = Lab::start().await;
    let before = (lab.items().await, lab.stack.secrets().snapshot().to_string());
    for (wanted, status, code) in [
        (json!("https://hooks.acme.com"), 400, "bad_type"),
        (json!({ "override_callback_uri": "https://hooks.acme.com/x" }), 400, "bad_value"),
        (json!({ "override_callback_uri": "https://hooks.acme.com/x", "verify_token": "a b" }), 400, "bad_value"),
        (
            json!({ "override_callback_uri": "https://hooks.acme.com/x", "verify_token": "a", "x": 1 }),
            400,
            "unknown_field",
        ),
        (json!({ "override_callback_uri": "https://10.0.0.1/x", "verify_token": "a" }), 422, "url_rejected"),
        (json!({ "override_callback_uri": "http://hooks.acme.com/x", "verify_token": "a" }), 422, "url_rejected"),
    ] {
        let order = json!({ "customer_ref": "acme", "callback_override": wanted });
        let refused = lab.platform_post("/v1/sessions", &order).await;
        assert_eq!((refused.status, refused.json()["code"].as_str()), (status, Some(code)), "{wanted}");
    }
    assert_eq!((lab.items().await, lab.stack.secrets().snapshot().to_string()), before);
    lab.stop().await;
}
