//! News about one number is about that number only, and an exit leaves numbers registered that others may use.

use integration::{Lab, Popup, soon};
use serde_json::{Value, json};

async fn details(lab: &Lab, id: &str) -> Value {
    lab.platform_get(&format!("/v1/onboardings/{id}")).await.json()
}

async fn timeline(lab: &Lab, id: &str) -> String {
    details(lab, id).await["timeline"].to_string()
}

fn tokens(lab: &Lab) -> usize {
    lab.stack.secrets().snapshot().to_string().matches("/business-token/").count()
}

fn phone(popup: &Popup) -> String {
    popup.body["phone_number_id"].as_str().unwrap().to_owned()
}

/// A record with two numbers; returns the second.
async fn two_numbers(lab: &Lab) -> (Popup, String, String) {
    let (_, popup, id) = lab.signed_up("acme", &json!({})).await;
    lab.until(&id, "ready").await;
    let again = json!({ "waba_id": popup.waba, "new_number": true });
    let (_, second, _) = lab.signed_up("acme", &again).await;
    let both = async || (lab.onboarding(&id).await["phone_number_ids"].as_array()?.len() == 2).then_some(());
    lab.eventually("the second number is found", both).await;
    lab.until(&id, "ready").await;
    lab.quiet().await;
    (popup, id, phone(&second))
}

/// The other customers' credit, token and subscription are as before.
async fn nothing_was_taken_apart(lab: &Lab, waba: &str, kept: usize) {
    let state = lab.simulator("state").await;
    assert!(state["allocations"].as_object().unwrap().values().all(|allocation| allocation["status"] == "APPROVED"));
    assert_eq!(state["wabas"][waba]["subscribed"].as_array().unwrap().len(), 1);
    assert_eq!((tokens(lab), lab.calls("POST", "/deregister").await), (kept, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_was_disconnected_is_shown_and_the_other_one_goes_on() {
    let lab = Lab::start().await;
    let (popup, id, second) = two_numbers(&lab).await;
    let kept = tokens(&lab);
    let news = json!({ "shape": "number", "reason": "CHANGE_NUMBER", "initiated_by": "USER" });
    lab.simulate(&format!("phones/{second}/disconnect"), &news).await;
    let event = lab.event("whatsapp.number.disconnected.v1", |_| true).await;
    let shown = &event["data"]["disconnected"];
    assert_eq!((shown.as_array().unwrap().len(), &shown[0]["phone_number_id"]), (1, &json!(second)));
    assert_eq!((&shown[0]["reason"], &shown[0]["initiated_by"]), (&json!("CHANGE_NUMBER"), &json!("USER")));
    assert_eq!(lab.until(&id, "ready").await["customer_ref"], "acme");
    let details = details(&lab, &id).await;
    let numbers = details["numbers"].as_array().unwrap();
    let gone: Vec<_> = numbers.iter().filter(|number| !number["disconnected"].is_null()).collect();
    assert_eq!((gone.len(), &gone[0]["phone_number_id"]), (1, &json!(second)));
    assert_eq!(gone[0]["disconnected"]["who_acts"], "operator");
    let told = details["notices"].as_array().unwrap().iter().any(|notice| notice["phone_number_id"] == json!(second));
    assert!(told, "{}", details["notices"]);
    assert!(timeline(&lab, &id).await.contains("number_disconnected"));
    nothing_was_taken_apart(&lab, &popup.waba, kept).await;
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn news_that_names_only_the_account_is_about_its_number_in_the_app() {
    let lab = Lab::start().await;
    let coexistence = json!({ "event": "FINISH_WHATSAPP_BUSINESS_APP_ONBOARDING" });
    let (_, popup, id) = lab.signed_up("acme", &coexistence).await;
    lab.until(&id, "ready").await;
    lab.quiet().await;
    let kept = tokens(&lab);
    let number = lab.onboarding(&id).await["phone_number_ids"][0].as_str().unwrap().to_owned();
    let news = json!({ "shape": "account", "reason": "PRIMARY_INACTIVITY", "initiated_by": "SYSTEM" });
    lab.simulate(&format!("phones/{number}/disconnect"), &news).await;
    let event = lab.event("whatsapp.number.disconnected.v1", |_| true).await;
    let shown = &event["data"]["disconnected"][0];
    assert_eq!((&shown["reason"], &shown["who_acts"]), (&json!("PRIMARY_INACTIVITY"), &json!("customer")));
    lab.quiet().await;
    assert_eq!(lab.onboarding(&id).await["state"], "ready", "the account is still shared");
    nothing_was_taken_apart(&lab, &popup.waba, kept).await;
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn news_that_meta_does_not_confirm_changes_nothing() {
    let lab = Lab::start().await;
    let (popup, id, second) = two_numbers(&lab).await;
    let kept = tokens(&lab);
    for shape in ["number", "account"] {
        let news = json!({ "shape": shape, "reason": "X", "initiated_by": "USER", "still_connected": true });
        lab.simulate(&format!("phones/{second}/disconnect"), &news).await;
    }
    let refuted = async || {
        // What was read in the second of the report is older than it: Meta is asked again a minute later.
        lab.quiet().await;
        lab.age(&id, 100).await;
        lab.stack.fire("SweeperFunction", "Sweep").await.unwrap();
        timeline(&lab, &id).await.contains("number_still_connected").then_some(())
    };
    lab.eventually("Meta was asked", refuted).await;
    lab.quiet().await;
    assert_eq!(lab.onboarding(&id).await["state"], "ready");
    let numbers = details(&lab, &id).await["numbers"].clone();
    assert!(numbers.as_array().unwrap().iter().all(|number| number["disconnected"].is_null()), "{numbers}");
    nothing_was_taken_apart(&lab, &popup.waba, kept).await;
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_meta_no_longer_shows_does_not_end_its_account() {
    let lab = Lab::start().await;
    let (popup, id, second) = two_numbers(&lab).await;
    let url = format!("{}/_sim/phones/{second}", lab.stack.endpoints().graph);
    assert_eq!(lab.send("DELETE", &url, &[], b"").await.status, 204);
    let change = json!({ "field": "business_status_update", "value": {} });
    let entry = json!({ "id": popup.waba, "time": soon(), "changes": [change] });
    let body = json!({ "object": "whatsapp_business_account", "entry": [entry] });
    assert_eq!(lab.webhook(&body, "valid").await, 200);
    let event = lab.event("whatsapp.number.disconnected.v1", |_| true).await;
    assert_eq!(event["data"]["disconnected"][0]["phone_number_id"], json!(second));
    assert_eq!(lab.onboarding(&id).await["state"], "ready");
    assert_eq!(lab.platform_delete(&format!("/v1/onboardings/{id}?deregister=true")).await.status, 202);
    lab.until(&id, "left").await;
    assert_eq!(lab.calls("POST", "/deregister").await, 1, "the one that is still there");
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exit_leaves_numbers_registered_and_says_why_unless_the_operator_asks_otherwise() {
    let lab = Lab::start().await;
    for (other, code) in [(json!({}), "exit.number_kept"), (json!({ "other_app": "4711" }), "exit.number_shared")] {
        let (_, popup, id) = lab.signed_up("acme", &json!({})).await;
        lab.until(&id, "ready").await;
        lab.simulate(&format!("wabas/{}", popup.waba), &other).await;
        assert_eq!(lab.platform_delete(&format!("/v1/onboardings/{id}")).await.status, 202);
        lab.until(&id, "left").await;
        assert!(timeline(&lab, &id).await.contains(code), "{code}");
        let state = lab.simulator("state").await;
        assert_eq!(state["phones"][phone(&popup)]["status"], "CONNECTED");
        assert_eq!(state["wabas"][&popup.waba]["primary_funding_id"], json!(null));
    }
    assert_eq!((tokens(&lab), lab.calls("POST", "/deregister").await), (0, 0));
    for odd in ["deregister=1", "deregister=true&deregister=true", "other=true"] {
        let (_, _, id) = lab.signed_up("acme", &json!({})).await;
        assert_eq!(lab.platform_delete(&format!("/v1/onboardings/{id}?{odd}")).await.status, 400, "{odd}");
    }
    lab.stop().await;
}
