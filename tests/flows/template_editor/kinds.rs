//! Every kind of template that Meta documents reaches Meta, and what this version does not know is Meta's to decide.

use super::{decided, path, ready, send, until};
use integration::Lab;
use serde_json::{Value, json};

fn template(name: &str, category: &str, components: &Value) -> Value {
    json!({ "name": name, "language": "en_US", "category": category, "components": components })
}

fn body() -> Value {
    json!({ "type": "body", "text": "Look at what is new with us today." })
}

/// One template of each kind, in lower case as in Meta's own samples.
fn kinds() -> [Value; 10] {
    let product = json!({ "components": [
        { "type": "header", "format": "product" }, { "type": "buttons", "buttons": [{ "type": "spm", "text": "View" }] },
    ] });
    let offer =
        json!({ "type": "limited_time_offer", "limited_time_offer": { "text": "Ends soon", "has_expiration": true } });
    let codes = json!({ "type": "buttons", "buttons": [
        { "type": "copy_code", "example": "SAVE15" }, { "type": "url", "text": "Go", "url": "https://acme.test" },
    ] });
    let otp = json!([
        { "type": "body", "add_security_recommendation": true }, { "type": "footer", "code_expiration_minutes": 10 },
        { "type": "buttons", "buttons": [{ "type": "otp", "otp_type": "copy_code" }] },
    ]);
    let flow = json!({ "type": "buttons", "buttons": [
        { "type": "flow", "text": "Book", "flow_id": "1", "flow_action": "navigate", "navigate_screen": "A" },
    ] });
    let contact = json!({ "type": "buttons", "buttons": [{ "type": "request_contact_info" }] });
    [
        template("carousel", "marketing", &json!([body(), { "type": "carousel", "cards": [product, product] }])),
        template("offer", "marketing", &json!([body(), offer, codes])),
        template("call", "utility", &json!([body(), { "type": "call_permission_request" }])),
        template("place", "utility", &json!([{ "type": "header", "format": "location" }, body()])),
        template("product", "marketing", &json!([{ "type": "header", "format": "PRODUCT" }, body()])),
        template("greeting", "utility", &json!([{ "type": "header", "format": "text", "text": "Hello" }, body()])),
        template("code", "authentication", &otp),
        template("flow", "utility", &json!([body(), flow])),
        template("contact", "utility", &json!([body(), contact])),
        template("order", "utility", &json!([body(), { "type": "order_details" }])),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_documented_kind_of_template_is_submitted_as_it_was_written() {
    let lab = Lab::start().await;
    let (_, id) = ready(&lab, "acme").await;
    for written in kinds() {
        let created = lab.platform_post(&path(&id, ""), &written).await;
        assert_eq!(created.status, 201, "{written}: {}", created.json());
        assert_eq!(created.json()["hints"], Value::Null, "{written}");
        let sent = lab.simulator("calls").await;
        let sent = sent.as_array().unwrap().iter().rev().find(|call| call["body"]["name"] == written["name"]).cloned();
        assert_eq!(sent.unwrap()["body"]["components"], written["components"]);
    }
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn members_and_words_that_are_not_known_are_passed_on_with_a_hint_and_counted() {
    let lab = Lab::start().await;
    let (popup, id) = ready(&lab, "acme").await;
    let mut written = template("tracked", "UTILITY", &json!([body()]));
    written["allow_category_change"] = json!(true);
    written["cta_url_link_tracking_opted_out"] = json!(true);
    written["parameter_format"] = json!("positional");
    written["new_in_2027"] = json!({ "a": 1 });
    let created = lab.platform_post(&path(&id, ""), &written).await;
    assert_eq!(created.status, 201, "{}", created.json());
    let hints = created.json()["hints"].to_string();
    assert!(hints.contains("member.unknown") && hints.contains("member.ignored"), "{hints}");
    let sent = lab.simulator("calls").await;
    let sent = sent.as_array().unwrap().iter().find(|call| call["body"]["name"] == "tracked").cloned().unwrap();
    assert_eq!(
        (&sent["body"]["new_in_2027"], &sent["body"]["allow_category_change"]),
        (&json!({ "a": 1 }), &json!(true))
    );
    // An edit of one member leaves the components as they are. Meta wants the category beside this one.
    let (change, at) = (json!({ "cta_url_link_tracking_opted_out": false }), path(&id, "/tracked/en_US"));
    decided(&lab, &popup, &created.json(), &json!({ "status": "APPROVED" })).await;
    until(&lab, &id, "tracked", |template| template["colour"] == "green").await;
    let edited = send(&lab, "PATCH", &at, &change).await;
    assert_eq!(edited.status, 202, "{}", edited.json());
    let sent = lab.simulator("calls").await;
    let wanted = json!({ "category": "UTILITY", "cta_url_link_tracking_opted_out": false });
    assert!(sent.as_array().unwrap().iter().any(|call| call["body"] == wanted), "{sent}");
    assert_eq!(send(&lab, "PATCH", &at, &json!({})).await.status, 400);
    // Meta's own decision about a component that nobody knows.
    let poem = template("poem", "UTILITY", &json!([body(), { "type": "stanza" }]));
    let refused = lab.platform_post(&path(&id, ""), &poem).await;
    assert_eq!((refused.status, &refused.json()["meta"]["code"]), (422, &json!(100)), "{}", refused.json());
    let counted = lab.stack.logs().iter().any(|line| {
        line.text.contains("a template word is not documented") && line.text.to_lowercase().contains("component")
    });
    assert!(counted, "the message that the template's metric filter matches");
    assert!(!lab.stack.logs().iter().any(|line| line.text.contains("stanza")), "without the caller's words");
    lab.stop().await;
}
