mod kinds;

use super::*;
use serde_json::{Value, json};

fn composition(components: Value) -> Composition {
    let mut value = json!({ "name": "order_update", "language": "en_US", "category": "UTILITY" });
    value["components"] = components;
    serde_json::from_value(value).unwrap()
}

fn good() -> Value {
    json!([
        { "type": "HEADER", "format": "TEXT", "text": "Hi {{1}}", "example": { "header_text": ["Ana"] } },
        { "type": "BODY", "text": "Your order {{1}} was sent by {{2}} today.", "example": { "body_text": [["X1", "DHL"]] } },
        { "type": "FOOTER", "text": "Thanks" },
        { "type": "BUTTONS", "buttons": [
            { "type": "QUICK_REPLY", "text": "Stop" },
            { "type": "URL", "text": "Track", "url": "https://x.test/{{1}}", "example": ["https://x.test/abc"] },
        ]},
    ])
}

fn codes(composition: &Composition) -> Vec<&'static str> {
    lint(composition).into_iter().map(|finding| finding.code).collect()
}

fn body(text: &str, examples: &[&str]) -> Composition {
    composition(json!([{ "type": "BODY", "text": text, "example": { "body_text": [examples] } }]))
}

#[test]
fn a_template_that_meta_accepts_has_no_findings() {
    assert_eq!(codes(&composition(good())), Vec::<&str>::new());
    let named = json!([{ "type": "BODY", "text": "Your order {{order_id}} was sent today.",
        "example": { "body_text_named_params": [{ "param_name": "order_id", "example": "X1" }] } }]);
    let named = Composition { parameter_format: Some("NAMED".into()), ..composition(named) };
    assert_eq!(codes(&named), Vec::<&str>::new());
}

#[test]
fn name_language_and_category_follow_metas_rules() {
    let bad =
        Composition { name: "Order".into(), language: "en-US".into(), category: "NEWS".into(), ..composition(good()) };
    assert_eq!(codes(&bad), ["name.form", "language.form", "category.unknown"]);
}

#[test]
fn invisible_characters_are_found() {
    assert_eq!(codes(&body("Your order\nwas sent today.", &[])), Vec::<&str>::new());
    assert_eq!(codes(&body("Your order\u{0} was sent.", &[])), ["text.control"]);
    assert_eq!(codes(&body("Your \u{202e}redro was sent.", &[])), ["text.direction"]);
    let mut parts = good();
    parts[2]["text"] = json!("Thanks\nagain");
    parts[3]["buttons"][0]["text"] = json!("St\top");
    let found: Vec<_> = lint(&composition(parts)).into_iter().map(|it| (it.code, it.place, it.refused)).collect();
    assert_eq!(found, [("text.control", "footer", true), ("text.control", "buttons", true)]);
}

#[test]
fn every_rule_of_the_body_is_enforced() {
    let long = "x ".repeat(600);
    for (text, examples, code) in [
        ("", &[][..], "body.length"),
        (long.as_str(), &[], "body.length"),
        ("{{1}} was sent to you today", &["X"], "body.edge_variable"),
        ("we sent to you today {{1}}", &["X"], "body.edge_variable"),
        ("we have sent you today {{1}} {{2}} with the post", &["X", "Y"], "body.adjacent_variables"),
        ("a {{1}} b", &["X"], "body.mostly_variables"),
        ("we have sent {{2}} to you today", &["X"], "variables.names"),
        ("we have sent {{order}} to you today", &["X"], "variables.names"),
        ("we have sent {{1}} to you today", &[], "variables.example"),
        ("we have sent {{1} to you today", &["X"], "variables.braces"),
    ] {
        assert!(codes(&body(text, examples)).contains(&code), "{text}: {:?}", codes(&body(text, examples)));
    }
    assert_eq!(codes(&composition(json!([]))), ["body.missing"]);
    let twice = json!([{ "type": "BODY", "text": "one two" }, { "type": "BODY", "text": "one two" }]);
    assert_eq!(codes(&composition(twice)), ["component.twice"]);
}

#[test]
fn limits_of_headers_footers_and_buttons_are_enforced() {
    let with = |part: Value| composition(json!([{ "type": "BODY", "text": "one two three" }, part]));
    let buttons = |buttons: Value| with(json!({ "type": "BUTTONS", "buttons": buttons }));
    let quick = json!({ "type": "QUICK_REPLY", "text": "Yes" });
    let link = json!({ "type": "URL", "text": "Go", "url": "https://x.test" });
    for (composition, code) in [
        (with(json!({ "type": "HEADER", "format": "TEXT", "text": "x".repeat(61) })), "header.length"),
        (with(json!({ "type": "HEADER", "format": "TEXT", "text": "{{1}} and {{2}}" })), "header.variables"),
        (with(json!({ "type": "HEADER", "format": "IMAGE" })), "header.sample"),
        (with(json!({ "type": "HEADER", "format": "POEM" })), "header.format"),
        (with(json!({ "type": "FOOTER", "text": "x".repeat(61) })), "footer.length"),
        (with(json!({ "type": "FOOTER", "text": "Hi {{1}}" })), "footer.variable"),
        (with(json!({ "type": "CAROUSEL" })), "carousel.cards"),
        (with(json!({ "text": "no type" })), "component.untyped"),
        (with(json!({ "type": "HEADER" })), "header.format"),
        (with(json!({ "type": "HEADER", "format": "TEXT", "text": "New \u{1f389}" })), "header.emoji"),
        (buttons(json!([])), "buttons.none"),
        (buttons(json!(vec![quick.clone(); 11])), "buttons.many"),
        (buttons(json!([link, link, link])), "buttons.links"),
        (buttons(json!([quick, link, quick])), "buttons.order"),
        (buttons(json!([{ "type": "OTP" }])), "buttons.otp"),
        (buttons(json!([{ "type": "QUICK_REPLY", "text": "x".repeat(26) }])), "button.text"),
        (buttons(json!([{ "type": "URL", "text": "Go", "url": "ftp://x" }])), "button.address"),
        (
            buttons(json!([{ "type": "URL", "text": "Go", "url": "https://{{1}}.test/x", "example": ["y"] }])),
            "button.address_variable",
        ),
        (buttons(json!([{ "type": "URL", "text": "Go", "url": "https://x.test/{{1}}" }])), "button.example"),
        (buttons(json!([{ "type": "PHONE_NUMBER", "text": "Call", "phone_number": "call me" }])), "button.number"),
        (buttons(json!([{ "type": "COPY_CODE", "example": "x".repeat(21) }])), "button.code"),
    ] {
        assert!(codes(&composition).contains(&code), "{code}: {:?}", codes(&composition));
    }
}

#[test]
fn marketing_in_a_utility_template_is_a_hint_and_not_a_rejection() {
    let sale = body("your order is on its way, do not miss our sale today", &[]);
    assert_eq!(codes(&sale), ["wording.marketing"]);
    assert!(lint(&sale).iter().all(|finding| !finding.refused));
    let marketing = Composition { category: "MARKETING".into(), ..sale };
    assert_eq!(codes(&marketing), Vec::<&str>::new());
    let brief = Composition { message_send_ttl_seconds: Some(10), ..body("one two three", &[]) };
    assert_eq!(codes(&brief), ["ttl.range"]);
}
