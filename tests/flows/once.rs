//! One key, one body: whatever is sent in parallel, repeated, or crashes midway.

mod crashes;

use futures_util::future::join_all;
use integration::Lab;
use local::Answer;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Bodies that are sent under one key, and how often each.
const BODIES: usize = 5;
const TIMES: usize = 6;

/// Sends each body this often at once under one key, and retries what is answered 409 until it has a response. Returns
/// the body that took effect and its response.
async fn race(lab: &Lab, path: &str, key: &str, bodies: &[Value]) -> (usize, Value) {
    assert_eq!(bodies.len(), BODIES);
    let requests = (0..BODIES * TIMES).map(|at| async move {
        let body = at % BODIES;
        (body, answer(lab, path, key, &bodies[body]).await)
    });
    let answers = join_all(requests).await;
    let taken: BTreeSet<usize> =
        answers.iter().filter(|(_, answer)| answer.status < 300).map(|(body, _)| *body).collect();
    let winner = *taken.first().unwrap();
    let first = answers.iter().find(|(body, _)| *body == winner).map(|(_, answer)| answer).unwrap();
    for (body, answer) in &answers {
        if *body == winner {
            assert_eq!((answer.status, answer.json()), (first.status, first.json()), "one answer to one body");
        } else {
            let code = answer.json()["code"].clone();
            assert_eq!((answer.status, &code), (422, &json!("idempotency_key_reused")), "another body");
        }
    }
    let again = lab.keyed_post(path, key, &bodies[winner]).await;
    assert_eq!((again.status, again.json()), (first.status, first.json()), "and later");
    (winner, first.json())
}

/// Retries a request in progress, as the response says.
async fn answer(lab: &Lab, path: &str, key: &str, body: &Value) -> Answer {
    let last = async || {
        let answer = lab.keyed_post(path, key, body).await;
        let wait = answer.status == 409 && answer.json()["code"] == "idempotency_in_progress";
        assert!(!wait || !answer.header("retry-after").is_empty(), "it says when to retry");
        // A throttled request was not answered by the function.
        (!wait && answer.status < 500).then_some(answer)
    };
    lab.eventually("the request has a response", last).await
}

async fn entities(lab: &Lab, entity: &str) -> usize {
    lab.entities().await.iter().filter(|it| *it == entity).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_bodies_under_one_key_one_message_is_sent() {
    let lab = Lab::start().await;
    let (_, popup, id) = lab.signed_up("acme", &json!({})).await;
    lab.until(&id, "ready").await;
    let phone = popup.body["phone_number_id"].as_str().unwrap();
    let text = |at: usize| json!({ "to": "16505551234", "type": "text", "text": { "body": format!("text {at}") } });
    let bodies: Vec<Value> = (0..BODIES).map(text).collect();
    let path = format!("/v1/phone-numbers/{phone}/messages");
    let (_, answer) = race(&lab, &path, "order-7", &bodies).await;
    assert!(answer["message_id"].is_string());
    assert_eq!(lab.calls("POST", "/messages").await, 1);
    lab.end_keys().await;
    let late = lab
        .keyed_post(&path, "order-7", &json!({ "to": "16505551234", "type": "text", "text": { "body": "y" } }))
        .await;
    let late = (late.status, late.json()["code"].clone());
    assert_eq!(late, (422, json!("idempotency_key_reused")), "a message is remembered for longer than its key");
    assert_eq!(lab.calls("POST", "/messages").await, 1);
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_bodies_under_one_key_one_session_is_made_and_its_link_is_the_same() {
    let lab = Lab::start().await;
    let hook = json!({ "override_callback_uri": "https://hooks.acme.com/wa", "verify_token": "tenant-token" });
    let order = |at: usize| json!({ "customer_ref": format!("customer {at}"), "callback_override": hook });
    let bodies: Vec<Value> = (0..BODIES).map(order).collect();
    let (winner, created) = race(&lab, "/v1/sessions", "6c1b2e", &bodies).await;
    assert_eq!(entities(&lab, "session").await, 1);
    let link = created["signup_url"].as_str().unwrap();
    assert!(link.ends_with(created["session"].as_str().unwrap()));
    assert_eq!(lab.client.get(link, &[]).await.unwrap().status, 200, "it works");
    let stored = lab.dump().await;
    let session = created["session"].as_str().unwrap();
    assert!(!stored.iter().any(|item| item.contains(session)), "the session itself is not stored");
    let reordered = format!(r#"{{ "callback_override": {hook}, "customer_ref": "customer {winner}" }}"#);
    let bearer = format!("Bearer {}", lab.stack.endpoints().platform_token);
    let headers =
        [("authorization", bearer.as_str()), ("content-type", "application/json"), ("idempotency-key", "6c1b2e")];
    let same = lab.send("POST", &lab.api("/v1/sessions"), &headers, reordered.as_bytes()).await;
    assert_eq!((same.status, same.json()), (201, created.clone()), "member order and whitespace do not matter");
    lab.end_keys().await;
    let fresh = lab.keyed_post("/v1/sessions", "6c1b2e", &bodies[(winner + 1) % BODIES]).await;
    assert_eq!(fresh.status, 201, "an expired key is free, although its item still exists");
    assert_ne!(fresh.json()["session"], created["session"]);
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_bodies_under_one_key_one_template_is_submitted() {
    let lab = Lab::start().await;
    let (_, _, id) = lab.signed_up("acme", &json!({})).await;
    lab.until(&id, "ready").await;
    let bodies: Vec<Value> = (0..BODIES).map(|at| template(&format!("offer_{at}"))).collect();
    let path = format!("/v1/onboardings/{id}/templates");
    let (winner, created) = race(&lab, &path, "t-1", &bodies).await;
    assert_eq!(created["name"], bodies[winner]["name"]);
    assert_eq!(lab.calls("POST", "/message_templates").await, 1);
    let copies: Vec<Value> = (0..BODIES).map(|at| json!({ "name": format!("copy_{at}") })).collect();
    let copy = format!("{path}/{}/en/copy", created["name"].as_str().unwrap());
    let (_, copied) = race(&lab, &copy, "t-1", &copies).await;
    assert_eq!((&copied["category"], lab.calls("POST", "/message_templates").await), (&json!("UTILITY"), 2));
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_bodies_under_one_key_one_migration_is_started() {
    let case = crate::moves::case::case(&json!({})).await;
    let lab = &case.lab;
    let wish = case.wish().await;
    let named = |at: usize| {
        let mut wish = wish.clone();
        wish["verified_name"] = json!(format!("Acme {at}"));
        wish
    };
    let bodies: Vec<Value> = (0..BODIES).map(named).collect();
    let (_, moving) = race(lab, "/v1/moves", "m-1", &bodies).await;
    let moves = lab.platform_get("/v1/moves").await.json();
    let ids: Vec<&Value> = moves["moves"].as_array().unwrap().iter().map(|it| &it["move_id"]).collect();
    assert_eq!(ids, [&moving["move_id"]]);
    case.lab.stop().await;
}

/// Without a key, or with many.
#[tokio::test(flavor = "multi_thread")]
async fn a_template_that_is_posted_twenty_times_at_once_is_created_once() {
    let lab = Lab::start().await;
    let (_, _, id) = lab.signed_up("acme", &json!({})).await;
    lab.until(&id, "ready").await;
    let path = format!("/v1/onboardings/{id}/templates");
    let offer = template("offer");
    // Meta takes its time: whoever is let through while the first one waits is seen.
    let slow = json!({ "kind": "delay", "milliseconds": 2_000 });
    let slow = json!({ "method": "POST", "path": "/message_templates", "times": 20, "effect": slow });
    lab.simulate("faults", &slow).await;
    let answers = join_all((0..20).map(|_| lab.platform_post(&path, &offer))).await;
    let created = answers.iter().filter(|answer| answer.status == 201).count();
    assert_eq!((created, lab.calls("POST", "/message_templates").await), (1, 1));
    for answer in answers.iter().filter(|answer| answer.status != 201) {
        let code = answer.json()["code"].as_str().unwrap_or_default().to_owned();
        assert!(answer.status == 409 && ["template.in_progress", "template.exists"].contains(&code.as_str()), "{code}");
        assert_eq!(code == "template.in_progress", !answer.header("retry-after").is_empty());
    }
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_at_another_address_is_another_request() {
    let lab = Lab::start().await;
    let order = json!({ "customer_ref": "acme" });
    assert_eq!(lab.keyed_post("/v1/sessions", "k", &order).await.status, 201);
    let move_order = json!({ "onboarding_id": "onb_01jd0000000000000000000000", "country_code": "1", "phone_number": "650 555 1234" });
    assert_eq!(lab.keyed_post("/v1/moves", "k", &move_order).await.status, 404, "not the answer of the session");
    for (path, body) in [("/v1/sessions", order), ("/v1/moves", move_order)] {
        let refused = lab.keyed_post(path, "two words", &body).await;
        assert_eq!((refused.status, &refused.json()["code"]), (400, &json!("bad_value")), "{path}");
    }
    lab.stop().await;
}

fn template(name: &str) -> Value {
    let components = json!([{ "type": "BODY", "text": "Your order is on its way to you." }]);
    json!({ "name": name, "language": "en", "category": "UTILITY", "components": components })
}
