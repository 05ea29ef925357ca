//! Health checks: a connection is checked daily, repaired where it is ours, reported where it is not.

mod lost_access;
mod number_news;

use integration::{Lab, Popup};
use serde_json::{Value, json};

async fn details(lab: &Lab, id: &str) -> Value {
    lab.platform_get(&format!("/v1/onboardings/{id}")).await.json()
}

async fn ready(lab: &Lab, what: &Value) -> (Popup, String) {
    let (_, popup, id) = lab.signed_up("acme", what).await;
    lab.until(&id, "ready").await;
    (popup, id)
}

fn tokens(lab: &Lab) -> usize {
    lab.stack.secrets().snapshot().to_string().matches("/business-token/").count()
}

/// A day passes, and the six hours over which checks are spread; the sweeper enqueues.
async fn a_day_later(lab: &Lab, id: &str) {
    lab.quiet().await;
    lab.age(id, 31 * 3600).await;
    lab.stack.fire("SweeperFunction", "Sweep").await.unwrap();
}

fn number(popup: &Popup) -> String {
    popup.body["phone_number_id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_that_vanished_is_repaired_and_the_timeline_says_so() {
    let lab = Lab::start().await;
    let (popup, id) = ready(&lab, &json!({})).await;
    lab.simulate(&format!("wabas/{}", popup.waba), &json!({ "unsubscribe": true })).await;
    a_day_later(&lab, &id).await;
    let repaired = async || details(&lab, &id).await["timeline"].to_string().contains("repaired").then_some(());
    lab.eventually("the subscription is repaired", repaired).await;
    let state = lab.simulator("state").await;
    assert_eq!(state["wabas"][&popup.waba]["subscribed"].as_array().unwrap().len(), 1);
    assert_eq!(lab.onboarding(&id).await["state"], "ready");
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_meta_disconnected_is_reported_once_and_not_registered_by_itself() {
    let lab = Lab::start().await;
    let (popup, id) = ready(&lab, &json!({})).await;
    lab.simulate(&format!("phones/{}", number(&popup)), &json!({ "status": "DISCONNECTED" })).await;
    a_day_later(&lab, &id).await;
    let event = lab.event("whatsapp.reception.changed.v1", |_| true).await;
    assert_eq!(event["data"]["drift"], json!(["number.disconnected"]));
    a_day_later(&lab, &id).await;
    lab.quiet().await;
    assert!(lab.events_of("whatsapp.reception.changed.v1").await.is_empty(), "one transition, one event");
    assert_eq!(lab.calls("POST", "/register").await, 1);
    let notices = details(&lab, &id).await["notices"].clone();
    assert!(notices.to_string().contains("number.disconnected"), "{notices}");
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_elses_callback_is_reported_and_left_alone() {
    let lab = Lab::start().await;
    let (popup, id) = ready(&lab, &json!({})).await;
    let other = json!({ "webhook_override": "https://other.acme.com/hook" });
    lab.simulate(&format!("phones/{}", number(&popup)), &other).await;
    a_day_later(&lab, &id).await;
    let event = lab.event("whatsapp.reception.changed.v1", |_| true).await;
    assert_eq!(event["data"]["drift"], json!(["webhooks.overridden"]));
    let state = lab.simulator("state").await;
    assert_eq!(state["phones"][number(&popup)]["webhook_override"], "https://other.acme.com/hook");
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expiring_token_is_noticed_warned_about_and_renewed_without_the_customer() {
    let lab = Lab::start().await;
    let (_, id) = ready(&lab, &json!({ "expires_in": 6 * 86_400 })).await;
    let kept = tokens(&lab);
    let record = lab.onboarding(&id).await;
    let end = record["token_expires_at"].as_str().unwrap().to_owned();
    // Meta's times have whole seconds: the successor expires at least a second later.
    lab.simulate("clock", &json!({ "advance_seconds": 2 })).await;
    a_day_later(&lab, &id).await;
    lab.event("whatsapp.token.expiring.v1", |_| true).await;
    let renewed = async || {
        let now = lab.onboarding(&id).await["token_expires_at"].as_str()?.to_owned();
        (now > end).then_some(())
    };
    lab.eventually("the token is renewed", renewed).await;
    assert_eq!(lab.onboarding(&id).await["state"], "ready");
    let one = async || {
        lab.stack.fire("SweeperFunction", "Sweep").await.unwrap();
        (tokens(&lab) == kept).then_some(())
    };
    lab.eventually("the old token is destroyed", one).await;
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_meta_does_not_renew_ends_as_a_request_to_connect_again() {
    let lab = Lab::start().await;
    lab.simulate("platform", &json!({ "system_token": true })).await;
    let (popup, id) = ready(&lab, &json!({ "expires_in": 6 * 86_400 })).await;
    lab.simulate("platform", &json!({ "system_token": false })).await;
    a_day_later(&lab, &id).await;
    lab.event("whatsapp.token.expiring.v1", |_| true).await;
    let notices = details(&lab, &id).await["notices"].to_string();
    assert!(notices.contains("token.expires"), "{notices}");
    lab.simulate(&format!("wabas/{}/revoke", popup.waba), &json!({})).await;
    a_day_later(&lab, &id).await;
    lab.until(&id, "reauthorise").await;
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_display_name_that_meta_approves_is_registered_within_its_window() {
    let lab = Lab::start().await;
    let (popup, id) = ready(&lab, &json!({})).await;
    let phone = format!("phones/{}", number(&popup));
    lab.simulate(&phone, &json!({ "name_status": "PENDING_REVIEW" })).await;
    let seen = async || details(&lab, &id).await["notices"].to_string().contains("number.name_pending").then_some(());
    lab.eventually("the review is shown", seen).await;
    // Meta's times have whole seconds: the decision is a second newer than the registration.
    lab.simulate("clock", &json!({ "advance_seconds": 2 })).await;
    lab.simulate(&phone, &json!({ "name_status": "APPROVED" })).await;
    lab.eventually("the number is registered again", async || {
        (lab.calls("POST", "/register").await == 2).then_some(())
    })
    .await;
    lab.until(&id, "ready").await;
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn five_lights_say_whether_a_number_is_really_receiving() {
    let lab = Lab::start().await;
    let (popup, _) = ready(&lab, &json!({})).await;
    let path = format!("/v1/reception/{}", number(&popup));
    let lights = async || lab.platform_get(&path).await.json()["lights"].clone();
    let of = |lights: &Value, name: &str| {
        lights.as_array().unwrap().iter().find(|light| light["name"] == name).unwrap().clone()
    };
    let before = lights().await;
    for name in ["token", "subscription", "override", "registration"] {
        assert_eq!(of(&before, name)["ok"], true, "{name}: {before}");
    }
    assert_eq!(of(&before, "last_event")["ok"], json!(null));
    let value =
        json!({ "messaging_product": "whatsapp", "metadata": { "phone_number_id": number(&popup) }, "messages": [] });
    let body = json!({ "object": "whatsapp_business_account",
        "entry": [{ "id": popup.waba, "changes": [{ "field": "messages", "value": value }] }] });
    assert_eq!(lab.webhook(&body, "valid").await, 200);
    let arrived = async || of(&lights().await, "last_event")["at"].as_str().map(str::to_owned);
    lab.eventually("the last event has a time", arrived).await;
    lab.simulate(&format!("wabas/{}", popup.waba), &json!({ "unsubscribe": true })).await;
    lab.simulate(&format!("phones/{}", number(&popup)), &json!({ "status": "DISCONNECTED" })).await;
    let after = lights().await;
    assert_eq!(
        (of(&after, "subscription")["ok"].clone(), of(&after, "registration")["ok"].clone()),
        (json!(false), json!(false))
    );
    lab.simulate(&format!("wabas/{}/revoke", popup.waba), &json!({})).await;
    assert_eq!(of(&lights().await, "token")["ok"], false);
    for unknown in ["/v1/reception/1", "/v1/reception/abc", "/v1/reception/12%2F..%2Fme"] {
        assert_eq!(lab.platform_get(unknown).await.status, 404, "{unknown}");
    }
    lab.stop().await;
}
