//! Template management: prepared, checked, submitted, reviewed, edited, copied, deleted.

mod kinds;
mod refusals;
mod samples;

use integration::{Lab, Popup};
use local::Answer;
use serde_json::{Value, json};

async fn ready(lab: &Lab, customer: &str) -> (Popup, String) {
    let (_, popup, id) = lab.signed_up(customer, &json!({})).await;
    lab.until(&id, "ready").await;
    (popup, id)
}

fn offer() -> Value {
    json!({
        "name": "order_shipped", "language": "en_US", "category": "utility",
        "components": [
            { "type": "BODY", "text": "Your order {{1}} was sent to you today.", "example": { "body_text": [["X1"]] } },
            { "type": "FOOTER", "text": "Acme" },
        ],
    })
}

fn path(id: &str, rest: &str) -> String {
    format!("/v1/onboardings/{id}/templates{rest}")
}

async fn send(lab: &Lab, method: &str, path: &str, body: &Value) -> Answer {
    let bearer = format!("Bearer {}", lab.stack.endpoints().platform_token);
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    lab.send(method, &lab.api(path), &headers, body.to_string().as_bytes()).await
}

async fn listed(lab: &Lab, id: &str, name: &str) -> Option<Value> {
    let list = lab.platform_get(&path(id, "")).await.json();
    list["templates"].as_array()?.iter().find(|template| template["name"] == name).cloned()
}

async fn until(lab: &Lab, id: &str, name: &str, is: impl Fn(&Value) -> bool) -> Value {
    let seen = async || listed(lab, id, name).await.filter(&is);
    lab.eventually(&format!("{name} is as expected"), seen).await
}

async fn decided(lab: &Lab, popup: &Popup, template: &Value, decision: &Value) {
    lab.simulate("clock", &json!({ "advance_seconds": 2 })).await;
    lab.simulate(&format!("wabas/{}/templates/{}", popup.waba, template["id"].as_str().unwrap()), decision).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_goes_from_the_editor_through_review_to_use() {
    let lab = Lab::start().await;
    let (popup, id) = ready(&lab, "acme").await;
    let created = lab.platform_post(&path(&id, ""), &offer()).await;
    assert_eq!(created.status, 201, "{}", created.json());
    let template = created.json();
    assert_eq!((&template["status"], &template["colour"]), (&json!("PENDING"), &json!("yellow")));
    decided(&lab, &popup, &template, &json!({ "status": "REJECTED", "reason": "INCORRECT_CATEGORY" })).await;
    let rejected = until(&lab, &id, "order_shipped", |template| template["colour"] == "red").await;
    assert!(rejected["message"].as_str().unwrap().contains("category"));
    let edit = json!({ "category": "MARKETING", "components": [{ "type": "BODY", "text": "Look at what is new with us today." }] });
    let edited = send(&lab, "PATCH", &path(&id, "/order_shipped/en_US"), &edit).await;
    assert_eq!(edited.status, 202, "{}", edited.json());
    decided(&lab, &popup, &template, &json!({ "status": "APPROVED" })).await;
    let green = |template: &Value| template["colour"] == "green" && template["category"] == "MARKETING";
    let approved = until(&lab, &id, "order_shipped", green).await;
    assert_eq!(approved["edits_last_30_days"], 1);
    let whole = lab.platform_get(&path(&id, "/order_shipped/en_US")).await.json();
    assert_eq!((&whole["components"], &whole["edits_last_30_days"]), (&edit["components"], &json!(1)));
    let list = lab.platform_get(&path(&id, "")).await.json();
    assert_eq!((&list["created_last_hour"], &list["creations_an_hour"]), (&json!(1), &json!(100)));
    assert!(list["synced_at"].as_str().is_some());
    assert_eq!(lab.platform_post(&path(&id, ""), &offer()).await.status, 409, "it is listed");
    lab.quiet().await;
    lab.events_of("all that came before").await;
    assert_eq!(send(&lab, "DELETE", &path(&id, "/order_shipped/en_US"), &json!({})).await.status, 204);
    for _ in 0..2 {
        assert_eq!(lab.platform_post(&path(&id, "/refresh"), &json!({})).await.status, 202);
        lab.quiet().await;
    }
    let published = lab.events_of("whatsapp.template.changed.v1").await;
    let published: Vec<&Value> = published.iter().map(|event| &event["data"]["status"]).collect();
    assert_eq!(published, ["DELETED"], "once: the polls agree");
    assert_eq!(lab.platform_get(&path(&id, "/order_shipped/en_US")).await.status, 404);
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_meta_would_refuse_never_reaches_meta() {
    let lab = Lab::start().await;
    let (_, id) = ready(&lab, "acme").await;
    let mut bad = offer();
    bad["name"] = json!("Order Shipped");
    bad["components"] = json!([{ "type": "BODY", "text": "{{1}}" }]);
    let answer = lab.platform_post(&path(&id, ""), &bad).await;
    assert_eq!((answer.status, &answer.json()["code"]), (422, &json!("template.refused")));
    assert_eq!(answer.header("content-type"), "application/problem+json");
    let findings = answer.json()["findings"].to_string();
    for code in ["name.form", "body.edge_variable", "variables.example"] {
        assert!(findings.contains(code), "{code}: {findings}");
    }
    for (body, code) in [
        (json!({}), "bad_type"),
        (json!({ "name": 7 }), "bad_type"),
        (json!({ "name": "x", "language": "en", "category": "UTILITY", "components": "none" }), "bad_type"),
        (json!({ "name": "x", "access_token": "x" }), "unknown_field"),
        (json!({ "name": "x", "Surprise": true }), "unknown_field"),
    ] {
        let answer = lab.platform_post(&path(&id, ""), &body).await;
        assert_eq!((answer.status, &answer.json()["code"]), (400, &json!(code)), "{body}");
    }
    let mut sale = offer();
    sale["components"] = json!([{ "type": "BODY", "text": "Your order comes with a discount for the next one." }]);
    let hinted = lab.platform_post(&path(&id, ""), &sale).await;
    assert_eq!((hinted.status, &hinted.json()["hints"][0]["code"]), (201, &json!("wording.marketing")));
    assert_eq!(lab.calls("POST", "/message_templates").await, 1, "only what Meta allows");
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_is_seen_before_it_is_submitted() {
    let lab = Lab::start().await;
    let mut shown = offer();
    shown["values"] = json!({ "1": "<b>A7</b>" });
    let preview = lab.platform_post("/v1/templates/preview", &shown).await;
    assert_eq!(preview.status, 200, "{}", preview.json());
    let preview = preview.json();
    assert_eq!(preview["text"], "Your order <b>A7</b> was sent to you today.\nAcme");
    assert!(preview["html"].as_str().unwrap().contains("&lt;b&gt;A7&lt;/b&gt;"));
    assert_eq!(preview["findings"], json!([]));
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_is_prepared_before_the_account_can_take_it_and_submitted_when_it_can() {
    let lab = Lab::start().await;
    let (popup, id) = ready(&lab, "acme").await;
    lab.simulate(&format!("wabas/{}/revoke", popup.waba), &json!({})).await;
    lab.stack.fire("TemplatePollFunction", "Poll").await.unwrap();
    lab.until(&id, "reauthorise").await;
    let kept = lab.platform_post(&path(&id, ""), &offer()).await;
    assert_eq!((kept.status, &kept.json()["colour"]), (202, &json!("grey")));
    assert_eq!(lab.platform_get(&path(&id, "")).await.json()["drafts"][0]["name"], "order_shipped");
    let session = lab.session("acme").await;
    let again = lab.popup(&json!({ "waba_id": popup.waba })).await;
    lab.callback(&session, &again).await;
    lab.until(&id, "ready").await;
    lab.stack.fire("TemplatePollFunction", "Poll").await.unwrap();
    until(&lab, &id, "order_shipped", |template| template["colour"] == "yellow").await;
    assert_eq!(lab.platform_get(&path(&id, "")).await.json()["drafts"], json!([]));
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_is_copied_to_another_language_and_to_another_customer() {
    let lab = Lab::start().await;
    let (_, one) = ready(&lab, "one").await;
    let (_, two) = ready(&lab, "two").await;
    assert_eq!(lab.platform_post(&path(&one, ""), &offer()).await.status, 201);
    let copy = path(&one, "/order_shipped/en_US/copy");
    let german = lab.platform_post(&copy, &json!({ "language": "de" })).await;
    assert_eq!((german.status, &german.json()["language"]), (201, &json!("de")));
    let other = lab.platform_post(&copy, &json!({ "name": "shipped", "onboarding_id": two })).await;
    assert_eq!(other.status, 201, "{}", other.json());
    assert!(listed(&lab, &two, "shipped").await.is_some());
    assert_eq!(lab.platform_post(&copy, &json!({ "language": "xx" })).await.status, 422);
    assert_eq!(lab.platform_post(&path(&one, "/nothing/en_US/copy"), &json!({})).await.status, 404);
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_submission_whose_answer_was_lost_is_the_same_template() {
    let lab = Lab::start().await;
    let (_, id) = ready(&lab, "acme").await;
    let lost = json!({ "method": "POST", "path": "/message_templates", "effect": { "kind": "drop_after" } });
    lab.simulate("faults", &lost).await;
    assert_eq!(lab.platform_post(&path(&id, ""), &offer()).await.status, 503);
    let again = lab.platform_post(&path(&id, ""), &offer()).await;
    assert_eq!((again.status, &again.json()["status"]), (201, &json!("PENDING")), "{}", again.json());
    let list = lab.platform_get(&path(&id, "")).await.json();
    let same = list["templates"].as_array().unwrap().iter().filter(|template| template["name"] == "order_shipped");
    assert_eq!(same.count(), 1);
    lab.stop().await;
}
