//! Bad input to the webhook endpoint: only what Meta signed is accepted, whatever it contains; others learn nothing.

use integration::{Draw, Lab, soon};
use serde_json::json;
use shared::secret::Secret;
use shared::webhook::signature::sign;

#[tokio::test(flavor = "multi_thread")]
async fn bad_webhooks_are_answered_without_a_body_and_leave_nothing() {
    let lab = Lab::start().await;
    lab.stack.set_mapping("WebhookQueue", false);
    let url = lab.stack.endpoints().webhook.clone();
    let zeros = format!("sha256={}", "0".repeat(64));
    let signature = "x-hub-signature-256";
    for (method, header, value, status) in [
        ("POST", "x-other", "", 401),
        ("POST", signature, "", 401),
        ("POST", signature, "sha256=zz", 401),
        ("POST", signature, zeros.as_str(), 401),
        ("POST", "x-hub-signature", "sha1=0000000000000000000000000000000000000000", 401),
        ("PUT", signature, zeros.as_str(), 405),
        ("DELETE", "x-other", "", 405),
        ("PATCH", signature, zeros.as_str(), 405),
        ("GET", "x-other", "", 400),
    ] {
        let answer = lab.send(method, &url, &[(header, value)], b"{}").await;
        assert_eq!((answer.status, answer.body.len()), (status, 0), "{method} {header}: {value}");
    }
    for elsewhere in ["elsewhere", "admin", ".env", "webhook/%2e%2e/x"] {
        assert_eq!(lab.send("POST", &format!("{url}{elsewhere}"), &[], b"{}").await.status, 404, "{elsewhere}");
    }
    let token = &lab.stack.endpoints().meta.verify_token;
    for challenge in ["<script>alert(1)</script>", "1%0d%0aset-cookie:a=b", &"1".repeat(10_000)] {
        let query = format!("{url}?hub.mode=subscribe&hub.verify_token={token}&hub.challenge={challenge}");
        let answer = lab.send("GET", &query, &[], b"").await;
        assert_eq!((answer.status, answer.body.len()), (400, 0));
    }
    assert_eq!(lab.lose("WebhookQueue").await, 0);
    lab.stop().await;
}

/// Signatures and bodies that do not match.
fn altered(good: &str, foreign: String, body: &str) -> [(String, String); 12] {
    let digits = good.strip_prefix("sha256=").unwrap();
    [
        (foreign, body.to_owned()),
        (format!("sha1={}", &digits[..40]), body.to_owned()),
        (format!("sha1={digits}"), body.to_owned()),
        (digits.to_owned(), body.to_owned()),
        (format!("sha256={}", &digits[1..]), body.to_owned()),
        (format!("{good}0"), body.to_owned()),
        (format!("{good},{good}"), body.to_owned()),
        (format!("sha256=\"{}\"", &digits[2..]), body.to_owned()),
        (good.to_owned(), body.replace('9', "8")),
        (good.to_owned(), body.replace("ü", "\\u00fc")),
        (good.to_owned(), body.replace(':', ": ")),
        (good.to_owned(), body.replace(r#""id":"9","changes""#, r#""changes""#)),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_exact_bytes_that_were_signed_are_accepted() {
    let lab = Lab::start().await;
    let endpoints = lab.stack.endpoints().clone();
    let body = r#"{"object":"whatsapp_business_account","entry":[{"id":"9","changes":[{"field":"flows","value":{"a":"ü"}}]}]}"#;
    let good = sign(body.as_bytes(), &Secret::new(endpoints.meta.app_secret.clone()));
    let foreign = sign(body.as_bytes(), &Secret::new("another app's secret".to_owned()));
    let (name, json) = ("x-hub-signature-256", "application/json");
    let refused = altered(&good, foreign, body);
    for (signature, body) in &refused {
        let headers = [(name, signature as &str), ("content-type", json)];
        let answer = lab.send("POST", &endpoints.webhook, &headers, body.as_bytes()).await;
        assert_eq!(answer.status, 401, "{signature}: {body}");
    }
    assert_eq!(lab.lose("WebhookQueue").await, 0);
    let counted = lab.stack.logs().iter().filter(|line| line.text.contains("without our signature")).count();
    assert!((1..refused.len()).contains(&counted), "a sample: {counted}");
    let shouted = good.to_uppercase().replace("SHA256", "sha256");
    for (name, signature, kind) in [
        ("X-HUB-Signature-256", good.as_str(), json),
        (name, &shouted, json),
        (name, &good, "application/octet-stream"),
    ] {
        let headers = [(name, signature as &str), ("content-type", kind)];
        let answer = lab.send("POST", &endpoints.webhook, &headers, body.as_bytes()).await;
        assert_eq!(answer.status, 200, "{signature} as {kind}");
    }
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fits_into_no_message_is_asked_for_again_and_its_neighbours_are_passed_on() {
    let lab = Lab::start().await;
    let mut draw = Draw(1);
    let letters: Vec<char> = ('a'..='z').chain('A'..='Z').chain('0'..='9').collect();
    let noise: String = (0..1_400_000).map(|_| draw.of(&letters)).collect();
    let change = |text: &str| json!({ "field": "flows", "value": { "text": text } });
    let changes = [change("before"), change(&noise), change("after")];
    let entry = json!({ "id": "9", "time": soon(), "changes": changes });
    let body = json!({ "object": "whatsapp_business_account", "entry": [entry] }).to_string();
    assert_eq!(lab.signed_text(&body).await, 503);
    lab.quiet().await;
    let passed_on = lab.events_of("whatsapp.webhook.received.v1").await;
    let mut texts: Vec<_> = passed_on.iter().map(|event| event["data"]["value"]["text"].as_str().unwrap()).collect();
    texts.sort_unstable();
    assert_eq!(texts, ["after", "before"]);
    lab.stop().await;
}

/// Signed by Meta and unusual in every way.
fn odd_bodies() -> Vec<String> {
    let entry = |entry: &str| format!(r#"{{"object":"whatsapp_business_account","entry":[{entry}]}}"#);
    let change = |time: &str, value: &str| {
        entry(&format!(r#"{{"id":"9","time":{time},"changes":[{{"field":"account_update","value":{value}}}]}}"#))
    };
    let deep = format!("{}1{}", "[".repeat(1_000), "]".repeat(1_000));
    let many = vec![r#"{"field":"flows","value":{}}"#; 1_001].join(",");
    vec![
        String::new(),
        "null".to_owned(),
        "7".to_owned(),
        "[1,2]".to_owned(),
        r#""text""#.to_owned(),
        r#"{"object":"page","entry":[]}"#.to_owned(),
        r#"{"object":"whatsapp_business_account","entry":[{"id":"9","#.to_owned(),
        "\u{feff}{}".to_owned(),
        entry(""),
        entry("null"),
        entry(r#"{"id":null}"#),
        entry(&format!(r#"{{"id":"9","time":1,"changes":[{many}]}}"#)),
        change("1", "null"),
        change("1", r#""text""#),
        change("1", &deep),
        change("-5", r#"{"event":"ACCOUNT_DELETED"}"#),
        change("1739321024000", r#"{"event":"ACCOUNT_DELETED"}"#),
        change("4102444800", r#"{"event":"ACCOUNT_DELETED"}"#),
        change(r#""abc""#, r#"{"event":"ACCOUNT_DELETED"}"#),
        change("1", r#"{"event":"PARTNER_REMOVED","waba_info":{"waba_id":7}}"#),
        change("1", r#"{"event":"PARTNER_REMOVED","waba_info":{"waba_id":"../../etc"}}"#),
        change("1", r#"{"event":"\ud800\u0000","x":"\uffff"}"#),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_signed_body_is_accepted_and_breaks_nothing() {
    let lab = Lab::start().await;
    for body in odd_bodies() {
        let short: String = body.chars().take(80).collect();
        assert_eq!(lab.signed_text(&body).await, 200, "{short}");
        let unsigned = lab.send("POST", &lab.stack.endpoints().webhook.clone(), &[], body.as_bytes()).await;
        assert_eq!((unsigned.status, unsigned.body.len()), (401, 0), "{short}");
    }
    let done = async || {
        let counts = lab.stack.sqs().counts(&lab.queue("WebhookQueue")).unwrap();
        (counts.visible + counts.in_flight + counts.delayed == 0).then_some(())
    };
    lab.eventually("all are processed", done).await;
    assert_eq!(lab.stack.sqs().counts(&lab.queue("WebhookDeadLetters")).unwrap().visible, 0);
    let died = lab.stack.logs().iter().any(|line| line.text.contains("panic") || line.text.contains("Runtime exited"));
    assert!(!died, "no function crashed");
    lab.lose("PlatformEventsQueue").await;
    lab.stop().await;
}
