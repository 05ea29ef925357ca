//! Limits per client in ten minutes, which no other client notices.

use integration::{Lab, Session};
use local::{Answer, Client, StackOptions};
use serde_json::{Value, json};
use shared::domain::ids::SessionId;
use std::net::{IpAddr, Ipv4Addr};

const PAGE: [(&str, &str); 1] = [("origin", "http://localhost:8080")];

/// A stack that accepts this many attempts per client.
async fn start(attempts: u32) -> Lab {
    let mut options = StackOptions::default();
    options.parameters.insert("SignupAttemptsPerClient".to_owned(), attempts.to_string());
    Lab::start_with(options).await
}

async fn invented(lab: &Lab, session: &Session, code: &str) -> Answer {
    lab.server_callback(&json!({ "session": session.id, "code": code })).await
}

/// Refused, with the time to retry.
fn assert_too_many(answer: &Answer) {
    assert_eq!((answer.status, &answer.json()["code"]), (429, &json!("too_many_requests")));
    let seconds: u64 = answer.header("retry-after").parse().unwrap();
    assert!((1..=601).contains(&seconds), "{seconds} s");
    assert!(answer.json()["retry_at"].is_string());
}

async fn timeline(lab: &Lab, id: &Value) -> usize {
    let path = format!("/v1/onboardings/{}", id.as_str().unwrap());
    lab.platform_get(&path).await.json()["timeline"].as_array().unwrap().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_with_too_many_refused_codes_costs_nothing_more_and_no_other_client_notices() {
    let lab = start(3).await;
    let (session, other) = (lab.session("acme").await, lab.session("other").await);
    for number in 0..3 {
        assert_eq!(invented(&lab, &session, &format!("AQinvented{number}")).await.status, 422);
    }
    lab.quiet().await;
    lab.events_of("whatsapp.onboarding.relaunch_requested.v1").await;
    let listed = lab.platform_get("/v1/onboardings?customer_ref=acme").await.json();
    let id = &listed["onboardings"][0]["id"];
    let (calls, rows, items) = (lab.calls("GET", "").await, timeline(&lab, id).await, lab.items().await);
    for number in 3..10 {
        assert_too_many(&invented(&lab, &session, &format!("AQinvented{number}")).await);
    }
    assert_too_many(&invented(&lab, &other, "AQinvented").await);
    lab.quiet().await;
    let after = (lab.calls("GET", "").await, timeline(&lab, id).await, lab.items().await);
    assert_eq!(after, (calls, rows, items), "no call, no row, no item");
    assert!(lab.events_of("whatsapp.onboarding.relaunch_requested.v1").await.is_empty());
    assert!(lab.dump().await.iter().all(|item| !item.contains("127.0.0.1")), "no address is stored");
    // Only Linux has the whole of 127.0.0.0/8.
    if cfg!(target_os = "linux") {
        let elsewhere = Client::from_address(IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2))).unwrap();
        let mut body = lab.popup(&json!({})).await.body;
        body["session"] = json!(other.id);
        let taken = elsewhere.post(&lab.api("/signup/callback"), &[], &body).await.unwrap();
        assert_eq!(taken.status, 202, "{}", taken.json());
    }
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_that_come_at_once_are_counted_before_meta_is_asked() {
    let lab = start(3).await;
    let mut sessions = Vec::new();
    for number in 0..12 {
        sessions.push(lab.session(&format!("customer-{number}")).await);
    }
    let all = sessions.iter().map(|session| invented(&lab, session, "AQinvented"));
    let answers = futures_util::future::join_all(all).await;
    let of = |status| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!((of(422), of(429)), (3, 9));
    assert_eq!(lab.calls("GET", "/oauth/access_token").await, 3);
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_office_full_of_genuine_signups_is_not_held_up() {
    let lab = start(2).await;
    for number in 0..5 {
        let (session, popup, _) = lab.signed_up(&format!("customer-{number}"), &json!({})).await;
        assert_eq!(lab.callback(&session, &popup).await.status, 202, "a repeat is no attempt either");
    }
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_links_are_counted_and_closed_popups_are_counted_separately() {
    let lab = start(2).await;
    let session = lab.session("acme").await;
    let id = SessionId::new(shared::clock::now(), [1, 2]);
    let unknown = Session { id: id.as_str().to_owned(), url: String::new() };
    for _ in 0..2 {
        assert_eq!(invented(&lab, &unknown, "AQinvented").await.status, 404);
    }
    assert_too_many(&invented(&lab, &unknown, "AQinvented").await);
    let closed = json!({ "session": session.id, "event": "CANCEL" });
    for _ in 0..2 {
        let noted = lab.client.post(&lab.api("/signup/abandoned"), &PAGE, &closed).await.unwrap();
        assert_eq!(noted.status, 204);
    }
    assert_too_many(&lab.client.post(&lab.api("/signup/abandoned"), &PAGE, &closed).await.unwrap());
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn launches_are_counted_for_themselves_and_an_office_has_five_times_as_many() {
    let lab = start(1).await;
    let (one, other) = (lab.session("acme").await, lab.session("other").await);
    for number in 0..5 {
        let launched = lab.launch(&one, &json!({ "take_over": true })).await;
        assert_eq!(launched.status, 200, "{number}: {}", launched.json());
    }
    let items = lab.items().await;
    assert_too_many(&lab.launch(&one, &json!({ "take_over": true })).await);
    assert_too_many(&lab.launch(&other, &json!({})).await);
    assert_eq!(
        (lab.items().await, invented(&lab, &other, "AQinvented").await.status),
        (items, 422),
        "codes are not held up"
    );
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_limit_no_client_is_counted() {
    let lab = start(0).await;
    let session = lab.session("acme").await;
    for number in 0..4 {
        assert_eq!(invented(&lab, &session, &format!("AQinvented{number}")).await.status, 422);
    }
    assert!(lab.dump().await.iter().all(|item| !item.contains("CLIENT")));
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_reads_without_end_is_refused_before_anything_is_read_for_it() {
    let lab = start(1).await;
    let session = lab.session("acme").await;
    let status = lab.api(&format!("/signup/status?session={}", session.id));
    let mut reads = 0;
    while lab.client.get(&status, &[]).await.unwrap().status == 200 {
        reads += 1;
        assert!(reads <= 600, "nothing ends it");
    }
    assert_too_many(&lab.client.get(&status, &[]).await.unwrap());
    assert_eq!(invented(&lab, &session, "AQinvented").await.status, 422, "codes are not held up");
    lab.stop().await;
}
