//! Access that is lost although the token is valid: told at once, checked again, and waited for inside a signup.

use crate::messages::{post, text};
use integration::{Lab, Popup, soon};
use serde_json::{Value, json};

async fn details(lab: &Lab, id: &str) -> Value {
    lab.platform_get(&format!("/v1/onboardings/{id}")).await.json()
}

async fn ready(lab: &Lab) -> (Popup, String) {
    let (_, popup, id) = lab.signed_up("acme", &json!({})).await;
    lab.until(&id, "ready").await;
    lab.quiet().await;
    (popup, id)
}

/// Meta reports a change without details.
async fn something_changed(lab: &Lab, popup: &Popup) {
    let change = json!({ "field": "business_status_update", "value": {} });
    let entry = json!({ "id": popup.waba, "time": soon(), "changes": [change] });
    let body = json!({ "object": "whatsapp_business_account", "entry": [entry] });
    assert_eq!(lab.webhook(&body, "valid").await, 200);
}

/// Time passes for a record; the sweeper enqueues.
async fn later(lab: &Lab, id: &str, seconds: i64) {
    lab.quiet().await;
    lab.age(id, seconds).await;
    lab.stack.fire("SweeperFunction", "Sweep").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn access_lost_in_any_form_is_told_at_once_and_the_connection_goes_on_when_it_is_back() {
    let lab = Lab::start().await;
    for (form, code) in [
        ("100/33", "access.lost"),
        ("33", "access.lost"),
        ("10", "access.denied"),
        ("200", "access.denied"),
        ("3", "access.denied"),
    ] {
        let (popup, id) = ready(&lab).await;
        let account = format!("wabas/{}", popup.waba);
        lab.simulate(&account, &json!({ "refused_with": form })).await;
        something_changed(&lab, &popup).await;
        let record = lab.until(&id, "reauthorise").await;
        assert_eq!((&record["code"], &record["who_acts"]), (&json!(code), &json!("customer")), "{form}");
        assert!(record["message"].as_str().unwrap().contains("new link"), "{record}");
        let told = |event: &Value| event["data"]["onboarding_id"] == json!(id);
        lab.event("whatsapp.onboarding.reauthorisation_requested.v1", told).await;
        lab.simulate(&account, &json!({ "refused_with": "" })).await;
        later(&lab, &id, 1000).await;
        lab.until(&id, "ready").await;
    }
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_daily_check_a_refused_message_and_a_withdrawn_scope_show_lost_access() {
    let lab = Lab::start().await;
    let (popup, id) = ready(&lab).await;
    lab.simulate(&format!("wabas/{}", popup.waba), &json!({ "refused_with": "100/33" })).await;
    later(&lab, &id, 31 * 3600).await;
    lab.until(&id, "reauthorise").await;

    let (popup, id) = ready(&lab).await;
    lab.simulate(&format!("wabas/{}", popup.waba), &json!({ "refused_with": "100/33" })).await;
    post(&lab, &popup, &text()).await;
    lab.until(&id, "reauthorise").await;

    let (popup, id) = ready(&lab).await;
    let scopes = json!({ "scopes": ["business_management", "whatsapp_business_management"] });
    lab.simulate(&format!("wabas/{}", popup.waba), &scopes).await;
    something_changed(&lab, &popup).await;
    assert_eq!(lab.until(&id, "reauthorise").await["code"], "access.scope_gone");
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_reception_check_does_not_call_a_token_good_that_gives_no_access() {
    let lab = Lab::start().await;
    let (popup, _) = ready(&lab).await;
    lab.simulate(&format!("wabas/{}", popup.waba), &json!({ "refused_with": "100/33" })).await;
    let number = popup.body["phone_number_id"].as_str().unwrap();
    let lights = lab.platform_get(&format!("/v1/reception/{number}")).await.json()["lights"].clone();
    let token = lights.as_array().unwrap().iter().find(|light| light["name"] == "token").unwrap();
    assert_eq!((&token["ok"], &token["code"]), (&json!(false), &json!("graph.100.33")));
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn inside_a_signup_the_same_answer_is_asked_for_again_with_a_date() {
    let lab = Lab::start().await;
    let (session, popup) = (lab.session("acme").await, lab.popup(&json!({})).await);
    lab.simulate(&format!("wabas/{}", popup.waba), &json!({ "refused_with": "100/33" })).await;
    let accepted = lab.callback(&session, &popup).await.json();
    let id = accepted["onboarding_id"].as_str().unwrap().to_owned();
    let record = lab.until(&id, "waiting").await;
    assert_eq!((&record["code"], &record["who_acts"]), (&json!("access.pending"), &json!("meta")));
    assert!(record["until"].is_string(), "{record}");
    lab.simulate(&format!("wabas/{}", popup.waba), &json!({ "refused_with": "" })).await;
    later(&lab, &id, 400).await;
    lab.until(&id, "ready").await;
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_that_fails_three_times_is_a_notice_an_event_and_a_counted_line() {
    let lab = Lab::start().await;
    let (popup, id) = ready(&lab).await;
    let answer = json!({ "kind": "answer", "status": 500, "body": { "error": { "code": 2 } } });
    lab.simulate("faults", &json!({ "path": format!("/{}", popup.waba), "times": 1000, "effect": answer })).await;
    something_changed(&lab, &popup).await;
    let notices = async || details(&lab, &id).await["notices"].to_string();
    let failing = async || {
        later(&lab, &id, 3700).await;
        notices().await.contains("check.failing").then_some(())
    };
    lab.eventually("the failing check is shown", failing).await;
    let event = lab.event("whatsapp.reception.changed.v1", |_| true).await;
    assert_eq!(event["data"]["drift"], json!(["check.failing"]));
    let counted = |line: &str| line.contains("a scheduled check failed repeatedly");
    assert!(lab.stack.logs().iter().any(|line| counted(&line.text)), "the line that the alarm counts");
    assert_eq!(lab.onboarding(&id).await["state"], "ready", "an outage is not lost access");
    let url = format!("{}/_sim/faults", lab.stack.endpoints().graph);
    lab.send("DELETE", &url, &[], b"").await;
    let works = async || {
        later(&lab, &id, 3700).await;
        (!notices().await.contains("check.failing")).then_some(())
    };
    lab.eventually("the notice has gone", works).await;
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registration_refused_for_the_name_waits_for_it_and_goes_on_with_the_decision() {
    let lab = Lab::start().await;
    let (_, popup, id) = lab.signed_up("acme", &json!({ "name_status": "PENDING_REVIEW" })).await;
    let record = lab.until(&id, "waiting").await;
    assert_eq!((&record["waiting_for"], &record["who_acts"]), (&json!("display_name"), &json!("customer")));
    assert_eq!(record["code"], "graph.100.2388001");
    assert!(record["until"].is_string(), "it is tried again by date: {record}");
    let number = format!("phones/{}", popup.body["phone_number_id"].as_str().unwrap());
    lab.simulate(&number, &json!({ "name_status": "DECLINED" })).await;
    lab.quiet().await;
    assert_eq!(lab.calls("POST", "/register").await, 1, "it would be refused again, and each attempt counts");
    lab.simulate("clock", &json!({ "advance_seconds": 2 })).await;
    lab.simulate(&number, &json!({ "name_status": "APPROVED" })).await;
    lab.until(&id, "ready").await;
    assert_eq!(lab.calls("POST", "/register").await, 2);
    lab.stop().await;
}
