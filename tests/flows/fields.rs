//! Every field Meta documents, as in Meta's own samples: passed on whole, and interpreted where it concerns us.

mod odd_payloads;

use integration::{Lab, Popup, soon};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use shared::webhook::interpret::documented_fields;
use std::collections::BTreeSet;

/// `WABA`, `PHONE` and `NUMBER` are placeholders for the customer's.
const SAMPLES: &str = include_str!("fields.json");

#[derive(Deserialize)]
struct Sample<'a> {
    field: &'a str,
    #[serde(borrow)]
    value: &'a RawValue,
}

async fn ready(lab: &Lab, what: &Value) -> (Popup, String) {
    let (_, popup, id) = lab.signed_up("acme", what).await;
    lab.until(&id, "ready").await;
    (popup, id)
}

fn phone(popup: &Popup) -> &str {
    popup.body["phone_number_id"].as_str().unwrap()
}

/// The digits of the customer's number, as webhooks write them.
async fn digits(lab: &Lab, popup: &Popup) -> String {
    let number = lab.simulator(&format!("wabas/{}", popup.waba)).await["phones"][0]["display_phone_number"].to_string();
    number.chars().filter(char::is_ascii_digit).collect()
}

fn notification(waba: &str, time: i64, field: &str, value: &str) -> String {
    format!(
        r#"{{"object":"whatsapp_business_account","entry":[{{"id":"{waba}","time":{time},"changes":[{{"field":"{field}","value":{value}}}]}}]}}"#
    )
}

async fn change(lab: &Lab, waba: &str, time: i64, field: &str, value: &Value) {
    assert_eq!(lab.signed_text(&notification(waba, time, field, &value.to_string())).await, 200, "{field}");
}

async fn details(lab: &Lab, id: &str) -> Value {
    lab.platform_get(&format!("/v1/onboardings/{id}")).await.json()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_documented_field_is_passed_on_byte_for_byte() {
    let lab = Lab::start().await;
    let (popup, _) = ready(&lab, &json!({})).await;
    let own = SAMPLES.replace("\"WABA\"", &json!(popup.waba).to_string());
    let own = own.replace("\"PHONE\"", &json!(phone(&popup)).to_string());
    let own = own.replace("\"NUMBER\"", &json!(digits(&lab, &popup).await).to_string());
    let samples: Vec<Sample<'_>> = serde_json::from_str(&own).unwrap();
    lab.lose("PlatformEventsQueue").await;
    let mut fields = BTreeSet::new();
    for (number, sample) in samples.iter().enumerate() {
        let time = soon() + i64::try_from(number).unwrap();
        let body = notification(&popup.waba, time, sample.field, sample.value.get());
        assert_eq!(lab.signed_text(&body).await, 200, "{}", sample.field);
        let passed = lab.event_text("whatsapp.webhook.received.v1").await;
        assert!(passed.contains(sample.value.get()), "{}: {passed}", sample.field);
        fields.insert(sample.field);
    }
    assert_eq!(fields, documented_fields().collect(), "one sample or more of every documented field");
    let warned = lab.stack.logs().iter().any(|line| line.text.contains("not documented"));
    assert!(!warned, "every one of them is known");
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_meta_says_about_account_and_number_is_shown_with_who_has_to_act() {
    let lab = Lab::start().await;
    let (popup, id) = ready(&lab, &json!({})).await;
    let (waba, number) = (popup.waba.as_str(), digits(&lab, &popup).await);
    let restricted = json!({ "event": "ACCOUNT_RESTRICTION", "restriction_info": [
        { "restriction_type": "RESTRICTED_BIZ_INITIATED_MESSAGING", "expiration": 1_999_999_999 },
    ]});
    change(&lab, waba, soon(), "account_update", &restricted).await;
    let violated = json!({ "event": "ACCOUNT_VIOLATION", "violation_info": { "violation_type": "ALCOHOL" } });
    change(&lab, waba, soon(), "account_update", &violated).await;
    let pin = json!({ "display_phone_number": number, "event": "PIN_RESET_REQUEST" });
    change(&lab, waba, soon(), "security", &pin).await;
    let seen = async || {
        let details = details(&lab, &id).await;
        let notices = details["notices"].to_string();
        let all = details["account"]["restriction"]["word"] == "RESTRICTED_BIZ_INITIATED_MESSAGING"
            && details["account"]["violation"]["word"] == "ALCOHOL"
            && details["numbers"][0]["words"]["pin"]["word"] == "PIN_RESET_REQUEST"
            && notices.contains("account.restricted")
            && notices.contains("2033-05-18T03:33:19")
            && notices.contains("number.pin_reset_requested");
        all.then_some(())
    };
    lab.eventually("restriction, violation and PIN are shown", seen).await;
    let lifted =
        json!({ "event": "ACCOUNT_RESTRICTION", "violation_info": { "violation_type": "DIRECT_SEND_UTILITY_UNBAN" } });
    change(&lab, waba, soon() + 1, "account_update", &lifted).await;
    let over = async || (!details(&lab, &id).await["notices"].to_string().contains("account.restricted")).then_some(());
    lab.eventually("the restriction has ended", over).await;
    let ended = json!({ "event": "ACCOUNT_RESTRICTION", "restriction_info": [
        { "restriction_type": "RESTRICTED_BIZ_INITIATED_MESSAGING", "expiration": soon() - 60 },
    ]});
    change(&lab, waba, soon() + 2, "account_update", &ended).await;
    let known = async || (details(&lab, &id).await["account"]["restriction"]["word"] != "LIFTED").then_some(());
    lab.eventually("the late one is stored", known).await;
    assert!(!details(&lab, &id).await["notices"].to_string().contains("account.restricted"), "and has ended");
    lab.stop().await;
}

/// Field, value, where its status value is shown, and that value.
fn words(phone: &str, number: &str) -> [(&'static str, Value, &'static str, &'static str); 8] {
    let calling = json!({ "type": "phone_number_settings", "phone_number_settings": {
        "phone_number_id": phone, "calling": { "status": "ENABLED" } } });
    let metadata = json!({ "phone_number_id": phone, "display_phone_number": number });
    let username = json!({ "display_phone_number": number, "username": "acme", "status": "reserved" });
    let event = |event: &str| json!({ "event": event });
    let disabled = json!({ "event": "DISABLED_UPDATE", "ban_info": { "waba_ban_state": "SCHEDULE_FOR_DISABLE" } });
    let certified = json!({ "event": "PARTNER_CLIENT_CERTIFICATION_STATUS_UPDATE",
        "partner_client_certification_info": { "client_business_id": "1", "status": "APPROVED" } });
    [
        ("account_settings_update", calling, "/numbers/0/words/calling/word", "ENABLED"),
        ("business_username_updates", username, "/numbers/0/words/username/word", "RESERVED"),
        (
            "smb_app_state_sync",
            json!({ "metadata": metadata, "state_sync": [{ "type": "contact" }] }),
            "/numbers/0/words/contacts/word",
            "RECEIVED",
        ),
        ("account_review_update", json!({ "decision": "REJECTED" }), "/account/review/word", "REJECTED"),
        ("account_update", event("ACCOUNT_OFFBOARDED"), "/account/status/word", "ACCOUNT_OFFBOARDED"),
        ("account_update", disabled, "/account/status/word", "SCHEDULE_FOR_DISABLE"),
        ("account_update", event("MM_LITE_TERMS_SIGNED"), "/account/marketing_messages/word", "TERMS_SIGNED"),
        ("account_update", certified, "/account/certification/word", "APPROVED"),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_status_value_of_metas_is_shown_where_it_belongs() {
    let lab = Lab::start().await;
    let (popup, id) = ready(&lab, &json!({})).await;
    let number = digits(&lab, &popup).await;
    for ((field, value, place, word), time) in words(phone(&popup), &number).into_iter().zip(soon()..) {
        change(&lab, &popup.waba, time, field, &value).await;
        let shown = async || (details(&lab, &id).await.pointer(place)? == word).then_some(());
        lab.eventually(&format!("{field} shows {word}"), shown).await;
    }
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_without_details_triggers_a_check() {
    let lab = Lab::start().await;
    let (popup, _) = ready(&lab, &json!({})).await;
    let quality = json!({ "display_phone_number": digits(&lab, &popup).await, "event": "FLAGGED" });
    let alert = json!({ "entity_type": "PHONE_NUMBER", "entity_id": phone(&popup), "alert_info": {} });
    for (field, value) in [
        ("phone_number_quality_update", quality),
        ("business_capability_update", json!({ "max_phone_numbers_per_business": 20 })),
        ("business_status_update", json!({ "event": "SOMETHING" })),
        ("account_alerts", alert),
        ("account_update", json!({ "event": "VERIFIED_ACCOUNT" })),
    ] {
        lab.quiet().await;
        let before = lab.calls("GET", "").await;
        change(&lab, &popup.waba, soon(), field, &value).await;
        let checked = async || (lab.calls("GET", "").await > before).then_some(());
        lab.eventually(&format!("{field} triggers a check"), checked).await;
    }
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn history_that_comes_in_any_order_shows_how_far_it_is() {
    let lab = Lab::start().await;
    let coexistence = json!({ "event": "FINISH_WHATSAPP_BUSINESS_APP_ONBOARDING" });
    let (popup, id) = ready(&lab, &coexistence).await;
    let node = lab.simulator(&format!("wabas/{}", popup.waba)).await["phones"][0]["id"].clone();
    let metadata = json!({ "phone_number_id": node });
    for progress in [10, 70, 40] {
        let chunk = json!({ "metadata": metadata, "history": [{ "metadata": { "phase": 1, "progress": progress } }] });
        change(&lab, &popup.waba, soon(), "history", &chunk).await;
    }
    let word = async || details(&lab, &id).await["numbers"][0]["words"]["history"]["word"].as_str().map(str::to_owned);
    lab.eventually("the furthest progress is shown", async || (word().await? == "70").then_some(())).await;
    lab.lose("PlatformEventsQueue").await;
    let again = json!({ "metadata": metadata, "history": [{ "metadata": { "phase": 1, "progress": 40 } }] });
    change(&lab, &popup.waba, soon() + 9, "history", &again).await;
    lab.event("whatsapp.webhook.received.v1", |event| event["data"]["field"] == "history").await;
    assert_eq!(word().await.as_deref(), Some("70"));
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn quality_and_category_of_a_template_are_followed_beside_its_status() {
    let lab = Lab::start().await;
    let (popup, id) = ready(&lab, &json!({})).await;
    let created = lab.simulate(&format!("wabas/{}/templates", popup.waba), &json!({ "name": "offer" })).await;
    lab.stack.fire("TemplatePollFunction", "Poll").await.unwrap();
    lab.event("whatsapp.template.changed.v1", |event| event["data"]["name"] == "offer").await;
    lab.simulate("clock", &json!({ "advance_seconds": 2 })).await;
    let path = format!("wabas/{}/templates/{}", popup.waba, created["id"].as_str().unwrap());
    lab.simulate(&path, &json!({ "quality": "RED" })).await;
    lab.event("whatsapp.template.changed.v1", |event| event["data"]["quality"] == "RED").await;
    lab.simulate(&path, &json!({ "correct_category": "MARKETING" })).await;
    let announced =
        |event: &Value| event["data"]["correct_category"] == "MARKETING" && event["data"]["category"] == "UTILITY";
    lab.event("whatsapp.template.changed.v1", announced).await;
    lab.simulate("clock", &json!({ "advance_seconds": 2 })).await;
    lab.simulate(&path, &json!({ "category": "MARKETING" })).await;
    let moved = |event: &Value| {
        let data = &event["data"];
        data["category"] == "MARKETING" && data["correct_category"].is_null() && data["quality"] == "RED"
    };
    lab.event("whatsapp.template.changed.v1", moved).await;
    lab.until(&id, "ready").await;
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_values_of_the_same_second_are_settled_by_asking_meta() {
    let lab = Lab::start().await;
    let (popup, _) = ready(&lab, &json!({})).await;
    let created = lab.simulate(&format!("wabas/{}/templates", popup.waba), &json!({ "name": "offer" })).await;
    let number: u64 = created["id"].as_str().unwrap().parse().unwrap();
    lab.stack.fire("TemplatePollFunction", "Poll").await.unwrap();
    lab.event("whatsapp.template.changed.v1", |event| event["data"]["name"] == "offer").await;
    let path = format!("wabas/{}/templates/{number}", popup.waba);
    lab.simulate(&path, &json!({ "status": "APPROVED", "silent": true })).await;
    // Later than the poll's own data, and in the past by the time Meta is asked.
    let time = soon() - 4;
    let said = |event: &str| json!({ "event": event, "message_template_id": number, "message_template_name": "offer", "message_template_language": "en_US" });
    change(&lab, &popup.waba, time, "message_template_status_update", &said("PAUSED")).await;
    lab.event("whatsapp.template.changed.v1", |event| event["data"]["status"] == "PAUSED").await;
    change(&lab, &popup.waba, time, "message_template_status_update", &said("REJECTED")).await;
    let settled = |event: &Value| event["data"]["name"] == "offer" && event["data"]["status"] != "PAUSED";
    let settled = lab.event("whatsapp.template.changed.v1", settled).await;
    assert_eq!(settled["data"]["status"], "APPROVED", "what Meta says when it is asked");
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_undocumented_field_is_passed_on_and_counted() {
    let lab = Lab::start().await;
    let value = r#"{"big":12345678901234567890123,"small":1e-400,"escaped":"\u00e4\/\ud83d","n":-0}"#;
    assert_eq!(lab.signed_text(&notification("123", soon(), "whatsapp_account", value)).await, 200);
    assert!(lab.event_text("whatsapp.webhook.received.v1").await.contains(value));
    let counted = lab.stack.logs().iter().any(|line| {
        line.text.contains("a webhook field is not documented")
            && line.text.contains("whatsapp_account".to_uppercase().as_str())
    });
    assert!(counted, "the message that the template's metric filter matches");
    assert_eq!(
        lab.signed_text(&notification("123", soon(), "account_update", r#"{"event":"NEW_IN_2027"}"#)).await,
        200
    );
    lab.event("whatsapp.webhook.received.v1", |event| event["data"]["value"]["event"] == "NEW_IN_2027").await;
    let counted = lab
        .stack
        .logs()
        .iter()
        .any(|line| line.text.contains("a webhook event is not documented") && line.text.contains("NEW_IN_2027"));
    assert!(counted, "and so are events");
    lab.stop().await;
}
