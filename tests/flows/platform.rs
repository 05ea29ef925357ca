//! The platform API and the endpoints around it.

use integration::Lab;
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn requests_without_a_token_of_the_platform_are_refused() {
    let lab = Lab::start().await;
    let good = lab.stack.endpoints().platform_token.clone();
    for bearer in
        [String::new(), "Bearer x".to_owned(), format!("Bearer {good}x"), "Bearer eyJhbGciOiJub25lIn0.e30.".to_owned()]
    {
        let headers: &[(&str, &str)] = if bearer.is_empty() { &[] } else { &[("authorization", &bearer)] };
        let body = json!({ "customer_ref": "acme" });
        let answer = lab.client.post(&lab.api("/v1/sessions"), headers, &body).await.unwrap();
        assert_eq!(answer.status, 401, "{bearer}");
    }
    assert_eq!(lab.items().await, 0);
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn onboardings_are_found_by_state_and_by_customer_and_carry_their_timeline() {
    let lab = Lab::start().await;
    let (_, _, id) = lab.signed_up("acme", &json!({})).await;
    lab.until(&id, "ready").await;
    let ids = |answer: Value| -> Vec<String> {
        answer["onboardings"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids(lab.platform_get("/v1/onboardings?state=ready").await.json()), [id.as_str()]);
    assert_eq!(ids(lab.platform_get("/v1/onboardings?customer_ref=acme").await.json()), [id.as_str()]);
    assert!(ids(lab.platform_get("/v1/onboardings?customer_ref=other").await.json()).is_empty());
    for (filters, finds) in [("", true), ("&state=ready", true), ("&state=left", false), ("&customer_ref=other", false)]
    {
        let found = ids(lab.platform_get(&format!("/v1/onboardings?search=acme{filters}")).await.json());
        assert_eq!(found.contains(&id), finds, "{filters}");
    }
    assert_eq!(lab.platform_get("/v1/onboardings?search=acme&cursor=abc").await.status, 400);
    let whole = lab.platform_get(&format!("/v1/onboardings/{id}")).await.json();
    let events: Vec<&str> =
        whole["timeline"].as_array().unwrap().iter().filter_map(|entry| entry["event"].as_str()).collect();
    assert_eq!(&events[..2], ["code_received", "token_stored"]);
    assert!(!whole.to_string().contains("EAA"), "no token leaves the vault");
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_describes_itself() {
    let lab = Lab::start().await;
    let described = lab.platform_get("/v1/openapi.json").await;
    assert_eq!((described.status, described.json()["openapi"].as_str()), (200, Some("3.1.0")));
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_is_locked_down_and_names_no_secret() {
    let lab = Lab::start().await;
    let session = lab.session("acme").await;
    let page = lab.client.get(&session.url, &[]).await.unwrap();
    assert_eq!(page.status, 200);
    let policy = page.header("content-security-policy").to_owned();
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
    assert_eq!((page.header("cache-control"), page.header("x-content-type-options")), ("no-store", "nosniff"));
    let html = String::from_utf8(page.body.to_vec()).unwrap();
    let meta = &lab.stack.endpoints().meta;
    assert!(html.contains(&meta.config_id) && html.contains(&meta.app_id));
    assert!(
        !html.contains(&meta.app_secret) && !html.contains(&meta.system_token) && !html.contains(&meta.verify_token)
    );
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_page_frames_the_console_or_keeps_a_handle_of_it() {
    let lab = Lab::start().await;
    let page = lab.client.get(&lab.api("/console"), &[]).await.unwrap();
    let policy = page.header("content-security-policy");
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
    assert_eq!((page.status, page.header("x-frame-options")), (200, "DENY"));
    for path in ["/console", "/console/main.js"] {
        let answer = lab.client.get(&lab.api(path), &[]).await.unwrap();
        assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin", "{path}");
        assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin", "{path}");
    }
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_platforms_own_page_may_call_and_a_strangers_may_not() {
    let lab = Lab::start().await;
    let (session, popup) = (lab.session("acme").await, lab.popup(&json!({})).await);
    let body = json!({ "session": session.id, "code": popup.code });
    for origin in [
        "null",
        "https://evil.example",
        "http://localhost:8080.evil.example",
        "https://localhost:8080",
        "http://localhost:8081",
    ] {
        let refused = lab.client.post(&lab.api("/signup/callback"), &[("origin", origin)], &body).await.unwrap();
        assert_eq!((refused.status, &refused.json()["code"]), (403, &json!("origin_denied")), "{origin}");
        assert_eq!(refused.header("access-control-allow-origin"), "");
    }
    assert_eq!(lab.calls("GET", "/oauth/access_token").await, 0);
    let asked = [("origin", "http://localhost:8080"), ("access-control-request-method", "POST")];
    let preflight = lab.send("OPTIONS", &lab.api("/signup/callback"), &asked, b"").await;
    assert_eq!((preflight.status, preflight.header("access-control-allow-origin")), (204, "http://localhost:8080"));
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_abandoned_popup_is_remembered_and_the_link_still_works() {
    let lab = Lab::start().await;
    let session = lab.session("acme").await;
    let closed = json!({ "session": session.id, "event": "CANCEL", "current_step": "PHONE_NUMBER_SETUP" });
    let answer = lab.client.post(&lab.api("/signup/abandoned"), &[("origin", &lab.api(""))], &closed).await.unwrap();
    assert_eq!(answer.status, 204);
    let popup = lab.popup(&json!({})).await;
    assert_eq!(lab.callback(&session, &popup).await.status, 202);
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_never_wider_than_what_was_asked_for() {
    let lab = Lab::start().await;
    let (_, _, id) = lab.signed_up("acme", &json!({})).await;
    lab.until(&id, "ready").await;
    for query in ["customer_ref=x&customer_ref=x", "state=left&state=left", "cursor=a&cursor=b"] {
        assert_eq!(lab.platform_get(&format!("/v1/onboardings?{query}")).await.status, 400, "{query}");
    }
    let both = lab.platform_get("/v1/onboardings?customer_ref=acme&state=held").await;
    assert_eq!((both.status, &both.json()["onboardings"]), (200, &json!([])));
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prefill_is_stored_as_it_was_sent_and_breaks_no_page() {
    let lab = Lab::start().await;
    let business = json!({ "id": 9_007_199_254_740_991_u64, "name": "{{script}}</script>", "email": null });
    let created = lab
        .platform_post("/v1/sessions", &json!({ "customer_ref": "acme", "prefill": { "business": business } }))
        .await;
    assert_eq!(created.status, 201, "{}", created.json());
    let page = lab.client.get(created.json()["signup_url"].as_str().unwrap(), &[]).await.unwrap();
    let html = String::from_utf8(page.body.to_vec()).unwrap();
    let config =
        html.split("id=\"config\"").nth(1).unwrap().split_once('>').unwrap().1.split("</script>").next().unwrap();
    let config: Value = serde_json::from_str(config).unwrap();
    assert_eq!(config["extras"]["setup"]["business"], business);
    lab.stop().await;
}
