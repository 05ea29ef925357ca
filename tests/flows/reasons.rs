//! Meta's reason for a refusal: its numbers, a sentence and who acts, on routes, in the timeline and in events.

use crate::messages::{outcomes, phone, post, ready, text, until};
use integration::Lab;
use serde_json::{Value, json};

/// Meta refuses the next call of a kind with this error.
async fn refuses(lab: &Lab, method: &str, path: &str, error: &Value) {
    let effect = json!({ "kind": "answer", "status": 400, "body": { "error": error } });
    lab.simulate("faults", &json!({ "method": method, "path": path, "effect": effect })).await;
}

fn meta(code: u64, subcode: Option<u64>) -> Value {
    json!({ "code": code, "subcode": subcode })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_message_keeps_metas_numbers_and_says_who_acts() {
    let lab = Lab::start().await;
    let (popup, _) = ready(&lab).await;
    let error = json!({ "code": 131_030, "error_subcode": 2_494_010, "message": "CANARY" });
    refuses(&lab, "POST", "/messages", &error).await;
    let refused = post(&lab, &popup, &text()).await.json();
    assert_eq!((&refused["state"], &refused["code"]), (&json!("failed"), &json!("graph.131030")));
    for place in [&refused, &refused["attempts"][0]] {
        assert_eq!(place["meta"], meta(131_030, Some(2_494_010)), "{refused}");
    }
    assert_eq!(refused["who_acts"], "operator");
    assert!(refused["message"].as_str().unwrap().contains("development mode"));
    let event = lab.event("whatsapp.message.failed.v1", |_| true).await;
    assert_eq!((&event["data"]["meta"], &event["data"]["who_acts"]), (&refused["meta"], &json!("operator")));
    // A documented failure in a webhook, and one that nobody documents.
    outcomes(&lab, &popup, &["failed:130497", "failed:424242"]).await;
    for (code, documented) in [(130_497, true), (424_242, false)] {
        let id = post(&lab, &popup, &text()).await.json()["message_id"].as_str().unwrap().to_owned();
        let failed = until(&lab, &id, "failed").await;
        assert_eq!(failed["meta"], meta(code, None));
        let general = failed["message"].as_str().unwrap().starts_with("Meta refused the message.");
        assert_eq!(general, !documented, "{failed}");
    }
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_step_keeps_metas_numbers_on_the_route_in_the_timeline_and_in_the_event() {
    let lab = Lab::start().await;
    let error = json!({ "code": 100, "error_subcode": 2_207_051, "error_user_msg": "CANARY" });
    refuses(&lab, "POST", "/subscribed_apps", &error).await;
    let (_, _, id) = lab.signed_up("acme", &json!({})).await;
    lab.until(&id, "waiting").await;
    let waiting = lab.platform_get(&format!("/v1/onboardings/{id}")).await.json();
    let onboarding = &waiting["onboarding"];
    assert_eq!((&onboarding["code"], &onboarding["meta"]), (&json!("graph.100"), &meta(100, Some(2_207_051))));
    assert!(onboarding["message"].as_str().unwrap().contains("not registered"), "{onboarding}");
    let step = waiting["steps"].as_array().unwrap().iter().find(|step| step["name"] == "subscribe_app").unwrap();
    assert_eq!((&step["meta"], &step["who_acts"]), (&onboarding["meta"], &json!("operator")));
    let entry = waiting["timeline"].as_array().unwrap().iter().find(|entry| entry["code"] == "graph.100").unwrap();
    assert_eq!((&entry["meta"], &entry["who_acts"]), (&onboarding["meta"], &json!("operator")));
    assert!(entry["message"].as_str().unwrap().ends_with('.'));
    let event = lab.event("whatsapp.onboarding.paused.v1", |_| true).await;
    assert_eq!((&event["data"]["meta"], &event["data"]["message"]), (&onboarding["meta"], &onboarding["message"]));
    assert!(!lab.dump().await.iter().any(|item| item.contains("CANARY")), "no text of Meta's is stored");
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_code_and_an_unread_light_keep_metas_numbers() {
    let lab = Lab::start().await;
    let (popup, _) = ready(&lab).await;
    refuses(&lab, "GET", "/debug_token", &json!({ "code": 190, "error_subcode": 463 })).await;
    let lights = lab.platform_get(&format!("/v1/reception/{}", phone(&popup))).await.json();
    let token = lights["lights"].as_array().unwrap().iter().find(|light| light["name"] == "token").unwrap();
    assert_eq!((&token["ok"], &token["meta"]), (&json!(null), &meta(190, Some(463))), "{lights}");
    assert!(token["message"].as_str().unwrap().ends_with('.') && token["who_acts"] == "customer");
    refuses(&lab, "GET", "/oauth/access_token", &json!({ "code": 100, "error_subcode": 36_007 })).await;
    let session = lab.session("other").await;
    let popup = lab.popup(&json!({})).await;
    let refused = lab.callback(&session, &popup).await.json();
    assert_eq!((&refused["code"], &refused["meta"]), (&json!("code_expired"), &meta(100, Some(36_007))));
    lab.stop().await;
}
