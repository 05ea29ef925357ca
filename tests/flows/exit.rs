//! A clean exit: everything that was set up is removed and read back, and no other customer is affected.

use integration::{Lab, soon};
use serde_json::{Value, json};

async fn leave(lab: &Lab, id: &str) -> (u16, Value) {
    let answer = lab.platform_delete(&format!("/v1/onboardings/{id}?deregister=true")).await;
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
async fn the_credit_line_remains_shared_while_another_account_of_the_portfolio_uses_it() {
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
    assert!(approved().await > 0, "the second account still has credit");
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
        lab.eventually("the response was lost", async || (lab.calls(method, path).await > 0).then_some(())).await;
        let left = async || {
            lab.age(&id, 600).await;
            lab.stack.fire("SweeperFunction", "Sweep").await.unwrap();
            (lab.onboarding(&id).await["state"] == "left").then_some(())
        };
        lab.eventually(&format!("{path} is recovered"), left).await;
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
    assert_eq!(leave(&lab, &id).await.1["state"], "left", "without a token there is nothing to remove");
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

fn removed(waba: &str, time: i64, rest: &Value) -> Value {
    let mut value = json!({ "event": "PARTNER_REMOVED" });
    if let (Some(value), Some(rest)) = (value.as_object_mut(), rest.as_object()) {
        value.extend(rest.clone());
    }
    let changes = [json!({ "field": "account_update", "value": value })];
    json!({ "object": "whatsapp_business_account", "entry": [{ "id": waba, "time": time, "changes": changes }] })
}

async fn timeline(lab: &Lab, id: &str) -> String {
    lab.platform_get(&format!("/v1/onboardings/{id}")).await.json()["timeline"].to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_departure_reported_during_an_exit_skips_none_of_its_steps() {
    let lab = Lab::start().await;
    let (_, popup, id) = lab.signed_up("acme", &json!({})).await;
    lab.until(&id, "ready").await;
    lab.quiet().await;
    assert!(lab.stack.set_mapping("OnboardingQueue", false));
    assert_eq!(leave(&lab, &id).await.1["state"], "leaving");
    for time in [soon() - 3600, soon(), soon() - 86_400] {
        let news = removed(&popup.waba, time, &json!({ "waba_info": { "waba_id": popup.waba } }));
        assert_eq!(lab.webhook(&news, "valid").await, 200);
    }
    let heard = async || timeline(&lab, &id).await.contains("departure_reported").then_some(());
    lab.eventually("the report is stored", heard).await;
    lab.stack.set_mapping("OnboardingQueue", true);
    lab.until(&id, "left").await;
    let state = lab.simulator("state").await;
    assert_eq!(state["wabas"][&popup.waba]["subscribed"], json!([]), "we receive nothing any more");
    assert_eq!(state["phones"][popup.body["phone_number_id"].as_str().unwrap()]["status"], "DISCONNECTED");
    assert_eq!(lab.calls("DELETE", "/subscribed_apps").await, 1);
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_departure_that_meta_does_not_confirm_ends_nothing() {
    let lab = Lab::start().await;
    let (_, popup, id) = lab.signed_up("acme", &json!({})).await;
    lab.until(&id, "ready").await;
    let kept = tokens(&lab);
    let number = json!({ "phone_number": "16315551234", "disconnection_info": { "reason": "UNLINKED" } });
    let account = json!({ "waba_info": { "waba_id": popup.waba }, "disconnection_info": { "reason": "UNLINKED" } });
    for (later, rest) in [(0, number), (1, account), (2, json!({ "waba_info": { "waba_id": popup.waba } }))] {
        let reads = lab.calls("GET", &format!("/{}", popup.waba)).await;
        assert_eq!(lab.webhook(&removed(&popup.waba, soon() + later, &rest), "valid").await, 200);
        let asked = async || (lab.calls("GET", &format!("/{}", popup.waba)).await > reads).then_some(());
        lab.eventually("Meta is asked", asked).await;
        lab.quiet().await;
        assert_eq!(lab.until(&id, "ready").await["customer_ref"], "acme");
    }
    assert!(timeline(&lab, &id).await.contains("departure_not_confirmed"));
    let state = lab.simulator("state").await;
    assert!(state["allocations"].as_object().unwrap().values().all(|allocation| allocation["status"] == "APPROVED"));
    assert_eq!((tokens(&lab), lab.calls("DELETE", "/subscribed_apps").await), (kept, 0));
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_meta_does_not_show_any_more_has_left_although_the_token_works() {
    let lab = Lab::start().await;
    let (_, popup, id) = lab.signed_up("acme", &json!({})).await;
    lab.until(&id, "ready").await;
    lab.quiet().await;
    let body = json!({ "error": { "code": 100, "error_subcode": 33, "message": "Unsupported get request." } });
    let phone = popup.body["phone_number_id"].as_str().unwrap();
    let (account, number, apps) = (format!("/{}", popup.waba), format!("/{phone}"), "/subscribed_apps".to_owned());
    for path in [account, number, apps] {
        let effect = json!({ "kind": "answer", "status": 400, "body": body });
        lab.simulate("faults", &json!({ "path": path, "times": 1000, "effect": effect })).await;
    }
    let news = removed(&popup.waba, soon(), &json!({ "waba_info": { "waba_id": popup.waba } }));
    assert_eq!(lab.webhook(&news, "valid").await, 200);
    lab.until(&id, "left").await;
    let steps = lab.platform_get(&format!("/v1/onboardings/{id}")).await.json()["timeline"].to_string();
    assert!(steps.contains("access.lost"), "the receipt says why nothing was removed: {steps}");
    assert_eq!(tokens(&lab), 0);
    lab.stop().await;
}
