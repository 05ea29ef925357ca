//! Bad input to the public doors: a clear refusal, nothing stored, nothing called, never a 5xx.

use integration::Lab;
use serde_json::{Value, json};

type Headers = &'static [(&'static str, &'static str)];

const PAGE: (&str, &str) = ("origin", "http://localhost:8080");
const JSON: (&str, &str) = ("content-type", "application/json");

/// Members of a callback that break it, with the refusal each gets.
fn broken_callbacks() -> Vec<(Value, u16, &'static str)> {
    let mut cases = vec![
        (json!({ "code": null }), 400, "bad_type"),
        (json!({ "code": "" }), 400, "code_invalid"),
        (json!({ "code": "   " }), 400, "code_invalid"),
        (json!({ "code": "x".repeat(4097) }), 400, "code_invalid"),
        (json!({ "code": 5 }), 400, "bad_type"),
        (json!({ "code": ["x"] }), 400, "bad_type"),
        (json!({ "code": { "a": 1 } }), 400, "bad_type"),
        (json!({ "session": "ses_unknown" }), 404, "session_not_found"),
        (json!({ "session": "\" OR attribute_exists(pk)" }), 404, "session_not_found"),
        (json!({ "session": "../../etc/passwd" }), 404, "session_not_found"),
        (json!({ "session": 7 }), 400, "bad_type"),
        (json!({ "tenant_id": "1" }), 400, "unknown_field"),
        (json!({ "credit_line_id": "1" }), 400, "unknown_field"),
        (json!({ "__proto__": {} }), 400, "unknown_field"),
    ];
    for id in ["0", "-1", "1e5", " 12", "12\n", "١٢٣", "123456789012345678901", "12/../me", "12?x=1", "0x10"] {
        cases.push((json!({ "waba_id": id }), 400, "id_invalid"));
        cases.push((json!({ "phone_number_id": id }), 400, "id_invalid"));
        cases.push((json!({ "business_id": id }), 400, "id_invalid"));
    }
    cases
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_callbacks_are_refused_before_anything_happens() {
    let lab = Lab::start().await;
    let session = lab.session("acme").await;
    let items = lab.items().await;
    for (members, status, code) in broken_callbacks() {
        let mut body = json!({ "session": session.id, "code": "AQunspent" });
        body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        let refused = lab.post_callback(&body).await;
        let problem = refused.json();
        assert_eq!((refused.status, problem["code"].as_str()), (status, Some(code)), "{members}");
        assert_eq!(refused.header("content-type"), "application/problem+json", "{members}");
        assert!(problem["request_id"].as_str().is_some_and(|id| !id.is_empty()), "{members}");
    }
    assert_eq!((lab.calls("GET", "").await, lab.items().await), (0, items));
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_are_no_callback_at_all_are_refused() {
    let lab = Lab::start().await;
    let session = lab.session("acme").await;
    let twice = format!(r#"{{"session":"{0}","code":"a","code":"b"}}"#, session.id);
    let deep = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
    let cases: [(&[u8], Headers, u16, &str); 10] = [
        (b"not json", &[PAGE, JSON], 400, "bad_json"),
        (b"", &[PAGE, JSON], 400, "bad_json"),
        (b"[]", &[PAGE, JSON], 400, "bad_json"),
        (b"null", &[PAGE, JSON], 400, "bad_json"),
        (b"\xff\xfe", &[PAGE, JSON], 400, "bad_json"),
        (deep.as_bytes(), &[PAGE, JSON], 400, "bad_json"),
        (twice.as_bytes(), &[PAGE, JSON], 400, "duplicate_field"),
        (b"{}", &[PAGE, ("content-type", "text/plain")], 415, "content_type"),
        (b"{}", &[PAGE, JSON, ("content-encoding", "gzip")], 415, "content_type"),
        (&[b' '; 70_000], &[PAGE, JSON], 413, "too_large"),
    ];
    for (body, headers, status, code) in cases {
        let refused = lab.send("POST", &lab.api("/signup/callback"), headers, body).await;
        let shown = String::from_utf8_lossy(body.get(..40).unwrap_or(body)).into_owned();
        assert_eq!((refused.status, refused.json()["code"].as_str()), (status, Some(code)), "{shown}");
    }
    assert_eq!(lab.calls("GET", "").await, 0);
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn methods_and_paths_that_are_not_offered_reach_no_function() {
    let lab = Lab::start().await;
    for (method, path) in [
        ("GET", "/signup/callback?code=AQsecret"),
        ("PUT", "/signup/callback"),
        ("DELETE", "/signup"),
        ("PATCH", "/signup/status"),
        ("GET", "/signup/callback/x"),
        ("GET", "/"),
        ("GET", "/v2/sessions"),
        ("POST", "//signup/callback"),
    ] {
        assert_eq!(lab.send(method, &lab.api(path), &[], b"").await.status, 404, "{method} {path}");
    }
    let long = "x".repeat(11_000);
    let flooded = lab.send("GET", &lab.api("/signup?session=a"), &[("cookie", &long)], b"").await;
    assert_eq!(flooded.status, 431);
    let counts = lab.stack.counts();
    assert!(counts.values().all(|count| count.invocations == 0), "{counts:?}");
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_sessions_are_not_found_on_every_browser_route() {
    let lab = Lab::start().await;
    for session in ["", "x", "ses_", "%00", "%22%20OR%201=1", &"a".repeat(5000)] {
        let page = lab.send("GET", &lab.api(&format!("/signup?session={session}")), &[], b"").await;
        assert!((400..500).contains(&page.status), "{session}: {}", page.status);
        let status = lab.send("GET", &lab.api(&format!("/signup/status?session={session}")), &[], b"").await;
        assert!((400..500).contains(&status.status), "{session}: {}", status.status);
    }
    let told = json!({ "session": "ses_unknown", "event": "CANCEL" });
    let answer = lab.client.post(&lab.api("/signup/abandoned"), &[PAGE], &told).await.unwrap();
    assert_eq!(answer.status, 404);
    assert_eq!(lab.items().await, 0);
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_sessions_requests_are_refused() {
    let lab = Lab::start().await;
    for (body, status, code) in [
        (json!({}), 400, "customer_ref_missing"),
        (json!({ "customer_ref": "" }), 400, "id_invalid"),
        (json!({ "customer_ref": 5 }), 400, "bad_type"),
        (json!({ "customer_ref": "a", "flow": "everything" }), 400, "bad_value"),
        (json!({ "customer_ref": "a", "locale": "<img>" }), 400, "bad_value"),
        (json!({ "customer_ref": "a", "prefill": { "unknown": 1 } }), 400, "unknown_field"),
        (json!({ "customer_ref": "a", "return_url": "javascript:alert(1)" }), 422, "url_rejected"),
        (json!({ "customer_ref": "a", "return_url": "http://example.com/" }), 422, "url_rejected"),
        (json!({ "customer_ref": "a", "role": "admin" }), 400, "unknown_field"),
    ] {
        let refused = lab.platform_post("/v1/sessions", &body).await;
        assert_eq!((refused.status, refused.json()["code"].as_str()), (status, Some(code)), "{body}");
    }
    assert_eq!(lab.items().await, 0);
    for path in ["/v1/onboardings/x", "/v1/onboardings/onb_01", "/v1/onboardings/%2e%2e"] {
        assert_eq!(lab.platform_get(path).await.status, 404, "{path}");
    }
    for query in ["state=unknown", "cursor=!!", "colour=red"] {
        let refused = lab.platform_get(&format!("/v1/onboardings?{query}")).await;
        assert_eq!(refused.status, 400, "{query}: {}", refused.json());
    }
    lab.stop().await;
}

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
        ("GET", "x-other", "", 400),
    ] {
        let answer = lab.send(method, &url, &[(header, value)], b"{}").await;
        assert_eq!((answer.status, answer.body.len()), (status, 0), "{method} {header}: {value}");
    }
    assert_eq!(lab.send("POST", &format!("{url}elsewhere"), &[], b"{}").await.status, 404);
    assert_eq!(lab.lose("WebhookQueue").await, 0);
    lab.stop().await;
}

/// Signed by Meta and odd in every way.
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
async fn whatever_is_signed_is_taken_in_and_breaks_nothing() {
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
    lab.eventually("every one is done with", done).await;
    assert_eq!(lab.stack.sqs().counts(&lab.queue("WebhookDeadLetters")).unwrap().visible, 0);
    let died = lab.stack.logs().iter().any(|line| line.text.contains("panic") || line.text.contains("Runtime exited"));
    assert!(!died, "no function died of it");
    lab.lose("PlatformEventsQueue").await;
    lab.stop().await;
}
