//! What an onboarding waits for is visible: what, since when, until when, and who acts.

use integration::Lab;
use serde_json::{Value, json};

async fn details(lab: &Lab, id: &str) -> Value {
    lab.platform_get(&format!("/v1/onboardings/{id}")).await.json()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_review_of_the_account_is_awaited_and_ends_with_metas_decision() {
    let lab = Lab::start().await;
    let (_, popup, id) = lab.signed_up("acme", &json!({ "review": "PENDING" })).await;
    let waiting = lab.until(&id, "waiting").await;
    assert_eq!((waiting["waiting_for"].as_str(), waiting["who_acts"].as_str()), (Some("account_review"), Some("meta")));
    assert!(waiting["since"].is_string() && waiting["until"].is_string() && waiting["message"].is_string());
    lab.simulate("clock", &json!({ "advance_seconds": 2 })).await;
    lab.simulate(&format!("wabas/{}", popup.waba), &json!({ "review": "APPROVED" })).await;
    let ready = lab.until(&id, "ready").await;
    assert!(ready["since"].as_str() > waiting["since"].as_str(), "{} after {}", ready["since"], waiting["since"]);
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_business_without_a_website_waits_for_its_certification() {
    let lab = Lab::start().await;
    let session = lab.session("acme").await;
    let popup = lab.popup(&json!({ "announced_as": "PARTNER_CLIENT_CERTIFICATION_NEEDED" })).await;
    lab.simulate(&format!("wabas/{}", popup.waba), &json!({ "verification": "NOT_VERIFIED" })).await;
    lab.event("whatsapp.webhook.received.v1", |_| true).await;
    let accepted = lab.callback(&session, &popup).await;
    let id = accepted.json()["onboarding_id"].as_str().unwrap().to_owned();
    let waiting = lab.until(&id, "waiting").await;
    assert_eq!(waiting["waiting_for"], "business_verification");
    let notices = details(&lab, &id).await["notices"].clone();
    let deadline = notices.as_array().unwrap().iter().find(|notice| notice["code"] == "business.unverified").unwrap();
    assert!(deadline["until"].is_string(), "thirty days: {deadline}");
    let info =
        json!({ "client_business_id": popup.body["business_id"], "status": "APPROVED", "rejection_reasons": ["NONE"] });
    let value =
        json!({ "event": "PARTNER_CLIENT_CERTIFICATION_STATUS_UPDATE", "partner_client_certification_info": info });
    let body = json!({ "object": "whatsapp_business_account", "entry": [{ "id": popup.waba, "time": 4_000_000_000_i64,
        "changes": [{ "field": "account_update", "value": value }] }] });
    assert_eq!(lab.webhook(&body, "valid").await, 200);
    lab.until(&id, "ready").await;
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn contacts_and_history_of_a_coexistence_number_are_asked_for_once_each() {
    let lab = Lab::start().await;
    let coexistence = json!({ "event": "FINISH_WHATSAPP_BUSINESS_APP_ONBOARDING" });
    let (_, _, id) = lab.signed_up("acme", &coexistence).await;
    lab.until(&id, "ready").await;
    assert_eq!((lab.calls("POST", "/smb_app_data").await, lab.calls("POST", "/register").await), (2, 0));
    let state = lab.simulator("state").await;
    let phone = state["phones"].as_object().unwrap().values().next().unwrap();
    assert_eq!(phone["synced"], json!(["history", "smb_app_state_sync"]));
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_does_not_ask_for_the_history_twice_and_its_deadline_is_shown() {
    let lab = Lab::start().await;
    let lost = json!({ "method": "POST", "path": "/smb_app_data", "effect": { "kind": "drop_after" } });
    lab.simulate("faults", &lost).await;
    let coexistence = json!({ "event": "FINISH_WHATSAPP_BUSINESS_APP_ONBOARDING" });
    let (_, _, id) = lab.signed_up("acme", &coexistence).await;
    lab.eventually("the response was lost", async || (lab.calls("POST", "/smb_app_data").await > 0).then_some(()))
        .await;
    let shown = async || details(&lab, &id).await["notices"].to_string().contains("sync.open").then_some(());
    lab.eventually("the deadline is shown", shown).await;
    let done = async || {
        lab.age(&id, 600).await;
        lab.stack.fire("SweeperFunction", "Sweep").await.unwrap();
        let steps = details(&lab, &id).await["steps"].clone();
        let over = |step: &&Value| {
            step["name"].as_str().is_some_and(|name| name.starts_with("sync_")) && step["state"] == "done"
        };
        (steps.as_array()?.iter().filter(over).count() == 2).then_some(())
    };
    lab.eventually("both are done", done).await;
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn history_that_comes_too_late_is_skipped_with_a_reason_and_the_number_works() {
    let lab = Lab::start().await;
    let popup = lab.popup(&json!({ "event": "FINISH_WHATSAPP_BUSINESS_APP_ONBOARDING" })).await;
    let refused = json!({ "error": { "code": 2_593_108, "message": "too late" } });
    for _ in 0..2 {
        let late = json!({ "method": "POST", "path": "/smb_app_data",
            "effect": { "kind": "answer", "status": 400, "body": refused } });
        lab.simulate("faults", &late).await;
    }
    let session = lab.session("acme").await;
    let id = lab.callback(&session, &popup).await.json()["onboarding_id"].as_str().unwrap().to_owned();
    lab.until(&id, "ready").await;
    let steps = details(&lab, &id).await["steps"].clone();
    let skipped = steps.as_array().unwrap().iter().filter(|step| step["state"] == "skipped");
    assert!(skipped.clone().all(|step| step["code"] == "sync.too_late"));
    assert_eq!(skipped.count(), 2);
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signup_without_a_number_waits_for_one_and_goes_on_when_it_is_there() {
    let lab = Lab::start().await;
    let (_, popup, id) = lab.signed_up("acme", &json!({ "event": "FINISH_ONLY_WABA", "numbers": 0 })).await;
    let waiting = lab.until(&id, "waiting").await;
    assert_eq!((waiting["waiting_for"].as_str(), waiting["who_acts"].as_str()), (Some("number"), Some("customer")));
    lab.popup(&json!({ "waba_id": popup.waba, "new_number": true })).await;
    assert_eq!(lab.platform_post(&format!("/v1/onboardings/{id}/resume"), &json!({})).await.status, 202);
    lab.until(&id, "ready").await;
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_onboarding_stays_within_forty_calls_to_meta() {
    for role in ["solution-partner", "tech-provider"] {
        let lab = Lab::start_as(role).await;
        let (_, popup, id) = lab.signed_up("acme", &json!({ "payment_method": role != "solution-partner" })).await;
        lab.until(&id, "ready").await;
        let calls = lab.simulator("calls").await.as_array().unwrap().len();
        assert!(calls <= 40, "{role}: {calls} calls for {}", popup.waba);
        println!("{role}: {calls} calls to Meta");
        lab.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hundreds_of_records_that_always_fail_do_not_hold_up_the_one_behind_them() {
    let lab = Lab::start().await;
    lab.stack.set_mapping("OnboardingQueue", false);
    let (_, _, id) = lab.signed_up("acme", &json!({})).await;
    lab.quiet().await;
    lab.add_unreadable(&id, 600).await;
    lab.lose("OnboardingQueue").await;
    lab.age(&id, 600).await;
    lab.stack.fire("SweeperFunction", "Sweep").await.unwrap();
    lab.stack.set_mapping("OnboardingQueue", true);
    lab.until(&id, "ready").await;
    lab.stop().await;
}
