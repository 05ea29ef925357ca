//! Signup links: for whom they are, what they show when closed, how they are revoked, and how often they can be tried.

use integration::{Browser, Lab, Session};
use serde_json::{Value, json};

async fn link(lab: &Lab, order: &Value) -> Session {
    let created = lab.platform_post("/v1/sessions", order).await;
    assert_eq!(created.status, 201, "{}", created.json());
    let text = |name: &str| created.json()[name].as_str().unwrap().to_owned();
    Session { id: text("session"), url: text("signup_url") }
}

/// Everything a browser is shown of a link.
async fn shown(lab: &Lab, session: &Session) -> String {
    let mut all = String::new();
    for path in ["/signup", "/signup/session", "/signup/status"] {
        let page = lab.send("GET", &lab.api(&format!("{path}?session={}", session.id)), &[], b"").await;
        all += &String::from_utf8_lossy(&page.body);
    }
    all
}

async fn code_of(lab: &Lab, session: &Session, code: &str) -> (u16, Value) {
    let answer = lab.server_callback(&json!({ "session": session.id, "code": code })).await;
    (answer.status, answer.json()["code"].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_says_what_is_connected_to_what_and_where_help_is() {
    let lab = Lab::start().await;
    let order = json!({ "customer_ref": "acme", "customer_name": "Bäckerei Groß & Söhne", "help_url": "mailto:help@platform.com" });
    let session = link(&lab, &order).await;
    let html = shown(&lab, &session).await;
    assert!(html.contains(r#""customer_name":"Bäckerei Groß & Söhne","platform_name":"Example Platform""#), "{html}");
    assert!(html.contains(r#""help_url":"mailto:help@platform.com""#));
    for (field, value, status, code) in [
        ("customer_name", json!(""), 400, "bad_value"),
        ("customer_name", json!(" Acme"), 400, "bad_value"),
        ("customer_name", json!("Ac\nme"), 400, "bad_value"),
        ("customer_name", json!("Acme \u{202e}knaB"), 400, "bad_value"),
        ("customer_name", json!("x".repeat(81)), 400, "bad_value"),
        ("customer_name", json!(7), 400, "bad_type"),
        ("help_url", json!("javascript:alert(1)"), 422, "url_rejected"),
        ("help_url", json!("http://platform.example/"), 422, "url_rejected"),
        ("help_url", json!("mailto:nobody"), 422, "url_rejected"),
        ("help_url", json!("mailto:a@b.com?bcc=c@d.com"), 422, "url_rejected"),
        ("help_url", json!("mailto:a@b.com,c@d.com"), 422, "url_rejected"),
        ("confirm", json!("yes"), 400, "bad_type"),
    ] {
        let refused = lab.platform_post("/v1/sessions", &json!({ "customer_ref": "acme", field: value })).await;
        assert_eq!((refused.status, refused.json()["code"].as_str()), (status, Some(code)), "{field} {value}");
    }
    assert_eq!(lab.items().await, 1);
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_confirms_if_the_platform_requires_it_and_the_timeline_says_when() {
    let lab = Lab::start().await;
    let session = link(&lab, &json!({ "customer_ref": "acme", "confirm": true })).await;
    assert_eq!(code_of(&lab, &session, "AQx").await, (422, json!("confirmation_missing")), "a server confirms nothing");
    for unconfirmed in [json!({}), json!({ "confirmed": false })] {
        let refused = lab.launch(&session, &unconfirmed).await;
        assert_eq!((refused.status, &refused.json()["code"]), (422, &json!("confirmation_missing")));
    }
    assert_eq!(lab.launch(&session, &json!({ "confirmed": "yes" })).await.status, 400);
    let launched = lab.launch(&session, &json!({ "confirmed": true })).await;
    assert_eq!(launched.status, 200, "{}", launched.json());
    let link = lab.platform_get(&format!("/v1/sessions/{}", session.id)).await.json();
    assert!(link["confirmed_at"].is_string() && link["launched_at"].is_string(), "{link}");
    let mut body = lab.popup(&json!({})).await.body;
    body["session"] = json!(session.id);
    body["launch"] = launched.json()["launch"].clone();
    let id = lab.post_callback(&body).await.json()["onboarding_id"].as_str().unwrap().to_owned();
    let timeline = lab.platform_get(&format!("/v1/onboardings/{id}")).await.json()["timeline"].clone();
    assert_eq!((&timeline[0]["event"], &timeline[0]["at"]), (&json!("confirmed"), &link["confirmed_at"]));
    assert_eq!(timeline[1]["event"], "code_received");
    lab.until(&id, "ready").await;
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_link_takes_no_launch_and_no_code_and_says_so() {
    let lab = Lab::start().await;
    let session = lab.session("acme").await;
    let path = format!("/v1/sessions/{}", session.id);
    let launched = lab.launch(&session, &json!({})).await.json()["launch"].clone();
    for _ in 0..2 {
        assert_eq!(lab.platform_delete(&path).await.status, 204);
    }
    assert_eq!(lab.platform_get(&path).await.json()["state"], "revoked");
    let page = lab.send("GET", &format!("{}&locale=fr", session.url), &[], b"").await;
    assert_eq!(page.status, 410);
    assert!(String::from_utf8_lossy(&page.body).contains("Ce lien a été retiré"));
    let status = lab.status(&session).await;
    assert_eq!((&status["state"], &status["can_start"]), (&json!("revoked"), &json!(false)));
    let refused = lab.launch(&session, &json!({ "launch": launched })).await;
    assert_eq!((refused.status, &refused.json()["code"]), (410, &json!("session_revoked")));
    let body = json!({ "session": session.id, "code": lab.popup(&json!({})).await.code, "launch": launched });
    let refused = lab.post_callback(&body).await;
    assert_eq!((refused.status, &refused.json()["code"]), (410, &json!("session_revoked")));
    assert_eq!(lab.calls("GET", "/oauth/access_token").await, 0);
    let unknown = format!("/v1/sessions/ses_{}", "0".repeat(62));
    for path in [unknown.as_str(), "/v1/sessions/x"] {
        assert_eq!((lab.platform_delete(path).await.status, lab.platform_get(path).await.status), (404, 404));
    }
    let (used, _, id) = lab.signed_up("other", &json!({})).await;
    let path = format!("/v1/sessions/{}", used.id);
    let refused = lab.platform_delete(&path).await;
    assert_eq!((refused.status, &refused.json()["code"]), (409, &json!("session_used")));
    let link = lab.platform_get(&path).await.json();
    assert_eq!((&link["state"], &link["onboarding_id"]), (&json!("used"), &json!(id)));
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_link_shows_its_state_and_none_of_its_prefill() {
    let lab = Lab::start().await;
    let business = json!({ "name": "Lucky Shrub", "email": "ada@shrub.example" });
    let order = json!({ "customer_ref": "acme", "prefill": { "business": business }, "customer_name": "Shrub Ltd" });
    let over = |html: &str| ["Lucky", "ada@", "Shrub Ltd", "\"extras\":"].iter().all(|part| !html.contains(part));
    let (used, revoked, expired) = (link(&lab, &order).await, link(&lab, &order).await, link(&lab, &order).await);
    assert!(shown(&lab, &used).await.contains("ada@shrub.example"));
    lab.platform_delete(&format!("/v1/sessions/{}", revoked.id)).await;
    assert!(over(&shown(&lab, &revoked).await));
    lab.expire(&expired).await;
    assert!(over(&shown(&lab, &expired).await));
    assert_eq!(lab.status(&expired).await["state"], "expired");
    assert_eq!(lab.launch(&expired, &json!({})).await.json()["code"], "session_expired");
    // A customer who has to click again gets all of it again; a connected one never does.
    assert_eq!(code_of(&lab, &used, "AQnobodyHasThisCode").await, (422, json!("code_used")));
    assert_eq!(lab.status(&used).await["state"], "relaunch");
    assert!(shown(&lab, &used).await.contains("ada@shrub.example"));
    let accepted = lab.callback(&used, &lab.popup(&json!({})).await).await;
    lab.until(accepted.json()["onboarding_id"].as_str().unwrap(), "ready").await;
    assert!(over(&shown(&lab, &used).await));
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_tries_ten_codes_and_later_ones_cost_nothing() {
    let lab = Lab::start().await;
    let session = lab.session("mallory").await;
    for attempt in 0..10 {
        assert_eq!(code_of(&lab, &session, &format!("AQinvented{attempt}")).await, (422, json!("code_used")));
    }
    lab.quiet().await;
    let (exchanges, items) = (lab.calls("GET", "/oauth/access_token").await, lab.items().await);
    assert!(!lab.events_of("whatsapp.onboarding.relaunch_requested.v1").await.is_empty());
    for attempt in 10..15 {
        assert_eq!(code_of(&lab, &session, &format!("AQinvented{attempt}")).await, (429, json!("too_many_codes")));
    }
    lab.quiet().await;
    assert_eq!((exchanges, lab.calls("GET", "/oauth/access_token").await, lab.items().await), (10, 10, items));
    assert_eq!(lab.events_of("whatsapp.onboarding.relaunch_requested.v1").await.len(), 0);
    assert_eq!(
        code_of(&lab, &session, "AQinvented9").await,
        (422, json!("code_used")),
        "a repeat gets the same answer"
    );
    let status = lab.status(&session).await;
    assert_eq!((&status["state"], &status["can_start"]), (&json!("relaunch"), &json!(false)));
    assert!(status["message"].as_str().unwrap().contains("tried too often"), "{status}");
    assert_eq!(lab.launch(&session, &json!({})).await.json()["code"], "too_many_codes");
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn invalid_launches_are_refused() {
    let lab = Lab::start().await;
    let session = lab.session("acme").await;
    for (order, status, code) in [
        (json!({ "session": null }), 400, "session_missing"),
        (json!({ "session": "ses_unknown" }), 404, "session_not_found"),
        (json!({ "take_over": "yes" }), 400, "bad_type"),
        (json!({ "launch": 7 }), 400, "bad_type"),
        (json!({ "redirect_uri": "https://evil.example" }), 400, "unknown_field"),
    ] {
        let refused = lab.launch(&session, &order).await;
        assert_eq!((refused.status, refused.json()["code"].as_str()), (status, Some(code)), "{order}");
    }
    let body = json!({ "session": session.id });
    let stranger = lab.client.post(&lab.api("/signup/launch"), &[("origin", "https://evil.example")], &body).await;
    assert_eq!(stranger.unwrap().json()["code"], "origin_denied");
    let cookieless = lab.page_post(&Browser::default(), "/signup/launch", &body).await;
    assert_eq!((cookieless.status, &cookieless.json()["code"]), (403, &json!("browser_unknown")));
    let (used, _, _) = lab.signed_up("other", &json!({})).await;
    let refused = lab.launch(&used, &json!({ "take_over": true })).await.json()["code"].clone();
    assert!(refused == "session_used" || refused == "in_progress", "{refused}");
    lab.stop().await;
}
