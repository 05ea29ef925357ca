//! A customer becomes ready exactly once, whatever is repeated.

use integration::Lab;
use serde_json::{Value, json};

fn states(status: &Value) -> Vec<(String, String)> {
    let text = |step: &Value, name: &str| step[name].as_str().unwrap_or_default().to_owned();
    status["steps"].as_array().unwrap().iter().map(|step| (text(step, "name"), text(step, "state"))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_solution_partners_customer_becomes_ready_and_is_paid_from_its_credit_line() {
    let lab = Lab::start().await;
    let (session, popup, id) = lab.signed_up("acme", &json!({})).await;
    let record = lab.until(&id, "ready").await;
    assert_eq!(record["waba_id"], popup.waba);
    let status = lab.status(&session).await;
    let steps = states(&status);
    assert!(steps.iter().all(|(_, state)| state == "done"), "{steps:?}");
    assert!(steps.iter().any(|(name, _)| name == "share_credit"));
    let state = lab.simulator("state").await;
    let waba = &state["wabas"][&popup.waba];
    assert_eq!(waba["subscribed"], json!([lab.stack.endpoints().meta.app_id]));
    let allocation = state["allocations"].as_object().unwrap().values().next().unwrap();
    assert_eq!(allocation["credential"], waba["primary_funding_id"]);
    let phone = &state["phones"][popup.body["phone_number_id"].as_str().unwrap()];
    assert_eq!(phone["status"], "CONNECTED");
    assert_eq!(phone["pin"].as_str().unwrap().len(), 6);
    let ready = lab.event("whatsapp.onboarding.ready.v1", |_| true).await;
    assert_eq!((&ready["subject"], &ready["specversion"]), (&json!(popup.waba), &json!("1.0")));
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tech_providers_customer_waits_for_its_own_payment_method_and_then_is_ready() {
    let lab = Lab::start_as("tech-provider").await;
    let (session, popup, id) = lab.signed_up("acme", &json!({})).await;
    let waiting = lab.until(&id, "waiting").await;
    assert_eq!((&waiting["waiting_for"], &waiting["who_acts"]), (&json!("payment_method"), &json!("customer")));
    assert!(lab.status(&session).await["message"].as_str().unwrap().contains("payment"));
    assert_eq!(lab.calls("POST", "whatsapp_credit_sharing_and_attach").await, 0);
    lab.simulate(&format!("wabas/{}", popup.waba), &json!({ "payment_method": true })).await;
    assert_eq!(lab.platform_post(&format!("/v1/onboardings/{id}/resume"), &json!({})).await.status, 202);
    lab.until(&id, "ready").await;
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callback_that_is_repeated_gets_the_same_answer_and_spends_no_second_code() {
    let lab = Lab::start().await;
    let (session, popup, id) = lab.signed_up("acme", &json!({})).await;
    for _ in 0..3 {
        let again = lab.callback(&session, &popup).await;
        assert_eq!((again.status, &again.json()["onboarding_id"]), (202, &json!(id)));
    }
    lab.until(&id, "ready").await;
    assert_eq!(lab.calls("GET", "/oauth/access_token").await, 1);
    assert_eq!(lab.calls("POST", "/register").await, 1);
    assert_eq!(lab.calls("POST", "whatsapp_credit_sharing_and_attach").await, 1);
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_callbacks_at_once_spend_one_code() {
    let lab = Lab::start().await;
    let (session, popup) = (lab.session("acme").await, lab.popup(&json!({})).await);
    let (one, other) = tokio::join!(lab.callback(&session, &popup), lab.callback(&session, &popup));
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert!(statuses == [202, 202] || statuses == [202, 409], "{statuses:?}");
    assert_eq!(lab.calls("GET", "/oauth/access_token").await, 1);
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_works_for_one_signup_only() {
    let lab = Lab::start().await;
    let (session, _, id) = lab.signed_up("acme", &json!({})).await;
    lab.until(&id, "ready").await;
    let another = lab.popup(&json!({})).await;
    let refused = lab.callback(&session, &another).await;
    assert_eq!((refused.status, &refused.json()["code"]), (409, &json!("session_used")));
    assert_eq!(lab.calls("GET", "/oauth/access_token").await, 1);
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_code_asks_the_customer_to_click_once_more_and_the_same_link_works() {
    let lab = Lab::start().await;
    let (session, popup) = (lab.session("acme").await, lab.popup(&json!({})).await);
    lab.simulate("clock", &json!({ "advance_seconds": 31 })).await;
    let late = lab.callback(&session, &popup).await;
    assert_eq!((late.status, &late.json()["code"]), (422, &json!("code_expired")));
    let again = lab.callback(&session, &popup).await;
    assert_eq!(
        (again.status, &again.json()["code"]),
        (422, &json!("code_expired")),
        "the same answer to the same code"
    );
    assert_eq!(lab.status(&session).await["state"], "relaunch");
    let fresh = lab.popup(&json!({ "waba_id": popup.waba })).await;
    let accepted = lab.callback(&session, &fresh).await;
    assert_eq!(accepted.status, 202);
    lab.until(accepted.json()["onboarding_id"].as_str().unwrap(), "ready").await;
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_was_used_elsewhere_is_not_tried_again() {
    let lab = Lab::start().await;
    let (session, popup) = (lab.session("acme").await, lab.popup(&json!({})).await);
    let mut stolen = popup.clone();
    stolen.code = "AQnobodyHasThisCode".to_owned();
    stolen.body["code"] = json!(stolen.code);
    let refused = lab.callback(&session, &stolen).await;
    assert_eq!((refused.status, &refused.json()["code"]), (422, &json!("code_used")));
    assert_eq!(lab.calls("GET", "/oauth/access_token").await, 1);
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_of_the_business_app_is_never_registered() {
    let lab = Lab::start().await;
    let (_, _, id) = lab.signed_up("acme", &json!({ "event": "FINISH_WHATSAPP_BUSINESS_APP_ONBOARDING" })).await;
    lab.until(&id, "ready").await;
    assert_eq!(lab.calls("POST", "/register").await, 0);
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_without_a_number_waits_for_one() {
    let lab = Lab::start().await;
    let (_, _, id) = lab.signed_up("acme", &json!({ "event": "FINISH_ONLY_WABA", "numbers": 0 })).await;
    let record = lab.until(&id, "waiting").await;
    assert_eq!((&record["waiting_for"], &record["who_acts"]), (&json!("number"), &json!("customer")));
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_with_a_pin_of_its_own_waits_for_the_pin_and_is_not_guessed() {
    let lab = Lab::start().await;
    let (_, _, id) = lab.signed_up("acme", &json!({ "pin": "246810" })).await;
    let record = lab.until(&id, "waiting").await;
    assert_eq!((&record["waiting_for"], &record["who_acts"]), (&json!("pin"), &json!("customer")));
    assert_eq!(lab.calls("POST", "/register").await, 1);
    lab.stop().await;
}
