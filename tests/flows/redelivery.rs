//! Repeated deliveries, soon or late, alone or with other changes.

use aws_sdk_dynamodb::types::AttributeValue;
use integration::{Draw, Lab, Popup, soon};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap};

fn body(entry: &str, time: i64, field: &str, value: &Value) -> Value {
    notification(&[(entry.to_owned(), time, json!({ "field": field, "value": value }))])
}

fn notification(changes: &[(String, i64, Value)]) -> Value {
    let entry =
        |(entry, time, change): &(String, i64, Value)| json!({ "id": entry, "time": time, "changes": [change] });
    json!({ "object": "whatsapp_business_account", "entry": changes.iter().map(entry).collect::<Vec<_>>() })
}

fn violation() -> Value {
    json!({ "event": "ACCOUNT_VIOLATION", "violation_info": { "violation_type": "ALCOHOL" } })
}

async fn ready(lab: &Lab) -> (Popup, String) {
    let (_, popup, id) = lab.signed_up("acme", &json!({})).await;
    lab.until(&id, "ready").await;
    (popup, id)
}

async fn violation_of(lab: &Lab, id: &str) -> Value {
    lab.platform_get(&format!("/v1/onboardings/{id}")).await.json()["account"]["violation"]["word"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_meta_repeats_after_an_hour_a_week_and_a_month_changes_nothing() {
    let lab = Lab::start().await;
    let (popup, id) = ready(&lab).await;
    let now = soon() - 5;
    let removed = json!({ "event": "PARTNER_REMOVED", "waba_info": { "waba_id": popup.waba } });
    let template = json!({
        "event": "REJECTED", "message_template_id": 1, "message_template_name": "x", "message_template_language": "en_US",
    });
    let fresh = json!({ "event": "ACCOUNT_VIOLATION", "violation_info": { "violation_type": "SCAM" } });
    assert_eq!(lab.webhook(&body(&popup.waba, now, "account_update", &fresh), "valid").await, 200);
    let shown = async || (violation_of(&lab, &id).await == "SCAM").then_some(());
    lab.eventually("the newest status value is shown", shown).await;
    let before = lab.platform_get(&format!("/v1/onboardings/{id}")).await.json();
    for ago in [3600, 8 * 86_400, 30 * 86_400] {
        for (field, value) in [
            ("account_update", &removed),
            ("account_update", &violation()),
            ("account_review_update", &json!({ "decision": "REJECTED" })),
            ("message_template_status_update", &template),
        ] {
            assert_eq!(lab.webhook(&body(&popup.waba, now - ago, field, value), "valid").await, 200);
        }
    }
    lab.quiet().await;
    assert!(lab.events_of("whatsapp.webhook.received.v1").await.len() >= 12, "all twelve are passed on");
    let mut after = lab.platform_get(&format!("/v1/onboardings/{id}")).await.json();
    // An account's review was never reported before, so this change is the only new one.
    after["account"]["review"] = before["account"]["review"].clone();
    after["notices"] = before["notices"].clone();
    assert_eq!(after, before);
    lab.stop().await;
}

/// Changes of every kind that our records store, each reported twice with another value, and when.
fn news(popup: &Popup, phone: &str, digits: &str) -> Vec<(String, i64, Value)> {
    let now = soon() - 100;
    let metadata = json!({ "phone_number_id": phone, "display_phone_number": digits });
    let template = |event: &str| {
        json!({ "event": event, "message_template_id": 71, "message_template_name": "greeting",
            "message_template_language": "en_US", "message_template_category": "UTILITY", "reason": "NONE" })
    };
    let preference = |value: &str, at: i64| {
        json!({ "metadata": metadata, "user_preferences": [{
            "wa_id": "16505551234", "detail": "x", "category": "marketing_messages", "value": value, "timestamp": at }] })
    };
    let history = |percent: u64| json!({ "metadata": metadata, "history": [{ "metadata": { "progress": percent } }] });
    let security = |event: &str| json!({ "display_phone_number": digits, "event": event });
    let said = [
        ("account_update", violation()),
        ("account_update", json!({ "event": "ACCOUNT_VIOLATION", "violation_info": { "violation_type": "SCAM" } })),
        ("message_template_status_update", template("PENDING")),
        ("message_template_status_update", template("APPROVED")),
        ("security", security("PIN_RESET_REQUEST")),
        ("security", security("PIN_REQUEST_SUCCESS")),
        ("user_preferences", preference("resume", now)),
        ("user_preferences", preference("stop", now + 1)),
        ("history", history(10)),
        ("history", history(60)),
    ];
    let dated = said.into_iter().zip(now..);
    dated.map(|((field, value), at)| (popup.waba.clone(), at, json!({ "field": field, "value": value }))).collect()
}

type Items = BTreeMap<String, HashMap<String, AttributeValue>>;

/// All stored data except the time of a number's last event.
async fn kept(lab: &Lab, popup: &Popup, phone: &str, id: &str) -> (Value, Items) {
    let mut shown = lab.platform_get(&format!("/v1/onboardings/{id}")).await.json();
    let mut items = Items::new();
    for partition in [format!("WABA#{}", popup.waba), format!("NUMBER#{phone}")] {
        for item in lab.stored(&partition).await {
            items.insert(format!("{partition} {}", item["sk"].as_s().unwrap()), item);
        }
    }
    items.retain(|name, _| !name.ends_with(" LAST_EVENT"));
    let parts = ["account", "numbers", "notices"].map(|part| shown[part].take());
    (json!(parts), items)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_again_in_other_bodies_and_another_order_changes_nothing_and_has_its_old_ids() {
    let lab = Lab::start().await;
    let (popup, id) = ready(&lab).await;
    let phone = popup.body["phone_number_id"].as_str().unwrap().to_owned();
    let number = lab.simulator(&format!("wabas/{}", popup.waba)).await["phones"][0]["display_phone_number"].to_string();
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    lab.lose("PlatformEventsQueue").await;
    let mut news = news(&popup, &phone, &digits);
    for one in &news {
        assert_eq!(lab.webhook(&notification(std::slice::from_ref(one)), "valid").await, 200);
    }
    lab.quiet().await;
    let ids = |events: Vec<Value>| -> BTreeSet<String> { events.iter().map(|event| event["id"].to_string()).collect() };
    let first = ids(lab.events_of("whatsapp.webhook.received.v1").await);
    assert_eq!(first.len(), news.len());
    let before = kept(&lab, &popup, &phone, &id).await;
    assert!(before.0.to_string().contains("SCAM") && before.1.keys().any(|name| name.ends_with("TEMPLATE#71")));
    let mut draw = Draw(7);
    for _ in 0..3 {
        draw.shuffle(&mut news);
        for few in news.chunks(3) {
            assert_eq!(lab.webhook(&notification(few), "valid").await, 200);
        }
        lab.quiet().await;
        assert_eq!(ids(lab.events_of("whatsapp.webhook.received.v1").await), first, "a consumer knows them");
        assert_eq!(kept(&lab, &popup, &phone, &id).await, before);
    }
    lab.stop().await;
}
