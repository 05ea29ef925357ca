//! Payloads that are known events in a shape that Meta does not document: each takes effect, or Meta is asked.

use crate::messages::{message, phone, ready, sent};
use integration::{Lab, Popup, soon};
use serde_json::{Value, json};

async fn details(lab: &Lab, id: &str) -> Value {
    lab.platform_get(&format!("/v1/onboardings/{id}")).await.json()
}

async fn change(lab: &Lab, entry: &Value, time: Option<i64>, field: &str, value: &Value) {
    let mut entry = json!({ "id": entry, "changes": [{ "field": field, "value": value }] });
    if let Some(time) = time {
        entry["time"] = json!(time);
    }
    let body = json!({ "object": "whatsapp_business_account", "entry": [entry] });
    assert_eq!(lab.webhook(&body, "valid").await, 200, "{field}");
}

/// Waits until a status value is shown.
async fn shows(lab: &Lab, id: &str, place: &str, word: &str) {
    let shown = async || (details(lab, id).await.pointer(place)? == word).then_some(());
    lab.eventually(&format!("{place} is {word}"), shown).await;
}

fn number(text: &str) -> Value {
    json!(text.parse::<u64>().unwrap())
}

async fn odd_account_events(lab: &Lab, popup: &Popup, id: &str) {
    let (waba, now) = (json!(popup.waba), soon());
    let banned = json!({ "event": "DISABLED_UPDATE", "ban_info": { "waba_ban_state": ["SCHEDULE_FOR_DISABLE"] } });
    change(lab, &waba, Some(now), "account_update", &banned).await;
    shows(lab, id, "/account/status/word", "SCHEDULE_FOR_DISABLE").await;
    let violated = json!({ "event": "ACCOUNT_VIOLATION", "violation_info": { "violation_type": "SCAM" },
        "restriction_info": { "restriction_type": "RESTRICTED_ADD_PHONE_NUMBER_ACTION", "expiration": "1999999999" } });
    change(lab, &number(&popup.waba), Some(now), "account_update", &violated).await;
    shows(lab, id, "/account/violation/word", "SCAM").await;
    let portfolio = lab.onboarding(id).await["owner_business_id"].clone();
    let certified = json!({ "event": "PARTNER_CLIENT_CERTIFICATION_STATUS_UPDATE",
        "partner_client_certification_info": { "client_business_id": portfolio, "status": "APPROVED" } });
    change(lab, &json!("506914307656634"), Some(now), "account_update", &certified).await;
    shows(lab, id, "/account/certification/word", "APPROVED").await;
    let settings = json!({ "timestamp": now.to_string(), "type": "phone_number_settings",
        "phone_number_settings": { "phone_number_id": number(phone(popup)), "calling": { "status": "ENABLED" } } });
    change(lab, &json!("0"), None, "account_settings_update", &settings).await;
    shows(lab, id, "/numbers/0/words/calling/word", "ENABLED").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn known_events_in_odd_shapes_take_effect_or_make_us_ask_meta() {
    let lab = Lab::start().await;
    let (popup, id) = ready(&lab).await;
    odd_account_events(&lab, &popup, &id).await;
    let named = json!({ "event": "APPROVED", "message_template_id": "7300000000000001", "message_template_name": "odd",
        "message_template_language": "en_US", "message_template_category": "UTILITY" });
    change(&lab, &json!(popup.waba), Some(soon()), "message_template_status_update", &named).await;
    lab.event("whatsapp.template.changed.v1", |event| event["data"]["name"] == "odd").await;
    for (field, value) in [
        (
            "account_update",
            json!({ "event": "PARTNER_REMOVED",
            "waba_info": { "waba_id": number(&popup.waba), "owner_business_id": 77 } }),
        ),
        ("account_update", json!({ "event": "NEW_IN_2027" })),
        ("account_review_update", json!({ "decision": null })),
        ("security", json!({ "display_phone_number": "4930123456", "event": "PIN_CHANGED" })),
    ] {
        lab.quiet().await;
        let before = lab.calls("GET", &format!("/{}", popup.waba)).await;
        change(&lab, &json!(popup.waba), Some(soon()), field, &value).await;
        let asked = async || (lab.calls("GET", &format!("/{}", popup.waba)).await > before).then_some(());
        lab.eventually(&format!("{field} makes us ask: {value}"), asked).await;
    }
    assert_eq!(lab.until(&id, "ready").await["customer_ref"], "acme");
    let counted = lab.stack.logs().iter().any(|line| {
        line.text.contains("a webhook word is not documented") && line.text.contains("account_update.event")
    });
    assert!(counted, "the line that the metric counts");
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_status_of_our_message_counts_while_another_app_has_the_conversation() {
    let lab = Lab::start().await;
    let (popup, _) = ready(&lab).await;
    lab.simulate(&format!("phones/{}", phone(&popup)), &json!({ "outcomes": ["silent"] })).await;
    let id = sent(&lab, &popup).await;
    let accepted = async || Some(message(&lab, &id).await).filter(|message| message["state"] == "accepted");
    let accepted = lab.eventually("the message is accepted", accepted).await;
    let wamid = accepted["attempts"][0]["wamid"].clone();
    let status = json!({ "id": wamid, "status": "delivered", "timestamp": soon().to_string(), "recipient_id": "16505551234",
        "biz_opaque_callback_data": format!("{id}.1") });
    change(&lab, &json!(popup.waba), None, "standby", &json!({ "standby": { "statuses": [status] } })).await;
    let delivered = async || (message(&lab, &id).await["state"] == "delivered").then_some(());
    lab.eventually("the message is delivered", delivered).await;
    lab.stop().await;
}
