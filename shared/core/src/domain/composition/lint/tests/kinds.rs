//! Kinds of templates, unknown words, and samples.

use super::*;

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
