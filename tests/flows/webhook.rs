//! Webhooks: signed or refused, stored before they are acknowledged, applied to the right customer.

mod burst;

use integration::{Lab, Proxy, soon};
use serde_json::{Value, json};

fn update(waba: &str, name: &str, id: u64, event: &str, time: i64) -> Value {
    let value = json!({
        "event": event, "message_template_id": id, "message_template_name": name,
        "message_template_language": "en_US", "message_template_category": "UTILITY", "reason": "NONE",
    });
    json!({ "id": waba, "time": time, "changes": [{ "field": "message_template_status_update", "value": value }] })
}

fn body(entries: &[Value]) -> Value {
    json!({ "object": "whatsapp_business_account", "entry": entries })
}

#[tokio::test(flavor = "multi_thread")]
async fn the_handshake_gives_back_metas_challenge() {
    let lab = Lab::start().await;
    assert_eq!(lab.simulate("handshake", &json!({})).await["verified"], true);
    let webhook = lab.stack.endpoints().webhook.clone();
    let token = lab.stack.endpoints().meta.verify_token.clone();
    for (query, status) in [
        (String::new(), 400),
        (format!("hub.mode=unsubscribe&hub.verify_token={token}&hub.challenge=1"), 403),
        (format!("hub.mode=subscribe&hub.verify_token={token}x&hub.challenge=1"), 403),
        (format!("hub.mode=subscribe&hub.verify_token={}&hub.challenge=1", token.to_uppercase()), 403),
        (format!("hub.mode=subscribe&hub.verify_token={token}&hub.verify_token=x&hub.challenge=1"), 400),
        (format!("hub.mode=subscribe&hub.verify_token={token}"), 400),
        (format!("hub.mode=subscribe&hub.verify_token={token}&hub.challenge=%3Cscript%3E"), 400),
        (format!("hub_mode=subscribe&hub_verify_token={token}&hub_challenge=1"), 400),
    ] {
        let answer = lab.send("GET", &format!("{webhook}?{query}"), &[], b"").await;
        assert_eq!((answer.status, answer.body.len()), (status, 0), "{query}");
    }
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_valid_signature_is_accepted() {
    let lab = Lab::start().await;
    lab.stack.set_mapping("WebhookQueue", false);
    let change = body(&[update("1", "x", 7, "APPROVED", soon())]);
    assert_eq!(lab.webhook(&change, "wrong").await, 401);
    assert_eq!(lab.webhook(&change, "none").await, 401);
    assert_eq!(lab.lose("WebhookQueue").await, 0);
    assert_eq!(lab.webhook(&change, "valid").await, 200);
    assert_eq!(lab.lose("WebhookQueue").await, 1);
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_signed_costs_no_call_and_what_is_wrongly_signed_one_look_at_the_secrets() {
    let proxy = Proxy::start().await;
    let lab = Lab::start_behind(&proxy).await;
    proxy.connect(lab.stack.endpoints());
    let reads = || proxy.calls().get("secretsmanager GetSecretValue").copied().unwrap_or_default();
    let url = lab.stack.endpoints().webhook.clone();
    let large = "x".repeat(5 * 1024 * 1024);
    for signature in ["", "sha256=zz", "sha1=0000000000000000000000000000000000000000"] {
        for body in ["{}", large.as_str()] {
            let refused = lab.send("POST", &url, &[("x-hub-signature-256", signature)], body.as_bytes()).await;
            assert_eq!(refused.status, 401, "the header is read before the body: {signature}");
        }
    }
    assert_eq!(reads(), 0);
    let change = body(&[update("1", "x", 7, "APPROVED", soon())]);
    for _ in 0..10 {
        assert_eq!(lab.webhook(&change, "wrong").await, 401);
    }
    assert_eq!(reads(), 3, "the secret, and once a minute what else can be right: the newest and the one before");
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_body_that_cannot_be_parsed_is_stored_and_acknowledged() {
    let lab = Lab::start().await;
    for odd in [json!("not json"), json!({ "object": "x" }), json!([1, 2]), json!({ "entry": [{ "changes": "?" }] })] {
        assert_eq!(lab.webhook(&odd, "valid").await, 200, "{odd}");
        lab.event("whatsapp.webhook.unreadable.v1", |_| true).await;
    }
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_of_two_customers_in_one_body_are_separated() {
    let lab = Lab::start().await;
    let (_, one, first) = lab.signed_up("one", &json!({})).await;
    let (_, two, second) = lab.signed_up("two", &json!({})).await;
    lab.until(&first, "ready").await;
    lab.until(&second, "ready").await;
    let time = soon();
    let both = body(&[
        update(&one.waba, "greeting", 501, "APPROVED", time),
        update(&two.waba, "farewell", 502, "REJECTED", time),
    ]);
    assert_eq!(lab.webhook(&both, "valid").await, 200);
    let of = |waba: &str, name: &str, status: &str| {
        let (waba, name, status) = (json!(waba), json!(name), json!(status));
        move |event: &Value| {
            event["subject"] == waba && event["data"]["name"] == name && event["data"]["status"] == status
        }
    };
    let (greeting, farewell) = (of(&one.waba, "greeting", "APPROVED"), of(&two.waba, "farewell", "REJECTED"));
    let seen = std::cell::RefCell::new((false, false));
    lab.event("whatsapp.template.changed.v1", |event| {
        let mut seen = seen.borrow_mut();
        *seen = (seen.0 || greeting(event), seen.1 || farewell(event));
        *seen == (true, true)
    })
    .await;
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_bad_change_does_not_hold_up_its_neighbours() {
    let lab = Lab::start().await;
    let (_, popup, id) = lab.signed_up("acme", &json!({})).await;
    lab.until(&id, "ready").await;
    let bad = json!({ "id": popup.waba, "time": "?", "changes": [{ "field": 7, "value": null }] });
    let good = update(&popup.waba, "greeting", 501, "APPROVED", soon());
    assert_eq!(lab.webhook(&body(&[bad, good]), "valid").await, 200);
    lab.event("whatsapp.template.changed.v1", |event| event["data"]["name"] == "greeting").await;
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_that_removes_us_at_meta_has_left() {
    let lab = Lab::start().await;
    let (session, popup, id) = lab.signed_up("acme", &json!({})).await;
    lab.until(&id, "ready").await;
    let url = format!("{}/_sim/wabas/{}", lab.stack.endpoints().graph, popup.waba);
    assert_eq!(lab.send("DELETE", &url, &[], b"").await.status, 204);
    lab.until(&id, "left").await;
    assert_eq!(lab.status(&session).await["state"], "left");
    lab.event("whatsapp.onboarding.left.v1", |_| true).await;
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_change_is_passed_on_whole() {
    let lab = Lab::start().await;
    let value = json!({ "event": "SOMETHING_NEW", "nested": { "kept": [1, 2.5, "x"] } });
    let entry = json!({ "id": "123", "time": soon(), "changes": [{ "field": "a_field_of_2027", "value": value }] });
    assert_eq!(lab.webhook(&body(&[entry]), "valid").await, 200);
    let event = lab.event("whatsapp.webhook.received.v1", |_| true).await;
    assert_eq!((&event["data"]["field"], &event["data"]["value"]), (&json!("a_field_of_2027"), &value));
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_comes_twice_is_one_event_to_the_platform() {
    let lab = Lab::start().await;
    let twice = body(&[json!({ "id": "9", "time": soon(), "changes": [{ "field": "flows", "value": { "a": 1 } }] })]);
    let mut ids = Vec::new();
    for _ in 0..2 {
        assert_eq!(lab.webhook(&twice, "valid").await, 200);
        ids.push(lab.event("whatsapp.webhook.received.v1", |_| true).await["id"].clone());
    }
    assert_eq!(ids[0], ids[1], "the platform recognises repeats by their id");
    lab.stop().await;
}

/// Hexadecimal digits that do not compress to less than half.
fn noise(length: usize, mut seed: u64) -> String {
    let mut text = String::with_capacity(length + 16);
    while text.len() < length {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        text.push_str(&format!("{:016x}", seed.rotate_left(21) ^ (seed >> 11)));
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn three_megabytes_that_do_not_compress_are_stored_in_parts_and_arrive_whole() {
    let lab = Lab::start().await;
    lab.stack.set_mapping("WebhookQueue", false);
    let changes: Vec<Value> =
        (0..60).map(|n| json!({ "field": "flows", "value": { "n": n, "text": noise(50_000, n) } })).collect();
    let whole = body(&[json!({ "id": "9", "time": soon(), "changes": changes })]).to_string();
    assert!(whole.len() > 3_000_000);
    assert_eq!(lab.signed_text(&whole).await, 200);
    let parts = lab.stack.sqs().counts(&lab.queue("WebhookQueue")).unwrap().visible;
    assert!(parts > 1, "{parts} messages");
    lab.stack.set_mapping("WebhookQueue", true);
    let mut seen = std::collections::BTreeSet::new();
    let all = async || {
        let events = lab.events_of("whatsapp.webhook.received.v1").await;
        Some(events.into_iter().filter_map(|event| event["data"]["value"]["n"].as_u64()).collect::<Vec<u64>>())
    };
    while seen.len() < 60 {
        seen.extend(lab.eventually("changes come", all).await);
    }
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_sqs_does_not_take_reaches_the_platform_all_the_same() {
    let lab = Lab::start().await;
    let odd =
        json!({ "id": "9", "time": soon(), "changes": [{ "field": "flows", "value": { "t": "\u{ffff}\u{fffe}" } }] });
    assert_eq!(lab.webhook(&body(&[odd]), "valid").await, 200);
    let event = lab.event("whatsapp.webhook.received.v1", |_| true).await;
    assert_eq!(event["data"]["value"]["t"], "\u{ffff}\u{fffe}");
    let large = json!({ "id": "9", "time": soon(), "changes": [{ "field": "flows", "value": { "t": "x".repeat(1_100_000) } }] });
    assert_eq!(lab.webhook(&body(&[large]), "valid").await, 200);
    let event = lab.event("whatsapp.webhook.received.v1", |_| true).await;
    assert!(event["data"]["omitted_bytes"].as_u64().unwrap() > 1_100_000);
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_that_is_too_long_for_one_event_comes_in_several_and_whole() {
    let lab = Lab::start().await;
    let message = |number: u32| json!({ "id": format!("wamid.{number}"), "text": { "body": "x".repeat(500) } });
    let messages: Vec<Value> = (0..3000).map(message).collect();
    let change = json!({ "field": "history", "value": { "messaging_product": "whatsapp", "messages": messages } });
    let entry = json!({ "id": "9", "time": soon(), "changes": [change] });
    assert_eq!(lab.webhook(&body(&[entry]), "valid").await, 200);
    let mut seen = std::collections::BTreeSet::new();
    while seen.len() < 3000 {
        let event = lab.event("whatsapp.webhook.received.v1", |event| event["data"]["field"] == "history").await;
        let parts = event["data"]["value"]["messages"].as_array().unwrap();
        seen.extend(parts.iter().map(|message| message["id"].as_str().unwrap().to_owned()));
    }
    lab.stop().await;
}
