//! A message from its request to its final state: sent at most twice, the second time only if the first is known to
//! have failed.

use crate::customer::{Customer, GRACE};
use crate::journey::account;
use integration::Lab;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Time without activity after which nothing more is expected to happen.
const IDLE: Duration = Duration::from_millis(300);

/// Final states.
const ENDS: [&str; 5] = ["delivered", "read", "failed", "cancelled", "unknown"];

/// Whom the messages go to.
const PERSON: &str = "16505551234";

pub(crate) async fn sends(customer: &Customer<'_>, waba: &str, injection: &str) {
    let (_, message) = ends(customer, waba, "failed:131000", injection).await;
    let attempts = message["attempts"].as_array().unwrap().len();
    assert!((1..=2).contains(&attempts), "{injection}: {message}");
}

/// Once the message has failed, the reply starts the second attempt, whatever crashed after whichever write. Only a
/// crash between that start and the call to Meta leaves the state unknown. The text of a delivered message is
/// deleted.
pub(crate) async fn is_replied_to(customer: &Customer<'_>, waba: &str, injection: &str) {
    let (id, message) = ends(customer, waba, "failed:131047", injection).await;
    let attempts = message["attempts"].as_array().unwrap();
    assert!(attempts[0]["state"] != "failed" || attempts.len() == 2, "{injection}: {message}");
    if message["state"] == "delivered" {
        let stored = customer.lab.stored(&format!("MESSAGE#{id}")).await;
        assert!(!stored.iter().any(|item| item.contains_key("payload")), "{injection}: its text is deleted");
    }
}

/// Sends a message for which Meta reports `outcome` once, and advances the time until its state is final. The person
/// replies from time to time.
async fn ends(customer: &Customer<'_>, waba: &str, outcome: &str, injection: &str) -> (String, Value) {
    let lab = customer.lab;
    let phone = account(customer, waba).await["phones"][0]["id"].as_str().unwrap().to_owned();
    lab.simulate(&format!("phones/{phone}"), &json!({ "outcomes": [outcome] })).await;
    let id = asked(customer, &phone).await;
    let (started, mut idle_since) = (Instant::now(), None);
    let message = loop {
        let message = lab.platform_get(&format!("/v1/messages/{id}")).await.json();
        if message["state"].as_str().is_some_and(|state| ENDS.contains(&state)) {
            break message;
        }
        assert!(started.elapsed() < GRACE, "{injection}: the message has no final state: {message}");
        if !lab.stack.is_at_rest() {
            idle_since = None;
        } else if idle_since.get_or_insert_with(Instant::now).elapsed() > IDLE {
            // Messages of a crashed process become visible again.
            lab.stack.shift_time(200);
            lab.age_message(&id, 700).await;
            replies(lab, waba, &phone).await;
            idle_since = None;
        }
        drop(lab.stack.fire("SweeperFunction", "Sweep").await);
        tokio::time::sleep(Duration::from_millis(40)).await;
    };
    is_sent_at_most_twice(customer, &phone, &id, injection).await;
    (id, message)
}

/// The person writes to the number. Meta would retry a rejected webhook; here the next reply has the same effect.
async fn replies(lab: &Lab, waba: &str, phone: &str) {
    let text = json!({ "from": PERSON, "id": "wamid.in", "timestamp": "1795000000", "type": "text", "text": { "body": "hello" } });
    let value = json!({ "metadata": { "phone_number_id": phone }, "messages": [text] });
    let change = json!({ "field": "messages", "value": value });
    let body = json!({ "object": "whatsapp_business_account", "entry": [{ "id": waba, "changes": [change] }] });
    lab.webhook(&body, "valid").await;
}

/// The platform retries until it has a response, with the same key.
async fn asked(customer: &Customer<'_>, phone: &str) -> String {
    let lab = customer.lab;
    let bearer = format!("Bearer {}", lab.stack.endpoints().platform_token);
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
        ("idempotency-key", customer.name.as_str()),
    ];
    let body = json!({ "to": PERSON, "type": "text", "text": { "body": "hi" } }).to_string();
    loop {
        let url = lab.api(&format!("/v1/phone-numbers/{phone}/messages"));
        let answer = lab.send("POST", &url, &headers, body.as_bytes()).await;
        if let Some(id) = answer.json()["message_id"].as_str() {
            return id.to_owned();
        }
    }
}

/// Each attempt once; a network that repeats a request is not our decision.
async fn is_sent_at_most_twice(customer: &Customer<'_>, phone: &str, id: &str, injection: &str) {
    let sent = customer.lab.simulator(&format!("phones/{phone}/messages")).await;
    let references: Vec<&Value> = sent.as_array().unwrap().iter().collect();
    let doubled = injection.contains("/messages") && injection.contains("Twice");
    for attempt in [1, 2] {
        let reference = json!(format!("{id}.{attempt}"));
        let times = references.iter().filter(|sent| ***sent == reference).count();
        assert!(times <= 1 || doubled, "{injection}: attempt {attempt} was sent {times} times: {sent}");
    }
}
