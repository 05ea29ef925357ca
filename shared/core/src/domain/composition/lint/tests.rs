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

fn found(composition: &Composition) -> Vec<(&'static str, bool)> {
    lint(composition).into_iter().map(|finding| (finding.code, finding.refused)).collect()
}

fn marketing(components: Value) -> Composition {
    Composition { category: "MARKETING".into(), ..composition(components) }
}

fn card(format: &str, buttons: &Value) -> Value {
    json!({ "components": [
        { "type": "header", "format": format, "example": { "header_handle": ["4::abc"] } },
        { "type": "body", "text": "A lamp for your desk." },
        { "type": "buttons", "buttons": buttons },
    ] })
}

fn carousel(cards: &[Value]) -> Composition {
    let body = json!({ "type": "body", "text": "Look at what is new today." });
    marketing(json!([body, { "type": "carousel", "cards": cards }]))
}

fn quick() -> Value {
    json!([{ "type": "quick_reply", "text": "More" }])
}

fn offer(more: Value, text: &str, has_footer: bool) -> Composition {
    let mut parts = vec![
        json!({ "type": "body", "text": text }),
        json!({ "type": "limited_time_offer", "limited_time_offer": { "text": "Ends soon", "has_expiration": true } }),
        more,
    ];
    parts.extend(has_footer.then(|| json!({ "type": "footer", "text": "Acme" })));
    marketing(json!(parts))
}

#[test]
fn every_documented_component_format_button_and_member_is_taken() {
    let body = json!({ "type": "body", "text": "one two three" });
    let media =
        |format: &str| json!({ "type": "header", "format": format, "example": { "header_handle": ["4::abc"] } });
    for template in [
        carousel(&[card("image", &quick()), card("IMAGE", &quick())]),
        carousel(&vec![card("product", &json!([{ "type": "spm", "text": "View" }])); 2]),
        offer(
            json!({ "type": "buttons", "buttons": [
            { "type": "copy_code", "example": "SAVE15" }, { "type": "url", "text": "Go", "url": "https://x.test" },
        ] }),
            "one two three",
            false,
        ),
        composition(json!([body, { "type": "call_permission_request" }])),
        composition(json!([body, { "type": "ORDER_DETAILS" }])),
        marketing(json!([media("gif"), body])),
        marketing(json!([{ "type": "header", "format": "PRODUCT" }, body])),
        composition(json!([{ "type": "header", "format": "location" }, body])),
        composition(json!([{ "type": "header", "format": "text", "text": "Hello" }, body])),
        composition(json!([body, { "type": "buttons", "buttons": [
            { "type": "flow", "text": "Book", "flow_id": "1" }, { "type": "voice_call", "text": "Call" },
            { "type": "request_contact_info" }, { "type": "catalog", "text": "View catalog" }, { "type": "mpm", "text": "View items" },
        ] }])),
    ] {
        assert_eq!(found(&template), [], "{template:?}");
    }
    let mut members = serde_json::to_value(composition(good())).unwrap();
    members["cta_url_link_tracking_opted_out"] = json!(true);
    members["sub_category"] = json!("ORDER_STATUS");
    assert_eq!(found(&serde_json::from_value(members.clone()).unwrap()), []);
    members["allow_category_change"] = json!(true);
    assert_eq!(found(&serde_json::from_value(members).unwrap()), [("member.ignored", false)]);
}

#[test]
fn what_is_not_known_is_a_hint_and_named_once_for_the_metric() {
    let unknown = json!({ "name": "x", "language": "xx", "category": "NEWS", "parameter_format": "ROMAN", "tomorrow": 1,
        "components": [
            { "type": "HEADER", "format": "POEM" }, { "type": "BODY", "text": "one two three" }, { "type": "STANZA" },
            { "type": "BUTTONS", "buttons": [{ "type": "SING", "text": "A text that is longer than that of a button" }] },
        ] });
    let unknown: Composition = serde_json::from_value(unknown).unwrap();
    let findings = lint(&unknown);
    assert!(findings.iter().all(|finding| !finding.refused), "{findings:?}");
    let mut codes: Vec<_> = findings.iter().map(|finding| finding.code).collect();
    codes.sort_unstable();
    let each = [
        "button.unknown",
        "category.unknown",
        "component.unknown",
        "header.format",
        "language.unknown",
        "member.unknown",
    ];
    assert_eq!(codes, [&each[..], &["variables.format"]].concat());
    let lists: Vec<_> = unknown_words(&unknown).into_iter().map(Vocabulary::as_str).collect();
    assert_eq!(lists, ["component", "format", "button", "category", "language", "parameter_format", "member"]);
}

#[test]
fn types_are_compared_without_case_in_every_rule() {
    let lower =
        |text: &str| text.replace("QUICK_REPLY", "quick_reply").replace("URL", "url").replace("BUTTONS", "buttons");
    let buttons = json!([{ "type": "BODY", "text": "one two three" }, { "type": "BUTTONS", "buttons": [
        { "type": "QUICK_REPLY", "text": "Yes" }, { "type": "URL", "text": "Go", "url": "https://x.test" },
        { "type": "QUICK_REPLY", "text": "No" },
    ] }]);
    let both = [buttons.to_string(), lower(&buttons.to_string())];
    for text in both {
        assert_eq!(codes(&composition(serde_json::from_str(&text).unwrap())), ["buttons.order"], "{text}");
    }
}

#[test]
fn a_sample_that_is_no_handle_is_refused_with_what_to_do() {
    let header = |sample: Value| {
        composition(json!([
            { "type": "header", "format": "image", "example": { "header_handle": sample } },
            { "type": "body", "text": "one two three" },
        ]))
    };
    let samples = [
        (json!(["4::aW1hZ2UvcG5n:ARb:e:1:2:3:ARc"]), &[][..]),
        (json!([]), &[("header.sample", true)]),
        (json!([""]), &[("header.sample", true)]),
        (json!(["HTTPS://x.test/a.png"]), &[("header.sample_address", true)]),
        (json!(["1234567890"]), &[("header.sample_media_id", true)]),
    ];
    for (sample, expected) in samples {
        let template = header(sample.clone());
        assert_eq!(found(&template), expected, "{sample}");
        assert!(lint(&template).iter().all(|finding| finding.message.contains("Upload")), "{sample}");
    }
}

#[test]
fn the_rules_of_carousels_are_enforced() {
    let one = || card("image", &quick());
    let link = json!([{ "type": "url", "text": "Go", "url": "https://x.test" }]);
    let mut long = one();
    long["components"][1]["text"] = json!("x".repeat(161));
    let mut address = one();
    address["components"][0]["example"]["header_handle"] = json!(["https://x.test"]);
    let mut silent = one();
    silent["components"].as_array_mut().unwrap().remove(1);
    let mut outside = carousel(&[one(), one()]);
    outside.components.push(serde_json::from_value(json!({ "type": "FOOTER", "text": "Acme" })).unwrap());
    for (template, code) in [
        (carousel(&[one()]), "carousel.cards"),
        (carousel(&vec![one(); 11]), "carousel.cards"),
        (carousel(&[one(), card("image", &link)]), "carousel.alike"),
        (carousel(&[one(), card("video", &quick())]), "carousel.alike"),
        (carousel(&[one(), silent]), "carousel.alike"),
        (carousel(&vec![card("text", &quick()); 2]), "carousel.header"),
        (carousel(&vec![card("image", &json!([])); 2]), "carousel.buttons"),
        (carousel(&[long.clone(), long]), "body.length"),
        (carousel(&[address.clone(), address]), "header.sample_address"),
        (outside, "carousel.outside"),
    ] {
        assert!(found(&template).contains(&(code, true)), "{code}: {:?}", found(&template));
    }
}

#[test]
fn the_rules_of_offers_permission_requests_and_authentication_are_enforced() {
    let code = |example: &str| json!({ "type": "BUTTONS", "buttons": [{ "type": "COPY_CODE", "example": example }] });
    let long = "x".repeat(601);
    let header = json!({ "type": "HEADER", "format": "TEXT", "text": "Hello" });
    let call = json!({ "type": "call_permission_request" });
    let body = json!({ "type": "BODY", "text": "one two three" });
    let otp = |more: Value| {
        let mut button = json!({ "type": "OTP", "otp_type": "COPY_CODE" });
        button.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "type": "buttons", "buttons": [button] })
    };
    let authentication = |parts: Value| Composition { category: "AUTHENTICATION".into(), ..composition(parts) };
    let plain = json!({ "type": "BODY", "add_security_recommendation": true });
    for (template, code) in [
        (offer(code("SAVE"), &long, false), "body.length"),
        (offer(code("SAVE"), "one two three", true), "offer.footer"),
        (offer(code("SAVE4567890123456"), "one two three", false), "offer.code"),
        (offer(header, "one two three", false), "offer.header"),
        (offer(json!({ "type": "BUTTONS", "buttons": quick() }), "one two three", false), "offer.buttons"),
        (composition(json!([body, call, { "type": "BUTTONS", "buttons": quick() }])), "call_permission.parts"),
        (
            authentication(json!([plain, otp(json!({})), { "type": "HEADER", "format": "TEXT", "text": "x" }])),
            "authentication.parts",
        ),
        (
            authentication(json!([plain, otp(json!({})), { "type": "FOOTER", "code_expiration_minutes": 91 }])),
            "footer.expiration",
        ),
        (authentication(json!([plain, otp(json!({ "otp_type": "one_tap" }))])), "otp.apps"),
    ] {
        assert!(found(&template).contains(&(code, true)), "{code}: {:?}", found(&template));
    }
    assert_eq!(found(&authentication(json!([plain, otp(json!({}))]))), []);
    assert_eq!(found(&authentication(json!([plain, otp(json!({ "text": "Copy" }))]))), [("otp.text", false)]);
    let spm = json!([{ "type": "BODY", "text": "x".repeat(161) }, { "type": "BUTTONS", "buttons": [{ "type": "SPM", "text": "View" }] }]);
    assert!(found(&marketing(spm)).contains(&("body.length", true)));
}

#[test]
fn a_template_of_metas_library_has_no_components_of_its_own() {
    let template =
        json!({ "name": "x", "language": "en", "category": "UTILITY", "library_template_name": "delivery_update_1" });
    let template: Composition = serde_json::from_value(template.clone()).unwrap();
    assert_eq!(found(&template), []);
    assert!(!serde_json::to_string(&template).unwrap().contains("components"));
}
