//! Leaving cleanly: everything that was set up is taken apart, read back, and nobody else is touched.

use integration::Lab;
use serde_json::{Value, json};

async fn leave(lab: &Lab, id: &str) -> (u16, Value) {
    let answer = lab.platform_delete(&format!("/v1/onboardings/{id}")).await;
    (answer.status, answer.json())
}

/// Secrets under a customer's tokens.
fn tokens(lab: &Lab) -> usize {
    let secrets = lab.stack.secrets().snapshot().to_string();
    secrets.matches("/business-token/").count()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exit_takes_back_credit_number_subscription_and_token() {
    let lab = Lab::start().await;
    let (session, popup, id) = lab.signed_up("acme", &json!({})).await;
    lab.until(&id, "ready").await;
    assert!(tokens(&lab) > 0);
    assert_eq!(leave(&lab, &id).await.0, 202);
    lab.until(&id, "left").await;
    let state = lab.simulator("state").await;
    assert_eq!(state["wabas"][&popup.waba]["subscribed"], json!([]));
    assert_eq!(state["wabas"][&popup.waba]["primary_funding_id"], json!(null));
    assert_eq!(state["phones"][popup.body["phone_number_id"].as_str().unwrap()]["status"], "DISCONNECTED");
    assert!(state["allocations"].as_object().unwrap().values().all(|allocation| allocation["status"] == "DELETED"));
    assert_eq!(tokens(&lab), 0, "the token is destroyed");
    assert_eq!(lab.status(&session).await["state"], "left");
    lab.event("whatsapp.onboarding.left.v1", |_| true).await;
    assert_eq!(lab.stack.fire("TemplatePollFunction", "Poll").await.unwrap()["queued"], 0);
    assert_eq!(leave(&lab, &id).await.0, 202, "asking again changes nothing");
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_that_removed_us_costs_nothing_any_more() {
    let lab = Lab::start().await;
    let (_, popup, id) = lab.signed_up("acme", &json!({})).await;
    lab.until(&id, "ready").await;
    let url = format!("{}/_sim/wabas/{}", lab.stack.endpoints().graph, popup.waba);
    assert_eq!(lab.send("DELETE", &url, &[], b"").await.status, 204);
    lab.until(&id, "left").await;
    assert_eq!((tokens(&lab), lab.calls("POST", "/deregister").await), (0, 0));
    let state = lab.simulator("state").await;
    assert!(state["allocations"].as_object().unwrap().values().all(|allocation| allocation["status"] == "DELETED"));
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_credit_line_stays_while_another_account_of_the_portfolio_lives_from_it() {
    let lab = Lab::start().await;
    let (_, one, first) = lab.signed_up("acme", &json!({})).await;
    lab.until(&first, "ready").await;
    let (_, _, second) = lab.signed_up("acme", &json!({ "business_id": one.body["business_id"] })).await;
    lab.until(&second, "ready").await;
    leave(&lab, &first).await;
    lab.until(&first, "left").await;
    let approved = async || {
        let state = lab.simulator("state").await;
        let all = state["allocations"].as_object().unwrap().clone();
        all.values().filter(|allocation| allocation["status"] == "APPROVED").count()
    };
    assert!(approved().await > 0, "the second account is still paid");
    assert_eq!(lab.onboarding(&second).await["state"], "ready");
    leave(&lab, &second).await;
    lab.until(&second, "left").await;
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_left_can_come_back_and_so_can_another_customer_with_that_account() {
    let lab = Lab::start().await;
    let (_, popup, first) = lab.signed_up("acme", &json!({})).await;
    lab.until(&first, "ready").await;
    leave(&lab, &first).await;
    lab.until(&first, "left").await;
    let (_, _, again) = lab.signed_up("acme", &json!({ "waba_id": popup.waba })).await;
    lab.until(&again, "ready").await;
    leave(&lab, &again).await;
    lab.until(&again, "left").await;
    let (_, _, other) = lab.signed_up("other", &json!({ "waba_id": popup.waba })).await;
    lab.until(&other, "ready").await;
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exit_with_a_dead_token_does_what_can_still_be_done() {
    let lab = Lab::start().await;
    let (_, popup, id) = lab.signed_up("acme", &json!({})).await;
    lab.until(&id, "ready").await;
    lab.simulate(&format!("wabas/{}/revoke", popup.waba), &json!({})).await;
    leave(&lab, &id).await;
    lab.until(&id, "left").await;
    assert_eq!(tokens(&lab), 0);
    let state = lab.simulator("state").await;
    assert!(state["allocations"].as_object().unwrap().values().all(|allocation| allocation["status"] == "DELETED"));
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_answers_do_not_stop_an_exit() {
    for (method, path) in [("POST", "/deregister"), ("DELETE", "/subscribed_apps")] {
        let lab = Lab::start().await;
        let (_, _, id) = lab.signed_up("acme", &json!({})).await;
        lab.until(&id, "ready").await;
        lab.simulate("faults", &json!({ "method": method, "path": path, "effect": { "kind": "drop_after" } })).await;
        leave(&lab, &id).await;
        lab.eventually("the answer was lost", async || (lab.calls(method, path).await > 0).then_some(())).await;
        let left = async || {
            lab.age(&id, 600).await;
            lab.stack.fire("SweeperFunction", "Sweep").await.unwrap();
            (lab.onboarding(&id).await["state"] == "left").then_some(())
        };
        lab.eventually(&format!("{path} is made up for"), left).await;
        assert_eq!(lab.calls(method, path).await, 1, "what was done is not done twice");
        lab.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_leave_says_so() {
    let lab = Lab::start().await;
    assert_eq!(leave(&lab, "onb_01jd0000000000000000000000").await.0, 404);
    let (session, popup) = (lab.session("acme").await, lab.popup(&json!({})).await);
    lab.simulate("clock", &json!({ "advance_seconds": 31 })).await;
    assert_eq!(lab.callback(&session, &popup).await.status, 422);
    let listed = lab.platform_get("/v1/onboardings?state=relaunch").await.json();
    let id = listed["onboardings"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(leave(&lab, &id).await.1["state"], "left", "without a token there is nothing to take apart");
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_customers_credit_in_the_same_portfolio_is_not_taken_away() {
    let lab = Lab::start().await;
    let (_, one, first) = lab.signed_up("one", &json!({})).await;
    lab.until(&first, "ready").await;
    let (_, two, second) = lab.signed_up("two", &json!({ "business_id": one.body["business_id"] })).await;
    lab.until(&second, "ready").await;
    leave(&lab, &first).await;
    lab.until(&first, "left").await;
    assert!(lab.simulator("state").await["wabas"][&two.waba]["primary_funding_id"].is_string());
    lab.stop().await;
}
