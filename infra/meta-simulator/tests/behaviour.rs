//! Behaviour of the simulator over HTTP.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "unexpected results fail the test")]

use meta_simulator::{Options, Simulator};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;

/// One request on its own connection; `None` if the connection ended without a response.
fn send(url: &str, method: &str, path: &str, body: &str) -> Option<(u16, Value)> {
    let host = url.trim_start_matches("http://");
    let mut stream = TcpStream::connect(host.replace("localhost", "127.0.0.1")).unwrap();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok()?;
    let text = String::from_utf8_lossy(&answer).into_owned();
    let status = text.split(' ').nth(1)?.parse().ok()?;
    let (_, body) = text.split_once("\r\n\r\n")?;
    Some((status, serde_json::from_str(body).unwrap_or_default()))
}

struct Meta {
    url: String,
    options: Options,
}

impl Meta {
    async fn start() -> (Simulator, Self) {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let options = Options::default();
        let simulator = Simulator::start(options.clone(), listener).await.unwrap();
        let url = simulator.url().to_owned();
        (simulator, Self { url, options })
    }

    fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        send(&self.url, "POST", path, &body.to_string()).unwrap()
    }

    fn get(&self, path: &str) -> (u16, Value) {
        send(&self.url, "GET", path, "").unwrap()
    }

    fn exchange(&self, code: &str) -> (u16, Value) {
        let Options { app_id, app_secret, .. } = &self.options;
        self.get(&format!("/v25.0/oauth/access_token?client_id={app_id}&client_secret={app_secret}&code={code}"))
    }

    fn sign_up(&self, what: &Value) -> (String, Value) {
        let (_, finished) = self.post("/_sim/signups", what);
        (finished["code"].as_str().unwrap().to_owned(), finished["data"].clone())
    }

    fn proven(&self, path: &str, token: &str) -> String {
        use hmac::{Hmac, KeyInit, Mac};
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(self.options.app_secret.as_bytes()).unwrap();
        mac.update(token.as_bytes());
        let proof = hex::encode(mac.finalize().into_bytes());
        let joint = if path.contains('?') { '&' } else { '?' };
        format!("/v25.0/{path}{joint}access_token={token}&appsecret_proof={proof}")
    }
}

fn code_of(answer: &(u16, Value)) -> (u64, u64) {
    let number = |name: &str| answer.1["error"][name].as_u64().unwrap_or_default();
    (number("code"), number("error_subcode"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_works_once_and_for_thirty_seconds() {
    let (simulator, meta) = Meta::start().await;
    let (code, _) = meta.sign_up(&json!({}));
    assert!(meta.exchange(&code).1["access_token"].is_string());
    assert_eq!(code_of(&meta.exchange(&code)), (100, 36009));
    let (late, _) = meta.sign_up(&json!({}));
    meta.post("/_sim/clock", &json!({ "advance_seconds": 30 }));
    assert_eq!(code_of(&meta.exchange(&late)), (100, 36007));
    assert_eq!(code_of(&meta.get("/v25.0/oauth/access_token?client_id=1&client_secret=x&code=y")), (101, 0));
    simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_sees_its_own_account_only_and_needs_the_apps_proof() {
    let (simulator, meta) = Meta::start().await;
    let (code, own) = meta.sign_up(&json!({}));
    let (_, other) = meta.sign_up(&json!({}));
    let token = meta.exchange(&code).1["access_token"].as_str().unwrap().to_owned();
    let (own, other) = (own["waba_id"].as_str().unwrap(), other["waba_id"].as_str().unwrap());
    assert_eq!(meta.get(&meta.proven(own, &token)).0, 200);
    assert_eq!(code_of(&meta.get(&meta.proven(other, &token))), (100, 33));
    assert_eq!(code_of(&meta.get(&format!("/v25.0/{own}?access_token={token}"))), (100, 0));
    assert_eq!(code_of(&meta.get(&meta.proven(own, "EAAunknown"))), (190, 0));
    simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn registering_is_limited_to_ten_attempts_in_three_days() {
    let (simulator, meta) = Meta::start().await;
    let (code, data) = meta.sign_up(&json!({ "pin": "111111" }));
    let token = meta.exchange(&code).1["access_token"].as_str().unwrap().to_owned();
    let path = meta.proven(&format!("{}/register", data["phone_number_id"].as_str().unwrap()), &token);
    let register = |pin: &str| meta.post(&path, &json!({ "messaging_product": "whatsapp", "pin": pin }));
    for _ in 0..10 {
        assert_eq!(code_of(&register("222222")).0, 133_005);
    }
    assert_eq!(code_of(&register("111111")).0, 133_016);
    meta.post("/_sim/clock", &json!({ "advance_seconds": 72 * 3600 }));
    assert_eq!(register("111111").0, 200);
    simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_is_asked_too_often_says_when_to_come_back() {
    let (simulator, meta) = Meta::start().await;
    let (code, data) = meta.sign_up(&json!({}));
    let token = meta.exchange(&code).1["access_token"].as_str().unwrap().to_owned();
    let path = meta.proven(data["waba_id"].as_str().unwrap(), &token);
    for _ in 0..200 {
        assert_eq!(meta.get(&path).0, 200);
    }
    assert_eq!(code_of(&meta.get(&path)).0, 80_008);
    meta.post("/_sim/clock", &json!({ "advance_seconds": 3600 }));
    assert_eq!(meta.get(&path).0, 200);
    simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn scripted_faults_lose_answers_before_and_after_the_effect() {
    let (simulator, meta) = Meta::start().await;
    let fault = |kind: &str| json!({ "path": "/oauth/access_token", "effect": { "kind": kind } });
    let (code, _) = meta.sign_up(&json!({}));
    let Options { app_id, app_secret, .. } = &meta.options;
    let path = format!("/v25.0/oauth/access_token?client_id={app_id}&client_secret={app_secret}&code={code}");
    meta.post("/_sim/faults", &fault("drop_before"));
    assert_eq!(send(&meta.url, "GET", &path, ""), None);
    meta.post("/_sim/faults", &fault("drop_after"));
    assert_eq!(send(&meta.url, "GET", &path, ""), None);
    assert_eq!(code_of(&meta.exchange(&code)), (100, 36009), "the second response was lost after the effect");
    simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_contradicts_metas_document_is_written_down() {
    let (simulator, meta) = Meta::start().await;
    let (code, data) = meta.sign_up(&json!({}));
    let token = meta.exchange(&code).1["access_token"].as_str().unwrap().to_owned();
    assert_eq!(meta.get("/_sim/violations").1, json!([]));
    let path = meta.proven(&format!("{}/register", data["phone_number_id"].as_str().unwrap()), &token);
    meta.post(&path, &json!({ "messaging_product": "whatsapp", "pin": 123_456 }));
    let found = meta.get("/_sim/violations").1;
    assert_eq!((&found[0]["part"], &found[0]["keyword"]), (&json!("request"), &json!("type")));
    simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_do_not_reach_the_journal() {
    let (simulator, meta) = Meta::start().await;
    let (code, _) = meta.sign_up(&json!({}));
    meta.exchange(&code);
    let journal = meta.get("/_sim/calls").1.to_string();
    assert!(
        journal.contains("client_secret") && !journal.contains(&code) && !journal.contains(&meta.options.app_secret)
    );
    simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_subscribes_to_fields_that_exist_after_its_callback_answered_the_handshake() {
    let (simulator, meta) = Meta::start().await;
    let Options { app_id, app_secret, business_id, system_token, .. } = meta.options.clone();
    let own = format!("/v25.0/{app_id}/subscriptions?access_token={app_id}|{app_secret}");
    let wish = |fields: &str, token: &str| {
        json!({ "object": "whatsapp_business_account", "callback_url": "https://new.example.com/hook",
                "verify_token": token, "fields": fields })
    };
    for (fields, token, refusal) in [
        ("messages,user_id_update", "token", (100, 0)),
        ("consumer_profile", "token", (100, 0)),
        ("messages", "refuse-this", (2200, 0)),
        ("", "token", (100, 0)),
    ] {
        assert_eq!(code_of(&meta.post(&own, &wish(fields, token))), refusal, "{fields} {token}");
    }
    let by_others = meta.proven(&format!("{app_id}/subscriptions"), &system_token);
    assert_eq!(code_of(&meta.post(&by_others, &wish("messages", "token"))), (15, 0));
    assert_eq!(meta.post(&own, &wish("messages,calls", "token")), (200, json!({ "success": true })));
    let (_, listed) = meta.get(&own);
    assert_eq!(listed["data"][0]["callback_url"], "https://new.example.com/hook");
    let names: Vec<&str> =
        listed["data"][0]["fields"].as_array().unwrap().iter().filter_map(|field| field["name"].as_str()).collect();
    assert_eq!(names, ["messages", "calls"], "the fields are replaced");
    let (_, calls) = meta.get("/_sim/calls");
    assert!(!calls.to_string().contains("refuse-this"), "verify tokens do not reach the journal");
    let lines = meta.proven(&format!("{business_id}/extendedcredits"), &system_token);
    assert_eq!(meta.get(&lines).1["data"].as_array().unwrap().len(), 1);
    meta.post("/_sim/platform", &json!({ "system_user_role": "EMPLOYEE", "finance_permission": "Analyst" }));
    assert_eq!(code_of(&meta.get(&lines)), (200, 0));
    meta.post("/_sim/platform", &json!({ "system_user_role": "EMPLOYEE", "finance_permission": "Editor" }));
    assert_eq!(meta.get(&lines).0, 200);
    simulator.stop().await;
}
