//! Data from a browser is a hint; data from Meta is a fact.

use crate::healing::{died_with, sweep};
use integration::{Lab, Popup};
use serde_json::json;

/// Checks that nothing that costs money or changes routing happened.
async fn nothing_was_touched(lab: &Lab) {
    for end in ["/subscribed_apps", "/register", "/assigned_users", "whatsapp_credit_sharing_and_attach"] {
        assert_eq!(lab.calls("POST", end).await, 0, "{end}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_the_token_was_not_granted_is_held_and_nothing_is_touched() {
    let lab = Lab::start().await;
    let victim = lab.popup(&json!({ "business_name": "Victim" })).await;
    let (session, mut own) = (lab.session("mallory").await, lab.popup(&json!({ "business_name": "Mallory" })).await);
    own.body["waba_id"] = json!(victim.waba);
    let accepted = lab.callback(&session, &own).await;
    assert_eq!(accepted.status, 202);
    let id = accepted.json()["onboarding_id"].as_str().unwrap().to_owned();
    let record = lab.until(&id, "held").await;
    assert_eq!(record["who_acts"], "operator");
    nothing_was_touched(&lab).await;
    lab.event("whatsapp.onboarding.held.v1", |_| true).await;
    let alarmed = lab.stack.logs().iter().any(|line| line.text.contains("a proof failed"));
    assert!(alarmed, "the line that the alarm counts");
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invented_code_whose_exchange_crashes_gets_no_account_that_meta_announced() {
    for guesses_the_portfolio in [false, true] {
        let lab = Lab::start().await;
        let victim = lab.popup(&json!({ "business_name": "Victim" })).await;
        let session = lab.session("mallory").await;
        let mut body = json!({ "code": "AQinvented", "event": "FINISH", "waba_id": victim.waba });
        if guesses_the_portfolio {
            body["business_id"] = victim.body["business_id"].clone();
        }
        let attack = Popup { code: "AQinvented".to_owned(), waba: victim.waba.clone(), body };
        let id = died_with(&lab, &session, &attack).await;
        assert_eq!(sweep(&lab).await, 1);
        let record = lab.until(&id, "relaunch").await;
        assert_eq!((record["code"].as_str(), record["waba_id"].as_str()), (Some("exchange.lost"), None));
        lab.quiet().await;
        nothing_was_touched(&lab).await;
        assert_eq!(lab.calls("POST", "/system_user_access_tokens").await, 0, "the victim's token was not requested");
        let stored = lab.stored(&format!("WABA#{}", victim.waba)).await;
        assert!(stored.iter().all(|item| item["sk"].as_s().unwrap() != "OWNER"), "the account is unclaimed");
        let (_, _, honest) = lab.signed_up("victim", &json!({ "waba_id": victim.waba })).await;
        assert_eq!(lab.until(&honest, "ready").await["waba_id"], victim.waba);
        lab.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_whose_grant_names_no_account_is_kept_for_none_of_another_portfolio() {
    let lab = Lab::start().await;
    let popup = lab.popup(&json!({ "business_name": "Victim" })).await;
    let app = &lab.stack.endpoints().meta.app_id;
    let grant = json!({ "data": { "app_id": app, "is_valid": true, "scopes": ["whatsapp_business_management"] } });
    let account = json!({ "id": popup.waba, "owner_business_info": { "id": "100000000000999" } });
    for (path, body) in [("/debug_token".to_owned(), grant), (format!("/{}", popup.waba), account)] {
        let effect = json!({ "kind": "answer", "status": 200, "body": body });
        lab.simulate("faults", &json!({ "method": "GET", "path": path, "times": 1000, "effect": effect })).await;
    }
    lab.event("whatsapp.webhook.received.v1", |event| event["data"]["field"] == "account_update").await;
    lab.quiet().await;
    lab.age_announcement(&popup.waba, 700).await;
    assert_eq!(sweep(&lab).await, 1);
    let given_up = async || {
        let listed = lab.platform_get("/v1/onboardings?state=relaunch").await.json();
        (!listed["onboardings"].as_array()?.is_empty()).then_some(())
    };
    lab.eventually("its token is not kept", given_up).await;
    assert_eq!(lab.calls("POST", "/system_user_access_tokens").await, 1);
    nothing_was_touched(&lab).await;
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_of_another_account_is_held_and_not_registered() {
    let lab = Lab::start().await;
    let victim = lab.popup(&json!({ "business_name": "Victim" })).await;
    let (session, mut own) = (lab.session("mallory").await, lab.popup(&json!({})).await);
    own.body["phone_number_id"] = victim.body["phone_number_id"].clone();
    let id = lab.callback(&session, &own).await.json()["onboarding_id"].as_str().unwrap().to_owned();
    lab.until(&id, "held").await;
    assert_eq!(lab.calls("POST", "/register").await, 0);
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_portfolio_that_does_not_own_the_account_is_held_and_gets_no_credit() {
    let lab = Lab::start().await;
    let (session, mut own) = (lab.session("mallory").await, lab.popup(&json!({})).await);
    own.body["business_id"] = json!("100000000000999");
    let id = lab.callback(&session, &own).await.json()["onboarding_id"].as_str().unwrap().to_owned();
    lab.until(&id, "held").await;
    nothing_was_touched(&lab).await;
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_the_browser_did_not_send_are_found_at_meta() {
    let lab = Lab::start().await;
    let (session, popup) = (lab.session("acme").await, lab.popup(&json!({})).await);
    let accepted = lab.server_callback(&json!({ "session": session.id, "code": popup.code })).await;
    let id = accepted.json()["onboarding_id"].as_str().unwrap().to_owned();
    assert_eq!(lab.until(&id, "ready").await["waba_id"], popup.waba);
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_belongs_to_the_customer_that_connected_it_first() {
    let lab = Lab::start().await;
    let (_, popup, id) = lab.signed_up("first", &json!({})).await;
    lab.until(&id, "ready").await;
    let (_, _, second) = lab.signed_up("second", &json!({ "waba_id": popup.waba })).await;
    let record = lab.until(&second, "held").await;
    assert_eq!(record["who_acts"], "operator");
    assert_eq!(lab.onboarding(&id).await["state"], "ready");
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_elses_credit_line_is_never_replaced() {
    let lab = Lab::start().await;
    let (_, _, id) = lab.signed_up("acme", &json!({ "foreign_credit_line": true })).await;
    let record = lab.until(&id, "held").await;
    assert_eq!(record["who_acts"], "operator");
    assert_eq!(lab.calls("POST", "whatsapp_credit_sharing_and_attach").await, 0);
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn resuming_after_a_failed_proof_fails_again_and_shares_nothing() {
    let lab = Lab::start().await;
    let (session, mut own) = (lab.session("mallory").await, lab.popup(&json!({})).await);
    own.body["phone_number_id"] = json!("999");
    let id = lab.callback(&session, &own).await.json()["onboarding_id"].as_str().unwrap().to_owned();
    lab.until(&id, "held").await;
    let reads = lab.calls("GET", "/phone_numbers").await;
    assert_eq!(lab.platform_post(&format!("/v1/onboardings/{id}/resume"), &json!({})).await.status, 202);
    let again = async || (lab.calls("GET", "/phone_numbers").await > reads).then_some(());
    lab.eventually("the proof is tried again", again).await;
    lab.until(&id, "held").await;
    assert_eq!(lab.calls("POST", "whatsapp_credit_sharing_and_attach").await, 0);
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn resuming_does_not_use_up_metas_registrations() {
    let lab = Lab::start().await;
    let (_, popup, id) = lab.signed_up("acme", &json!({ "pin": "135791" })).await;
    lab.until(&id, "waiting").await;
    for _ in 0..12 {
        lab.platform_post(&format!("/v1/onboardings/{id}/resume"), &json!({})).await;
        lab.quiet().await;
        lab.until(&id, "waiting").await;
    }
    let state = lab.simulator("state").await;
    let phone = &state["phones"][popup.body["phone_number_id"].as_str().unwrap()];
    let made = phone["registrations"].as_array().unwrap().len();
    assert!((2..=6).contains(&made), "{made} of Meta's ten");
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_portfolio_that_is_named_as_the_account_is_held() {
    let lab = Lab::start().await;
    let (session, mut popup) = (lab.session("acme").await, lab.popup(&json!({})).await);
    popup.body["waba_id"] = popup.body["business_id"].clone();
    let id = lab.callback(&session, &popup).await.json()["onboarding_id"].as_str().unwrap().to_owned();
    let held = lab.until(&id, "held").await;
    assert_eq!(held["code"], "grant.claim_not_granted");
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whatsapp_scope_of_another_name_is_as_good_and_a_permission_without_any_says_what_is_missing() {
    let lab = Lab::start().await;
    let renamed = json!({ "scopes": ["business_management", "whatsapp_business_account_access"] });
    let (_, _, id) = lab.signed_up("acme", &renamed).await;
    lab.until(&id, "ready").await;
    assert!(lab.stack.logs().iter().any(|line| line.text.contains("whatsapp_business_account_access")), "seen first");
    let (_, _, bare) = lab.signed_up("bare", &json!({ "scopes": ["business_management", "ads_read"] })).await;
    let waiting = lab.until(&bare, "waiting").await;
    assert_eq!(
        (waiting["code"].as_str(), waiting["who_acts"].as_str()),
        (Some("token.scope_missing"), Some("operator"))
    );
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connecting_another_account_does_not_revive_the_one_whose_permission_ended() {
    let lab = Lab::start().await;
    let (_, popup, id) = lab.signed_up("acme", &json!({})).await;
    lab.until(&id, "ready").await;
    lab.simulate(&format!("wabas/{}/revoke", popup.waba), &json!({})).await;
    lab.stack.fire("TemplatePollFunction", "Poll").await.unwrap();
    lab.until(&id, "reauthorise").await;
    let (_, _, other) = lab.signed_up("acme", &json!({})).await;
    lab.until(&other, "ready").await;
    assert_eq!(lab.onboarding(&id).await["state"], "reauthorise");
    lab.stop().await;
}
