//! Messages: sent once and followed up, and never sent again while the outcome is unknown.

mod people;

use integration::{Lab, Popup};
use local::{Answer, StackOptions};
use serde_json::{Value, json};

pub(crate) async fn ready(lab: &Lab) -> (Popup, String) {
    let (_, popup, id) = lab.signed_up("acme", &json!({})).await;
    lab.until(&id, "ready").await;
    (popup, id)
}

pub(crate) fn phone(popup: &Popup) -> &str {
    popup.body["phone_number_id"].as_str().unwrap()
}

pub(crate) fn text() -> Value {
    json!({ "to": "+1 650 555 1234", "type": "text", "text": { "body": "your order is on its way" } })
}

/// Outcomes of the next messages at Meta.
pub(crate) async fn outcomes(lab: &Lab, popup: &Popup, outcomes: &[&str]) {
    lab.simulate(&format!("phones/{}", phone(popup)), &json!({ "outcomes": outcomes })).await;
}

pub(crate) async fn post(lab: &Lab, popup: &Popup, message: &Value) -> Answer {
    lab.platform_post(&format!("/v1/phone-numbers/{}/messages", phone(popup)), message).await
}

pub(crate) async fn sent(lab: &Lab, popup: &Popup) -> String {
    let answer = post(lab, popup, &text()).await;
    assert_eq!(answer.status, 202, "{}", answer.json());
    answer.json()["message_id"].as_str().unwrap().to_owned()
}

pub(crate) async fn message(lab: &Lab, id: &str) -> Value {
    lab.platform_get(&format!("/v1/messages/{id}")).await.json()
}

pub(crate) async fn until(lab: &Lab, id: &str, state: &str) -> Value {
    let reached = async || Some(message(lab, id).await).filter(|message| message["state"] == state);
    lab.eventually(&format!("{id} is {state}"), reached).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_sent_once_and_followed_to_its_arrival() {
    let lab = Lab::start().await;
    let (popup, onboarding) = ready(&lab).await;
    let id = sent(&lab, &popup).await;
    let arrived = until(&lab, &id, "delivered").await;
    assert_eq!((&arrived["onboarding_id"], arrived["attempts"].as_array().unwrap().len()), (&json!(onboarding), 1));
    let wamid = arrived["attempts"][0]["wamid"].as_str().unwrap();
    lab.simulate(&format!("messages/{wamid}"), &json!({ "status": "read" })).await;
    until(&lab, &id, "read").await;
    lab.simulate(&format!("messages/{wamid}"), &json!({ "status": "sent" })).await;
    lab.simulate(&format!("messages/{wamid}"), &json!({ "status": "failed", "code": 131_000 })).await;
    let failed = |event: &Value| event["data"]["value"]["statuses"][0]["status"] == "failed";
    lab.event("whatsapp.webhook.received.v1", failed).await;
    assert_eq!(message(&lab, &id).await["state"], "read", "what arrived has arrived");
    assert_eq!(lab.calls("POST", "/messages").await, 1);
    lab.stop().await;
}

pub(crate) async fn impatient() -> Lab {
    let mut options = StackOptions::default();
    options.parameters.insert("MessageRetryDelaySeconds".to_owned(), "1".to_owned());
    Lab::start_with(options).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_never_answered_with_a_second_message() {
    let lab = impatient().await;
    let (popup, _) = ready(&lab).await;
    outcomes(&lab, &popup, &["silent"]).await;
    lab.simulate("faults", &json!({ "method": "POST", "path": "/messages", "effect": { "kind": "drop_after" } })).await;
    let id = sent(&lab, &popup).await;
    assert_eq!(message(&lab, &id).await["state"], "unknown");
    lab.age_message(&id, 86_500).await;
    lab.stack.fire("SweeperFunction", "Sweep").await.unwrap();
    lab.event("whatsapp.message.unresolved.v1", |_| true).await;
    let state = lab.simulator("state").await;
    let wamids: Vec<&String> = state["messages"].as_object().unwrap().keys().collect();
    assert_eq!(wamids.len(), 1, "one at Meta");
    lab.simulate(&format!("messages/{}", wamids[0]), &json!({ "status": "delivered" })).await;
    let joined = until(&lab, &id, "delivered").await;
    assert_eq!(joined["attempts"][0]["wamid"], wamids[0].as_str(), "the status brings the id");
    lab.stop().await;
}

/// Meta reports one change about a person who writes with the customer's number.
pub(crate) async fn reported(lab: &Lab, popup: &Popup, field: &str, item: &Value) {
    let value = json!({ "metadata": { "phone_number_id": phone(popup) }, field: [item] });
    let change = json!({ "field": field, "value": value });
    let body = json!({ "object": "whatsapp_business_account", "entry": [{ "id": popup.waba, "changes": [change] }] });
    assert_eq!(lab.webhook(&body, "valid").await, 200);
    lab.event("whatsapp.webhook.received.v1", |event| event["data"]["field"] == field).await;
    // It is passed on before it is applied.
    lab.quiet().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_who_opted_out_of_marketing_gets_everything_else() {
    let lab = Lab::start().await;
    let (popup, _) = ready(&lab).await;
    let offer = lab.simulate(&format!("wabas/{}/templates", popup.waba), &json!({ "name": "offer" })).await;
    let path = format!("wabas/{}/templates/{}", popup.waba, offer["id"].as_str().unwrap());
    lab.simulate(&path, &json!({ "category": "MARKETING", "silent": true })).await;
    lab.stack.fire("TemplatePollFunction", "Poll").await.unwrap();
    lab.event("whatsapp.template.changed.v1", |event| event["data"]["name"] == "offer").await;
    let preference = json!({
        "wa_id": "16505551234", "user_id": "US.1", "detail": "x", "category": "marketing_messages", "value": "stop", "timestamp": 1_739_321_024,
    });
    reported(&lab, &popup, "user_preferences", &preference).await;
    let template = |name: &str| {
        let template = json!({ "name": name, "language": { "code": "en_US" } });
        json!({ "to": "16505551234", "type": "template", "template": template })
    };
    let refused = post(&lab, &popup, &template("offer")).await;
    assert_eq!((refused.status, &refused.json()["code"]), (409, &json!("message.opted_out")));
    let update =
        json!({ "user_id": { "previous": "US.1", "current": "US.2" }, "detail": "x", "timestamp": "1739321099" });
    reported(&lab, &popup, "user_id_update", &update).await;
    // Another person's new name arrives before the status under the old one.
    let earlier = json!({ "user_id": { "previous": "US.7", "current": "US.8" }, "timestamp": "1739321099" });
    reported(&lab, &popup, "user_id_update", &earlier).await;
    let late =
        json!({ "user_id": "US.7", "category": "marketing_messages", "value": "stop", "timestamp": 1_739_321_098 });
    reported(&lab, &popup, "user_preferences", &late).await;
    for person in ["US.1", "US.2", "US.8"] {
        let mut to_user = template("offer");
        to_user.as_object_mut().unwrap().remove("to");
        to_user["recipient"] = json!(person);
        let refused = post(&lab, &popup, &to_user).await;
        assert_eq!((refused.status, &refused.json()["code"]), (409, &json!("message.opted_out")), "{person}");
    }
    assert_eq!(post(&lab, &popup, &template("order_update_1")).await.status, 202, "a utility template");
    assert_eq!(post(&lab, &popup, &text()).await.status, 202);
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_is_the_same_message() {
    let lab = Lab::start().await;
    let (popup, _) = ready(&lab).await;
    let bearer = format!("Bearer {}", lab.stack.endpoints().platform_token);
    let url = lab.api(&format!("/v1/phone-numbers/{}/messages", phone(&popup)));
    let headers =
        [("authorization", bearer.as_str()), ("content-type", "application/json"), ("idempotency-key", "order-7")];
    let body = text().to_string();
    let first = lab.send("POST", &url, &headers, body.as_bytes()).await;
    let second = lab.send("POST", &url, &headers, body.as_bytes()).await;
    assert_eq!((first.status, second.status), (202, 202));
    assert_eq!(first.json(), second.json());
    let other = json!({ "to": "16505551234", "type": "text", "text": { "body": "another" } }).to_string();
    let mistaken = lab.send("POST", &url, &headers, other.as_bytes()).await;
    assert_eq!((mistaken.status, &mistaken.json()["code"]), (422, &json!("idempotency_key_reused")));
    for unreadable in ["bestellung-ä-77", "", "two words"] {
        let headers =
            [("authorization", bearer.as_str()), ("content-type", "application/json"), ("idempotency-key", unreadable)];
        let refused = lab.send("POST", &url, &headers, body.as_bytes()).await;
        assert_eq!(
            (refused.status, &refused.json()["code"]),
            (400, &json!("bad_value")),
            "{unreadable:?} is no absent key"
        );
    }
    assert_eq!(lab.calls("POST", "/messages").await, 1);
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_status_reported_for_another_number_changes_nothing() {
    let lab = Lab::start().await;
    let (popup, _) = ready(&lab).await;
    outcomes(&lab, &popup, &["silent"]).await;
    let id = sent(&lab, &popup).await;
    let status = json!({
        "id": "wamid.X", "status": "failed", "timestamp": "1795000000", "biz_opaque_callback_data": format!("{id}.1"),
        "errors": [{ "code": 131_000 }],
    });
    let value = json!({ "metadata": { "phone_number_id": "999" }, "statuses": [status] });
    let change = json!({ "field": "messages", "value": value });
    let body = json!({ "object": "whatsapp_business_account", "entry": [{ "id": popup.waba, "changes": [change] }] });
    assert_eq!(lab.webhook(&body, "valid").await, 200);
    lab.event("whatsapp.webhook.received.v1", |event| event["data"]["value"] == value).await;
    assert_eq!(message(&lab, &id).await["state"], "accepted");
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invalid_message_is_refused_before_anything_is_stored_or_called() {
    let lab = Lab::start().await;
    let (popup, _) = ready(&lab).await;
    let items = lab.items().await;
    for (message, code) in [
        (json!({ "type": "text", "text": { "body": "x" } }), "message.recipient"),
        (json!({ "to": "16505551234", "type": "poem" }), "message.type"),
        (
            json!({ "messaging_product": "sms", "to": "16505551234", "type": "text", "text": { "body": "x" } }),
            "message.product",
        ),
        (json!({ "to": "16505551234", "type": "text" }), "message.content"),
        (
            json!({ "to": "16505551234", "recipient_type": "group", "type": "text", "text": { "body": "x" } }),
            "message.recipient_type",
        ),
        (
            json!({ "to": "16505551234", "type": "text", "text": { "body": "x" }, "biz_opaque_callback_data": "mine" }),
            "unknown_field",
        ),
    ] {
        let answer = post(&lab, &popup, &message).await;
        assert_eq!((answer.status, &answer.json()["code"]), (400, &json!(code)), "{message}");
    }
    for path in ["/v1/phone-numbers/123456/messages", "/v1/phone-numbers/x/messages"] {
        assert_eq!(lab.platform_post(path, &text()).await.status, 404, "{path}");
    }
    assert_eq!(lab.platform_get("/v1/messages/msg_01jd0000000000000000000000").await.status, 404);
    assert_eq!((lab.items().await, lab.calls("POST", "/messages").await), (items, 0));
    lab.stop().await;
}
