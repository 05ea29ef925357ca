//! A person is the same under every name: opt-outs, second attempts and windows follow what Meta says.

use crate::messages::{message, outcomes, phone, post, ready, reported, until};
use integration::{Lab, Popup};
use serde_json::{Value, json};
use shared::domain::ids::PhoneNumberId;
use shared::domain::person::Names;
use shared::domain::recipient::Recipient;

/// A marketing template to a number or a user id.
fn offer(to: &str, name: &str) -> Value {
    let template = json!({ "name": name, "language": { "code": "en_US" } });
    let key = if to.contains('.') { "recipient" } else { "to" };
    json!({ key: to, "type": "template", "template": template })
}

/// A template of the account at Meta that our table knows.
async fn template(lab: &Lab, popup: &Popup, name: &str, category: &str) {
    let created = lab.simulate(&format!("wabas/{}/templates", popup.waba), &json!({ "name": name })).await;
    let path = format!("wabas/{}/templates/{}", popup.waba, created["id"].as_str().unwrap());
    lab.simulate(&path, &json!({ "category": category, "silent": true })).await;
    lab.stack.fire("TemplatePollFunction", "Poll").await.unwrap();
    lab.event("whatsapp.template.changed.v1", |event| event["data"]["name"] == name).await;
}

async fn marketing() -> (Lab, Popup) {
    let lab = Lab::start().await;
    let (popup, _) = ready(&lab).await;
    template(&lab, &popup, "offer", "MARKETING").await;
    (lab, popup)
}

/// A person does something that Meta reports; returns once it is applied.
async fn acts(lab: &Lab, popup: &Popup, number: &str, deed: &Value) -> Value {
    lab.lose("PlatformEventsQueue").await;
    let person = lab.simulate(&format!("phones/{}/people/{number}", phone(popup)), deed).await;
    // Another form of a number is known at Meta only until a message is sent to it.
    if deed["is_known_as"].is_null() {
        lab.event("whatsapp.webhook.received.v1", |_| true).await;
    }
    lab.quiet().await;
    person
}

async fn is_refused(lab: &Lab, popup: &Popup, to: &str) {
    let answer = post(lab, popup, &offer(to, "offer")).await;
    assert_eq!((answer.status, &answer.json()["code"]), (409, &json!("message.opted_out")), "{to}");
    assert!(answer.json()["title"].as_str().unwrap().ends_with("was not sent."), "{}", answer.json());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_marketing_message_that_meta_refused_because_of_an_opt_out_is_the_last_one() {
    let (lab, popup) = marketing().await;
    template(&lab, &popup, "receipt", "UTILITY").await;
    for (person, outcome) in [("+1 650 555 1234", "failed:131050"), ("+1 650 555 0001", "refused:131050")] {
        outcomes(&lab, &popup, &[outcome]).await;
        let sent = post(&lab, &popup, &offer(person, "offer")).await;
        assert_eq!(sent.status, 202);
        until(&lab, sent.json()["message_id"].as_str().unwrap(), "failed").await;
        is_refused(&lab, &popup, person).await;
        assert_eq!(post(&lab, &popup, &offer(person, "receipt")).await.status, 202, "{person}");
    }
    let resumes = json!({ "wa_id": "16505551234", "category": "marketing_messages", "value": "resume",
        "timestamp": shared::clock::now().as_seconds_up() + 60 });
    reported(&lab, &popup, "user_preferences", &resumes).await;
    assert_eq!(post(&lab, &popup, &offer("16505551234", "offer")).await.status, 202);
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_of_unknown_category_is_read_at_meta_before_it_goes_to_somebody_who_opted_out() {
    let (lab, popup) = marketing().await;
    acts(&lab, &popup, "16505551234", &json!({ "prefers": "stop" })).await;
    acts(&lab, &popup, "16505551234", &json!({ "writes": "hello" })).await;
    // At Meta, and not in our table yet.
    for (name, category) in [("fresh_offer", "MARKETING"), ("fresh_receipt", "UTILITY")] {
        let created = lab.simulate(&format!("wabas/{}/templates", popup.waba), &json!({ "name": name })).await;
        let path = format!("wabas/{}/templates/{}", popup.waba, created["id"].as_str().unwrap());
        lab.simulate(&path, &json!({ "category": category, "silent": true })).await;
    }
    for (name, status) in [("fresh_offer", 409), ("fresh_receipt", 202), ("nowhere", 409)] {
        assert_eq!(post(&lab, &popup, &offer("16505551234", name)).await.status, status, "{name}");
    }
    let fault = json!({ "method": "GET", "path": "/message_templates", "effect": { "kind": "drop_before" } });
    lab.simulate("faults", &fault).await;
    assert_eq!(post(&lab, &popup, &offer("16505551234", "fresh_receipt")).await.status, 409, "Meta is not reached");
    assert_eq!(post(&lab, &popup, &offer("16505550000", "fresh_offer")).await.status, 202, "somebody else");
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_opt_out_holds_for_every_spelling_of_a_number() {
    let (lab, popup) = marketing().await;
    for (dialled, form) in [
        ("525512345678", "5215512345678"),
        ("541123456789", "5491123456789"),
        ("5531987654321", "553187654321"),
        ("5215587654321", "525587654321"),
    ] {
        let stop =
            json!({ "wa_id": form, "category": "marketing_messages", "value": "stop", "timestamp": 1_795_000_000 });
        reported(&lab, &popup, "user_preferences", &stop).await;
        is_refused(&lab, &popup, dialled).await;
        is_refused(&lab, &popup, form).await;
    }
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_opt_out_holds_for_the_form_that_meta_answered_whatever_it_is() {
    let (lab, popup) = marketing().await;
    acts(&lab, &popup, "22501234567", &json!({ "is_known_as": "2250701234567" })).await;
    outcomes(&lab, &popup, &["silent"]).await;
    assert_eq!(post(&lab, &popup, &offer("22501234567", "offer")).await.status, 202);
    let stop = json!({ "wa_id": "2250701234567", "category": "marketing_messages", "value": "stop", "timestamp": 1_795_000_000 });
    reported(&lab, &popup, "user_preferences", &stop).await;
    is_refused(&lab, &popup, "22501234567").await;
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_opt_out_follows_a_person_to_user_ids_and_new_numbers() {
    let (lab, popup) = marketing().await;
    let first = acts(&lab, &popup, "16505551234", &json!({ "writes": "hello" })).await;
    acts(&lab, &popup, "16505551234", &json!({ "prefers": "stop" })).await;
    is_refused(&lab, &popup, "16505551234").await;
    let second = acts(&lab, &popup, "16505551234", &json!({ "changes_user_id": null })).await;
    let third = acts(&lab, &popup, "16505551234", &json!({ "changes_number": "16505559999" })).await;
    for person in [&first["user_id"], &second["user_id"], &third["user_id"], &third["wa_id"]] {
        is_refused(&lab, &popup, person.as_str().unwrap()).await;
    }
    // Only the system message about the change names this parent.
    let system = json!({ "type": "user_changed_user_id", "user_id": "US.5", "previous_user_id": third["user_id"],
        "parent_user_id": "US.ENT.5" });
    let value = json!({ "metadata": { "phone_number_id": phone(&popup) },
        "messages": [{ "id": "wamid.s", "timestamp": "1795000000", "type": "system", "system": system }] });
    let change = json!({ "field": "messages", "value": value });
    let body = json!({ "object": "whatsapp_business_account", "entry": [{ "id": popup.waba, "changes": [change] }] });
    assert_eq!(lab.webhook(&body, "valid").await, 200);
    lab.event("whatsapp.webhook.received.v1", |event| event["data"]["value"] == value).await;
    lab.quiet().await;
    is_refused(&lab, &popup, "US.ENT.5").await;
    assert_eq!(post(&lab, &popup, &offer("16505550000", "offer")).await.status, 202, "somebody else");
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_window_opens_when_the_person_writes_under_another_name() {
    let lab = Lab::start().await;
    let (popup, _) = ready(&lab).await;
    outcomes(&lab, &popup, &["failed:131047", "failed:131047", "failed:131047"]).await;
    let mut waiting = Vec::new();
    for to in ["+54 11 2345 6789", "+1 650 555 1234", "+225 01234567"] {
        if to.starts_with("+225") {
            acts(&lab, &popup, "22501234567", &json!({ "is_known_as": "2250701234567" })).await;
        }
        let text = json!({ "to": to, "type": "text", "text": { "body": "hi" } });
        let id = post(&lab, &popup, &text).await.json()["message_id"].as_str().unwrap().to_owned();
        until(&lab, &id, "retrying").await;
        waiting.push(id);
    }
    // A new number is not a message of the person.
    acts(&lab, &popup, "16505551234", &json!({ "changes_number": "16505559999" })).await;
    assert_eq!(message(&lab, &waiting[1]).await["state"], "retrying");
    for (id, writer) in waiting.iter().zip(["5491123456789", "16505559999", "2250701234567"]) {
        acts(&lab, &popup, writer, &json!({ "writes": "hello" })).await;
        let arrived = until(&lab, id, "delivered").await;
        assert_eq!(arrived["attempts"].as_array().unwrap().len(), 2, "{writer}");
    }
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_are_joined_at_the_same_time_end_as_one_person() {
    let (lab, popup) = marketing().await;
    // 1 – US.1 – 2 – US.2 – 3 – …: each pair shares a name with the next one.
    let (store, from) = (lab.store(), PhoneNumberId::parse(phone(&popup)).unwrap());
    let names = |people: [&str; 2]| people.iter().flat_map(|text| Recipient::any(text).unwrap().names(&from)).collect();
    let number = |at: u32| format!("1650555000{at}");
    let pairs: Vec<Names> = (1..=5_u32)
        .flat_map(|at| {
            let user = format!("US.{at}");
            [names([&number(at), &user]), names([&number(at + 1), &user])]
        })
        .collect();
    let now = shared::clock::now();
    let joined = pairs.iter().map(|pair| store.join_person(&from, pair, now));
    for joined in futures_util::future::join_all(joined).await {
        joined.unwrap();
    }
    let stored = lab.stored(&format!("NUMBER#{}", phone(&popup))).await;
    let people: Vec<_> =
        stored.iter().filter(|item| item["sk"].as_s().is_ok_and(|sk| sk.starts_with("PERSON#"))).collect();
    assert_eq!(people.len(), 11);
    for person in &people {
        assert_eq!(person["record"], people[0]["record"], "the same under every name");
        assert!(!format!("{person:?}").contains("650555"));
    }
    let stop = json!({ "wa_id": "16505550006", "category": "marketing_messages", "value": "stop", "timestamp": 1_795_000_000 });
    reported(&lab, &popup, "user_preferences", &stop).await;
    is_refused(&lab, &popup, "16505550001").await;
    lab.stop().await;
}
