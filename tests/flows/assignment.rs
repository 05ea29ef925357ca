//! An operator assigns an account to a customer: the only way if its token was never brought.

use crate::healing::{died_in_the_exchange, sweep};
use crate::joining::announced;
use integration::Lab;
use serde_json::{Value, json};

async fn assign(lab: &Lab, id: &str, body: &Value) -> (u16, Value) {
    let answer = lab.platform_post(&format!("/v1/onboardings/{id}/assign"), body).await;
    (answer.status, answer.json())
}

async fn refused(lab: &Lab, id: &str, body: &Value, status: u16, code: &str) {
    let (answered, problem) = assign(lab, id, body).await;
    assert_eq!((answered, problem["code"].as_str()), (status, Some(code)), "{body}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signup_whose_answer_was_lost_goes_on_by_an_operators_decision_instead_of_another_click() {
    let lab = Lab::start().await;
    let (session, popup, id) = died_in_the_exchange(&lab).await;
    sweep(&lab).await;
    lab.until(&id, "relaunch").await;
    let order = |customer: &str, waba: &str| json!({ "customer_ref": customer, "waba_id": waba });
    refused(&lab, &id, &order("other", &popup.waba), 409, "other_customer").await;
    refused(&lab, &id, &order("acme", "555"), 409, "not_announced").await;
    let (_, taken, owner) = lab.signed_up("owner", &json!({})).await;
    lab.until(&owner, "ready").await;
    refused(&lab, &id, &order("acme", &taken.waba), 409, "account_has_owner").await;
    assert_eq!(lab.calls("POST", "/system_user_access_tokens").await, 0);
    let (status, record) = assign(&lab, &id, &order("acme", &popup.waba)).await;
    assert_eq!((status, record["state"].as_str()), (202, Some("exchanging")));
    let record = lab.until(&id, "ready").await;
    assert_eq!((&record["waba_id"], &record["customer_ref"]), (&json!(popup.waba), &json!("acme")));
    assert_eq!(assign(&lab, &id, &order("acme", &popup.waba)).await.0, 202, "the same decision again");
    refused(&lab, &id, &order("acme", &taken.waba), 409, "not_assignable").await;
    let published = lab.event("whatsapp.onboarding.assigned.v1", |_| true).await;
    assert_eq!(published["data"]["customer_ref"], "acme");
    let timeline = lab.platform_get(&format!("/v1/onboardings/{id}")).await.json()["timeline"].to_string();
    assert!(timeline.contains("assigned"), "{timeline}");
    assert_eq!(lab.status(&session).await["state"], "ready");
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unclaimed_account_is_assigned_to_a_customer_and_to_no_other_afterwards() {
    let lab = Lab::start().await;
    let popup = lab.popup(&json!({})).await;
    let id = announced(&lab, &popup.waba).await;
    lab.until(&id, "ready").await;
    let order = |customer: &str, waba: &str| json!({ "customer_ref": customer, "waba_id": waba });
    refused(&lab, &id, &order("acme", "555"), 409, "other_account").await;
    let (status, record) = assign(&lab, &id, &order("acme", &popup.waba)).await;
    assert_eq!((status, record["customer_ref"].as_str()), (202, Some("acme")));
    assert_eq!(assign(&lab, &id, &order("acme", &popup.waba)).await.0, 202, "the same decision again");
    refused(&lab, &id, &order("other", &popup.waba), 409, "not_assignable").await;
    let own = lab.platform_get("/v1/onboardings?customer_ref=acme").await.json();
    assert_eq!(own["onboardings"][0]["id"], id.as_str());
    let (_, _, late) = lab.signed_up("other", &json!({ "waba_id": popup.waba })).await;
    assert_eq!(lab.until(&late, "held").await["code"], "grant.bound_elsewhere");
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invalid_decision_is_refused_and_changes_nothing() {
    let lab = Lab::start().await;
    let (_, popup, id) = lab.signed_up("acme", &json!({})).await;
    lab.until(&id, "ready").await;
    for (body, code) in [
        (json!({}), "customer_ref_missing"),
        (json!({ "customer_ref": "acme" }), "waba_id_missing"),
        (json!({ "customer_ref": "acme", "waba_id": "12/../me" }), "id_invalid"),
        (json!({ "customer_ref": "acme", "waba_id": 7 }), "bad_type"),
        (json!({ "customer_ref": "meta:77", "waba_id": popup.waba }), "bad_value"),
        (json!({ "customer_ref": "acme", "waba_id": popup.waba, "force": true }), "unknown_field"),
    ] {
        refused(&lab, &id, &body, 400, code).await;
    }
    let whole = json!({ "customer_ref": "acme", "waba_id": popup.waba });
    refused(&lab, &id, &whole, 409, "not_assignable").await;
    refused(&lab, "onb_01jd0000000000000000000000", &whole, 404, "not_found").await;
    assert_eq!(lab.onboarding(&id).await["state"], "ready");
    lab.stop().await;
}
