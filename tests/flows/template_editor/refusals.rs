//! What Meta refuses in templates: its numbers, a sentence, who acts; and answers that only look like success.

use super::{listed, offer, path, ready, send};
use crate::healing::sweep;
use integration::Lab;
use serde_json::{Value, json};

async fn answers(lab: &Lab, method: &str, at: &str, status: u16, body: &Value) {
    let effect = json!({ "kind": "answer", "status": status, "body": body });
    lab.simulate("faults", &json!({ "method": method, "path": at, "effect": effect })).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_refusal_of_a_template_says_what_to_do_and_keeps_metas_numbers() {
    let lab = Lab::start().await;
    let (_, id) = ready(&lab, "acme").await;
    for (code, subcode, status, actor, words) in [
        (100, Some(2_388_019), 422, "customer", "as many templates"),
        (100, Some(2_388_023), 422, "operator", "use a new one"),
        (100, Some(2_388_273), 422, "operator", "sample file"),
        (100, Some(2_388_293), 422, "operator", "too many variables"),
        (10, Some(2_388_185), 422, "customer", "may not create templates yet"),
        (192, None, 422, "operator", "phone number"),
        (200, None, 422, "customer", "permission"),
        (368, None, 422, "customer", "restricts"),
        (80_008, None, 429, "meta", "100 new templates"),
        (987_654, None, 422, "operator", "Look up the code"),
    ] {
        let mut error = json!({ "code": code, "message": "CANARY for developers" });
        error.as_object_mut().unwrap().extend(subcode.map(|subcode| ("error_subcode".to_owned(), json!(subcode))));
        answers(&lab, "POST", "/message_templates", 400, &json!({ "error": error })).await;
        let answer = lab.platform_post(&path(&id, ""), &offer()).await;
        let body = answer.json();
        assert_eq!(answer.status, status, "{body}");
        assert_eq!((&body["meta"]["code"], &body["meta"]["subcode"]), (&json!(code), &json!(subcode)), "{body}");
        assert_eq!(body["actor"], actor, "{body}");
        assert!(body["title"].as_str().unwrap().contains(words), "{body}");
        // Meta's words for developers are shown only where nothing else is known.
        assert_eq!(body["detail"] == "CANARY for developers", code == 987_654, "{body}");
    }
    let told = json!({ "code": 100, "error_subcode": 2_388_043, "message": "CANARY",
        "error_user_title": "CANARY Faltam campos", "error_user_msg": "CANARY Adicione um exemplo" });
    answers(&lab, "POST", "/message_templates", 400, &json!({ "error": told })).await;
    let body = lab.platform_post(&path(&id, ""), &offer()).await.json();
    assert_eq!(body["detail"], "CANARY Faltam campos: CANARY Adicione um exemplo", "{body}");
    assert_eq!(body["meta"]["title"], "CANARY Faltam campos");
    assert_eq!(lab.platform_post(&path(&id, ""), &offer()).await.status, 201);
    let logged = lab.stack.logs().iter().any(|line| line.text.contains("CANARY"));
    assert!(!logged, "Meta's words are in the answer and nowhere else");
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_without_success_is_never_taken_for_done() {
    let lab = Lab::start().await;
    let (popup, id) = ready(&lab, "acme").await;
    let created = lab.platform_post(&path(&id, ""), &offer()).await.json();
    let template = created["id"].as_str().unwrap();
    let not_done = json!({ "success": false });
    answers(&lab, "DELETE", "/message_templates", 200, &not_done).await;
    let at = path(&id, "/order_shipped/en_US");
    let deleted = send(&lab, "DELETE", &at, &json!({})).await;
    assert_eq!((deleted.status, &deleted.json()["code"]), (422, &json!("template.meta_refused")), "{}", deleted.json());
    assert_eq!((&deleted.json()["meta"]["code"], &deleted.json()["retry"]), (&Value::Null, &json!("later")));
    assert_eq!(listed(&lab, &id, "order_shipped").await.unwrap()["status"], "PENDING", "it is still there");
    lab.simulate(&format!("wabas/{}/templates/{template}", popup.waba), &json!({ "status": "REJECTED" })).await;
    super::until(&lab, &id, "order_shipped", |template| template["status"] == "REJECTED").await;
    answers(&lab, "POST", &format!("/{template}"), 200, &not_done).await;
    let edit = json!({ "components": offer()["components"] });
    let edited = send(&lab, "PATCH", &at, &edit).await;
    assert_eq!(edited.status, 422, "{}", edited.json());
    let held = listed(&lab, &id, "order_shipped").await.unwrap();
    assert_eq!(held["edits_last_30_days"], 0, "an edit that was not made is not counted");
    assert_eq!(send(&lab, "PATCH", &at, &edit).await.status, 202);
    assert_eq!(send(&lab, "DELETE", &at, &json!({})).await.status, 204);
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn steps_that_meta_says_it_did_not_do_are_done_again() {
    let lab = Lab::start().await;
    let until = async |id: &str, state: &str| {
        let again = async || {
            lab.age(id, 600).await;
            sweep(&lab).await;
            (lab.onboarding(id).await["state"] == state).then_some(())
        };
        lab.eventually(&format!("it is {state}"), again).await;
    };
    let not_done = json!({ "success": false });
    let entry = [("POST", "/subscribed_apps"), ("POST", "/register"), ("POST", "/assigned_users")];
    for (method, at) in entry {
        answers(&lab, method, at, 200, &not_done).await;
    }
    let (_, _, id) = lab.signed_up("acme", &json!({})).await;
    until(&id, "ready").await;
    let exit = [("DELETE", "/subscribed_apps"), ("POST", "/deregister")];
    for (method, at) in exit {
        answers(&lab, method, at, 200, &not_done).await;
    }
    lab.platform_delete(&format!("/v1/onboardings/{id}?deregister=true")).await;
    until(&id, "left").await;
    for (method, at) in entry.into_iter().chain(exit) {
        assert_eq!(lab.calls(method, at).await, 2, "{method} {at}");
    }
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_that_meta_has_already_is_the_same_only_if_it_shows_the_same() {
    let lab = Lab::start().await;
    let (popup, id) = ready(&lab, "acme").await;
    let at = format!("wabas/{}/templates", popup.waba);
    lab.simulate(&at, &json!({ "name": "order_shipped" })).await;
    let other = lab.platform_post(&path(&id, ""), &offer()).await;
    assert_eq!((other.status, &other.json()["code"]), (409, &json!("template.exists")), "{}", other.json());
    assert_eq!(other.json()["meta"]["subcode"], 2_388_024);
    lab.stop().await;
}
