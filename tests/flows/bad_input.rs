//! Bad input to the public endpoints: a clear refusal, nothing stored, nothing called, never a 5xx.

use integration::Lab;
use serde_json::{Value, json};

type Headers = &'static [(&'static str, &'static str)];

const PAGE: (&str, &str) = ("origin", "http://localhost:8080");
const JSON: (&str, &str) = ("content-type", "application/json");

/// Invalid members of a callback, with the refusal of each.
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
async fn bodies_that_are_not_a_callback_are_refused() {
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
    let closed = json!({ "session": "ses_unknown", "event": "CANCEL" });
    let answer = lab.client.post(&lab.api("/signup/abandoned"), &[PAGE], &closed).await.unwrap();
    assert_eq!(answer.status, 404);
    assert_eq!(lab.items().await, 0);
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_sessions_requests_are_refused() {
    let lab = Lab::start().await;
    let deep: Value = serde_json::from_str(&format!("{}1{}", "[".repeat(40), "]".repeat(40))).unwrap();
    for (body, status, code) in [
        (json!({}), 400, "customer_ref_missing"),
        (json!({ "customer_ref": "" }), 400, "id_invalid"),
        (json!({ "customer_ref": 5 }), 400, "bad_type"),
        (json!({ "customer_ref": "a", "flow": "everything" }), 400, "bad_value"),
        (json!({ "customer_ref": "a", "locale": "<img>" }), 400, "bad_value"),
        (json!({ "customer_ref": "a", "prefill": { "unknown": 1 } }), 400, "unknown_field"),
        (json!({ "customer_ref": "a", "prefill": { "business": deep } }), 400, "bad_type"),
        (json!({ "customer_ref": "a", "prefill": { "business": { "id": 1e126 } } }), 400, "bad_value"),
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
async fn addresses_that_are_read_in_two_ways_or_are_not_public_are_refused() {
    let lab = Lab::start().await;
    for address in [
        "javascript:alert(1)",
        "http://example.com/",
        "http://localhost/",
        "https://acme.com\\@evil.com/",
        "https://user@acme.com/",
        "https://2130706433/",
        "https://10.0.0.1/",
        "https://acme.com/?access_token=1",
        "http://localhost:8080@evil.com/",
    ] {
        let hook = json!({ "override_callback_uri": address, "verify_token": "t" });
        for order in [json!({ "return_url": address }), json!({ "callback_override": hook })] {
            let mut body = order.clone();
            body["customer_ref"] = json!("a");
            let refused = lab.platform_post("/v1/sessions", &body).await;
            assert_eq!((refused.status, refused.json()["code"].as_str()), (422, Some("url_rejected")), "{body}");
        }
    }
    assert_eq!(lab.items().await, 0);
    let own = json!({ "customer_ref": "a", "return_url": "http://localhost:8080/done?id=7" });
    assert_eq!(
        lab.platform_post("/v1/sessions", &own).await.status,
        201,
        "a page of the platform's, by AllowedOrigins"
    );
    let own = json!({ "override_callback_uri": "http://localhost:8080/wa", "verify_token": "t" });
    let own = json!({ "customer_ref": "a", "callback_override": own });
    assert_eq!(lab.platform_post("/v1/sessions", &own).await.status, 201, "by CallbackOverrideOrigins");
    lab.stop().await;
}
