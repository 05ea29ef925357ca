//! The second attempt: only when it can help, not before its time, and once.

use crate::messages::{impatient, message, outcomes, phone, post, ready, sent, text, until};
use integration::{Lab, Popup};
use serde_json::{Value, json};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_message_is_sent_again_nine_and_a_half_minutes_later_and_not_before() {
    let lab = Lab::start().await;
    let (popup, _) = ready(&lab).await;
    outcomes(&lab, &popup, &["failed:131000"]).await;
    let id = sent(&lab, &popup).await;
    until(&lab, &id, "retrying").await;
    let event = lab.event("whatsapp.message.retry_scheduled.v1", |_| true).await;
    assert_eq!((&event["data"]["code"], &event["data"]["message_id"]), (&json!("graph.131000"), &json!(id)));
    assert!(!event["data"]["retry_at"].is_null());
    let waits = async || (lab.stack.sqs().counts(&lab.queue("MessageRetryQueue")).unwrap().delayed == 1).then_some(());
    lab.eventually("the job is delayed", waits).await;
    lab.stack.shift_time(550);
    lab.quiet().await;
    assert_eq!(lab.calls("POST", "/messages").await, 1, "not before");
    // Functions use the machine's clock: the record has to be as old as the queue's clock says.
    lab.age_message(&id, 570).await;
    lab.stack.shift_time(25);
    let arrived = until(&lab, &id, "delivered").await;
    let attempts = arrived["attempts"].as_array().unwrap();
    assert_eq!(
        (attempts.len(), &attempts[0]["state"], &attempts[1]["state"]),
        (2, &json!("failed"), &json!("delivered"))
    );
    assert_ne!(attempts[0]["wamid"], attempts[1]["wamid"], "a new message, linked to the first");
    assert_eq!(lab.calls("POST", "/messages").await, 2);
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_failure_is_final() {
    let lab = impatient().await;
    let (popup, _) = ready(&lab).await;
    outcomes(&lab, &popup, &["failed:131000", "failed:131000"]).await;
    let id = sent(&lab, &popup).await;
    let failed = until(&lab, &id, "failed").await;
    assert_eq!(failed["attempts"].as_array().unwrap().len(), 2);
    let event = lab.event("whatsapp.message.failed.v1", |_| true).await;
    assert_eq!(event["data"]["wamids"].as_array().unwrap().len(), 2);
    assert_eq!(lab.calls("POST", "/messages").await, 2);
    let payload = lab.stored(&format!("MESSAGE#{id}")).await;
    assert!(!payload.iter().any(|item| item.contains_key("payload")), "its text is deleted");
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_second_attempt_cannot_help_fails_with_a_sentence() {
    let lab = impatient().await;
    let (popup, _) = ready(&lab).await;
    outcomes(&lab, &popup, &["failed:131026", "refused:131031", "failed:131050"]).await;
    for code in ["graph.131026", "graph.131031", "graph.131050"] {
        let id = sent(&lab, &popup).await;
        let failed = until(&lab, &id, "failed").await;
        assert_eq!((&failed["code"], failed["attempts"].as_array().unwrap().len()), (&json!(code), 1));
        assert!(failed["message"].as_str().unwrap().ends_with('.'));
        lab.event("whatsapp.message.failed.v1", |event| event["data"]["code"] == code).await;
    }
    assert_eq!(lab.calls("POST", "/messages").await, 3);
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_attempt_can_be_cancelled_and_is_given_up_when_the_customer_left() {
    let lab = Lab::start().await;
    let (popup, onboarding) = ready(&lab).await;
    outcomes(&lab, &popup, &["failed:131000", "failed:131000"]).await;
    let (one, other) = (sent(&lab, &popup).await, sent(&lab, &popup).await);
    until(&lab, &one, "retrying").await;
    until(&lab, &other, "retrying").await;
    let bearer = format!("Bearer {}", lab.stack.endpoints().platform_token);
    let url = lab.api(&format!("/v1/messages/{one}"));
    assert_eq!(lab.send("DELETE", &url, &[("authorization", &bearer)], b"").await.status, 202);
    assert_eq!(lab.send("DELETE", &url, &[("authorization", &bearer)], b"").await.status, 409);
    let url = lab.api(&format!("/v1/onboardings/{onboarding}"));
    lab.send("DELETE", &url, &[("authorization", &bearer)], b"").await;
    lab.until(&onboarding, "left").await;
    lab.age_message(&other, 700).await;
    lab.stack.fire("SweeperFunction", "Sweep").await.unwrap();
    let dropped = until(&lab, &other, "cancelled").await;
    assert_eq!(dropped["code"], "message.not_connected");
    assert_eq!(lab.calls("POST", "/messages").await, 2);
    let answer = post(&lab, &popup, &text()).await;
    assert_eq!((answer.status, &answer.json()["code"]), (409, &json!("not_connected")));
    lab.stop().await;
}

/// A message from a person to a number.
async fn writes(lab: &Lab, popup: &Popup, from: &str) {
    let message = json!({ "from": from, "id": "wamid.in", "timestamp": "1795000000", "type": "text", "text": { "body": "hello" } });
    let value = json!({ "metadata": { "phone_number_id": phone(popup) }, "messages": [message] });
    let change = json!({ "field": "messages", "value": value });
    let body = json!({ "object": "whatsapp_business_account", "entry": [{ "id": popup.waba, "changes": [change] }] });
    assert_eq!(lab.webhook(&body, "valid").await, 200);
}

/// A reply that is no longer waited for has an expiry that DynamoDB acts on: not one of more than five years ago.
async fn expires_soon(lab: &Lab, popup: &Popup) {
    let stored = lab.stored(&format!("NUMBER#{}", phone(popup))).await;
    let windows: Vec<_> =
        stored.iter().filter(|item| item["sk"].as_s().is_ok_and(|sk| sk.starts_with("WINDOW#"))).collect();
    assert_eq!(windows.len(), 1, "{windows:?}");
    let window = &windows[0];
    let expires_at: i64 = window["expires_at"].as_n().unwrap().parse().unwrap();
    let age = shared::clock::now().as_seconds_up() - expires_at;
    assert!((0..60).contains(&age), "it expired {age} seconds ago");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_window_is_waited_for_until_that_person_writes() {
    let lab = Lab::start().await;
    let (popup, _) = ready(&lab).await;
    outcomes(&lab, &popup, &["failed:131047"]).await;
    let id = sent(&lab, &popup).await;
    let waits = until(&lab, &id, "retrying").await;
    assert_eq!((&waits["code"], &waits["retry_at"]), (&json!("graph.131047"), &json!(null)));
    writes(&lab, &popup, "19998887777").await;
    let passed_on = |event: &Value| event["data"]["value"]["messages"][0]["from"] == "19998887777";
    lab.event("whatsapp.webhook.received.v1", passed_on).await;
    lab.quiet().await;
    assert_eq!(lab.calls("POST", "/messages").await, 1, "somebody else");
    writes(&lab, &popup, "16505551234").await;
    let arrived = until(&lab, &id, "delivered").await;
    assert_eq!(arrived["attempts"].as_array().unwrap().len(), 2);
    expires_soon(&lab, &popup).await;
    writes(&lab, &popup, "16505551234").await;
    lab.quiet().await;
    assert_eq!(lab.calls("POST", "/messages").await, 2, "once");
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn second_attempts_to_a_person_who_was_written_to_too_fast_are_spaced_out() {
    let lab = Lab::start().await;
    let (popup, _) = ready(&lab).await;
    outcomes(&lab, &popup, &["refused:131056", "refused:131056", "refused:131056"]).await;
    let mut due = Vec::new();
    for _ in 0..3 {
        let id = sent(&lab, &popup).await;
        let waits = message(&lab, &id).await;
        due.push(shared::domain::time::Timestamp::from_rfc3339(waits["retry_at"].as_str().unwrap()).unwrap());
    }
    let apart: Vec<Duration> = due.windows(2).map(|pair| pair[1].since(pair[0])).collect();
    assert!(apart.iter().all(|gap| *gap >= Duration::from_secs(6)), "six seconds apart: {apart:?}");
    let listed = lab.platform_get("/v1/messages?state=retry_scheduled").await.json();
    assert_eq!(listed["messages"].as_array().unwrap().len(), 3);
    lab.stop().await;
}
