//! A signup belongs to the browser that started it: if another brings a code, nothing is spent and nothing is stored.

use aws_sdk_dynamodb::types::AttributeValue;
use integration::{Browser, Lab, Session};
use serde_json::{Value, json};
use std::collections::HashMap;

/// A browser with our page that has launched; returns its launch value and the `state` of Meta's full page.
async fn launched(lab: &Lab, session: &Session, order: &Value) -> (Browser, String, String) {
    let browser = Browser::default();
    lab.open(&browser, &session.url).await;
    let (launch, state) = launch(lab, &browser, session, order).await;
    (browser, launch, state)
}

async fn launch(lab: &Lab, browser: &Browser, session: &Session, order: &Value) -> (String, String) {
    let mut body = json!({ "session": session.id });
    body.as_object_mut().unwrap().extend(order.as_object().unwrap().clone());
    let answer = lab.page_post(browser, "/signup/launch", &body).await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    let login = answer.json()["login_url"].as_str().unwrap().to_owned();
    let state = login.split("&state=").nth(1).unwrap().split('&').next().unwrap().to_owned();
    (answer.json()["launch"].as_str().unwrap().to_owned(), state)
}

async fn exchanges(lab: &Lab) -> usize {
    lab.calls("GET", "/oauth/access_token").await
}

/// The stored session.
async fn stored(lab: &Lab, session: &Session) -> Vec<HashMap<String, AttributeValue>> {
    lab.stored(&lab.session_key(session)).await
}

fn returned(lab: &Lab, state: &str, code: &str) -> String {
    lab.api(&format!("/signup/return?state={state}&code={code}"))
}

fn text(answer: &local::Answer) -> String {
    String::from_utf8_lossy(&answer.body).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_strangers_code_at_an_attackers_state_is_neither_posted_nor_spent() {
    let lab = Lab::start().await;
    let session = lab.session("mallory").await;
    let (_, _, state) = launched(&lab, &session, &json!({})).await;
    let redirect = lab.api("/signup/return");
    let victims = lab.popup(&json!({ "redirect_uri": redirect })).await;
    // Meta announces the victim's account, whoever brings its code.
    lab.quiet().await;
    let before = stored(&lab, &session).await;
    let page = lab.send("GET", &returned(&lab, &state, &victims.code), &[("accept-language", "de")], b"").await;
    let html = text(&page);
    assert_eq!((page.status, page.header("content-language")), (403, "de"));
    assert!(html.contains("Es wurde nichts verbunden") && html.contains(">null</script>"), "{html}");
    assert!(!html.contains(&session.id));
    // The same in a browser with its own signup, posted nonetheless.
    let own = lab.session("victim").await;
    let (victim, _, _) = launched(&lab, &own, &json!({})).await;
    let page = lab.open(&victim, &returned(&lab, &state, &victims.code)).await;
    assert!(page.status == 409 && !text(&page).contains(&session.id) && text(&page).contains(">null</script>"));
    let body = json!({ "session": session.id, "code": victims.code, "launch": state, "redirect_uri": redirect });
    for browser in [Browser::default(), victim] {
        let refused = lab.page_post(&browser, "/signup/callback", &body).await;
        assert_eq!((refused.status, &refused.json()["code"]), (403, &json!("browser_unknown")));
    }
    assert_eq!((exchanges(&lab).await, stored(&lab, &session).await), (0, before));
    let begun = lab.dump().await.iter().any(|item| item.contains("ONBOARDING#"));
    assert!(!begun, "no onboarding has started");
    lab.stop().await;
}

/// A callback body with a launch value.
fn with(body: &Value, launch: &Value) -> Value {
    let mut body = body.clone();
    body["launch"] = launch.clone();
    body
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_brings_what_it_was_launched_with_or_its_code_is_not_spent() {
    let lab = Lab::start().await;
    let (session, popup) = (lab.session("acme").await, lab.popup(&json!({})).await);
    let (browser, launch, state) = launched(&lab, &session, &json!({})).await;
    let (stranger, theirs, _) = launched(&lab, &lab.session("other").await, &json!({})).await;
    let before = stored(&lab, &session).await;
    let mut body = popup.body.clone();
    body["session"] = json!(session.id);
    for (who, value, status, code) in [
        (&browser, json!(null), 400, "launch_missing"),
        (&browser, json!(""), 403, "launch_unknown"),
        (&browser, json!(session.id), 403, "launch_unknown"),
        (&browser, json!(theirs), 403, "launch_unknown"),
        (&browser, json!(state), 403, "launch_unknown"),
        (&browser, json!(7), 400, "bad_type"),
        (&stranger, json!(launch), 403, "browser_unknown"),
        (&Browser::default(), json!(launch), 403, "browser_unknown"),
    ] {
        let refused = lab.page_post(who, "/signup/callback", &with(&body, &value)).await;
        assert_eq!((refused.status, refused.json()["code"].as_str()), (status, Some(code)), "{value}");
    }
    assert_eq!((exchanges(&lab).await, stored(&lab, &session).await), (0, before));
    brought_twice(&lab, &browser, &with(&body, &json!(launch)), &stranger).await;
    lab.stop().await;
}

/// The same code and value get the same answer, and only in the browser that launched; another code is refused.
async fn brought_twice(lab: &Lab, browser: &Browser, body: &Value, stranger: &Browser) {
    let accepted = lab.page_post(browser, "/signup/callback", body).await;
    assert_eq!(accepted.status, 202, "{}", accepted.json());
    let id = accepted.json()["onboarding_id"].clone();
    let again = lab.page_post(browser, "/signup/callback", body).await;
    assert_eq!((again.status, &again.json()["onboarding_id"]), (202, &id));
    let another = lab.page_post(stranger, "/signup/callback", body).await;
    assert_eq!((another.status, &another.json()["code"]), (403, &json!("browser_unknown")));
    let mut other = body.clone();
    other["code"] = json!(lab.popup(&json!({})).await.code);
    let used = lab.page_post(browser, "/signup/callback", &other).await;
    assert_eq!((used.status, &used.json()["code"]), (409, &json!("launch_used")));
    assert_eq!(exchanges(lab).await, 1);
    lab.until(id.as_str().unwrap(), "ready").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_completes_a_link_that_no_browser_has_launched_and_no_other() {
    let lab = Lab::start().await;
    let bring = async |session: &Session| {
        let mut body = lab.popup(&json!({})).await.body;
        body["session"] = json!(session.id);
        lab.server_callback(&body).await
    };
    let accepted = bring(&lab.session("acme").await).await;
    assert_eq!(accepted.status, 202, "{}", accepted.json());
    lab.until(accepted.json()["onboarding_id"].as_str().unwrap(), "ready").await;
    let session = lab.session("other").await;
    launched(&lab, &session, &json!({})).await;
    let refused = bring(&session).await;
    assert_eq!((refused.status, &refused.json()["code"]), (400, &json!("launch_missing")));
    let body = json!({ "session": lab.session("third").await.id });
    let serverless = lab.client.post(&lab.api("/signup/launch"), &[], &body).await.unwrap();
    assert_eq!((serverless.status, &serverless.json()["code"]), (403, &json!("browser_unknown")));
    assert_eq!(exchanges(&lab).await, 1);
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_browser_at_a_time_uses_a_link_and_another_goes_on_by_a_deliberate_click() {
    let lab = Lab::start().await;
    let session = lab.session("acme").await;
    let (first, launch_of_first, state) = launched(&lab, &session, &json!({})).await;
    let (newer, _) = launch(&lab, &first, &session, &json!({})).await;
    assert_ne!(newer, launch_of_first, "a browser that comes back gets new values");
    let second = Browser::default();
    lab.open(&second, &session.url).await;
    let body = json!({ "session": session.id });
    let refused = lab.page_post(&second, "/signup/launch", &body).await;
    assert_eq!((refused.status, &refused.json()["code"]), (409, &json!("opened_elsewhere")));
    let embedded = lab.launch(&session, &json!({ "launch": newer })).await;
    assert_eq!((embedded.status, &embedded.json()["code"]), (409, &json!("opened_elsewhere")));
    let status = lab.api(&format!("/signup/status?session={}", session.id));
    let seen = async |browser: &Browser| lab.open(browser, &status).await.json()["elsewhere"].clone();
    assert_eq!((seen(&first).await, seen(&second).await), (json!(false), json!(true)));
    launch(&lab, &second, &session, &json!({ "take_over": true })).await;
    assert_eq!((seen(&first).await, seen(&second).await), (json!(true), json!(false)));
    let popup = lab.popup(&json!({})).await;
    let late = json!({ "session": session.id, "code": popup.code, "launch": newer });
    let refused = lab.page_post(&first, "/signup/callback", &late).await;
    assert_eq!((refused.status, &refused.json()["code"]), (403, &json!("launch_unknown")));
    assert_eq!(lab.open(&first, &returned(&lab, &state, &popup.code)).await.status, 403);
    assert_eq!(exchanges(&lab).await, 0);
    let (launch, _) = launch(&lab, &second, &session, &json!({})).await;
    let body = json!({ "session": session.id, "code": popup.code, "launch": launch });
    assert_eq!(lab.page_post(&second, "/signup/callback", &body).await.status, 202);
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_page_of_metas_comes_back_once_in_its_language_to_the_browser_that_left() {
    let lab = Lab::start().await;
    let session = lab.session("acme").await;
    let (browser, _, stale) = launched(&lab, &session, &json!({})).await;
    let (_, state) = launch(&lab, &browser, &session, &json!({ "locale": "ko" })).await;
    assert!(state != session.id && !state.contains("ses_"));
    let redirect = lab.api("/signup/return");
    let popup = lab.popup(&json!({ "redirect_uri": redirect })).await;
    let page = lab.open(&browser, &returned(&lab, &state, &popup.code)).await;
    assert_eq!((page.status, page.header("content-language")), (200, "ko"));
    let given = format!(r#""returned_state":"{state}""#);
    assert!(text(&page).contains(&given) && !text(&page).contains(&popup.code), "the code stays in the browser");
    let outdated = lab.open(&browser, &returned(&lab, &stale, &popup.code)).await;
    assert!(outdated.status == 409 && text(&outdated).contains(">null</script>"));
    assert!(text(&outdated).contains(&format!("../signup?session={}", session.id)), "the way to start again");
    let body = json!({ "session": session.id, "code": popup.code, "launch": state, "redirect_uri": redirect });
    for foreign in ["https://evil.example/signup/return".to_owned(), lab.api("/signup"), format!("{redirect}?to=evil")]
    {
        let mut elsewhere = body.clone();
        elsewhere["redirect_uri"] = json!(foreign);
        let refused = lab.page_post(&browser, "/signup/callback", &elsewhere).await;
        assert_eq!((refused.status, &refused.json()["code"]), (400, &json!("redirect_invalid")), "{foreign}");
    }
    assert_eq!(exchanges(&lab).await, 0);
    let accepted = lab.page_post(&browser, "/signup/callback", &body).await;
    assert_eq!(accepted.status, 202, "{}", accepted.json());
    let again = lab.open(&browser, &returned(&lab, &state, &popup.code)).await;
    let nothing = !text(&again).contains(r#""returned_state":""#);
    assert!(again.status == 200 && nothing, "a second time there is nothing to post");
    for old in [format!("{}.en-US", session.id), String::new(), "x".repeat(5000)] {
        let page = lab.open(&browser, &returned(&lab, &old, "AQx")).await;
        assert!((400..500).contains(&page.status) && text(&page).contains(">null</script>"), "{old}: {}", page.status);
    }
    lab.until(accepted.json()["onboarding_id"].as_str().unwrap(), "ready").await;
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn opening_a_link_changes_nothing_and_gives_a_cookie_that_no_script_and_no_neighbour_can_set() {
    let lab = Lab::start().await;
    let session = lab.session("acme").await;
    let before = stored(&lab, &session).await;
    let browser = Browser::default();
    let page = lab.open(&browser, &session.url).await;
    let cookie = page.header("set-cookie");
    assert!(cookie.starts_with("__Host-signup-browser="), "{cookie}");
    assert!(cookie.ends_with("; Path=/; Max-Age=86400; Secure; HttpOnly; SameSite=Lax"), "{cookie}");
    let kept = browser.cookies();
    lab.open(&browser, &session.url).await;
    assert_eq!(browser.cookies(), kept, "a browser keeps its value");
    lab.open(&browser, &lab.api(&format!("/signup/session?session={}", session.id))).await;
    assert_eq!(stored(&lab, &session).await, before);
    launch(&lab, &browser, &session, &json!({})).await;
    let kept = format!("{:?}", stored(&lab, &session).await);
    let values = browser.cookies();
    let values: Vec<&str> = values.split("; ").filter_map(|cookie| Some(cookie.split_once('=')?.1)).collect();
    assert!(values.len() == 2 && values.iter().all(|value| !kept.contains(value)), "digests only: {kept}");
    lab.stop().await;
}
