//! A number that migrates from another provider: added once, verified by its owner, registered within Meta's limit.

use crate::customer::{Customer, GRACE};
use crate::journey::account;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// The number at the other provider, in the same business.
pub(crate) async fn elsewhere(customer: &Customer<'_>, waba: &str) -> Value {
    let lab = customer.lab;
    let owner = account(customer, waba).await["waba"]["owner"].clone();
    let source = lab.popup(&json!({ "business_id": owner })).await;
    lab.simulate(&format!("wabas/{waba}"), &json!({ "grant": source.waba })).await;
    let phone = source.body["phone_number_id"].as_str().unwrap();
    lab.simulate(&format!("phones/{phone}"), &json!({ "status": "CONNECTED" })).await;
    lab.simulator("state").await["phones"][phone].clone()
}

pub(crate) async fn moves(customer: &Customer<'_>, waba: &str, onboarding: &str, injection: &str) {
    let source = elsewhere(customer, waba).await;
    let number = source["display_phone_number"].as_str().unwrap().replace("+1 ", "");
    let wish = json!({
        "onboarding_id": onboarding, "country_code": "1", "phone_number": number,
        "source_waba_id": source["waba"], "source_phone_number_id": source["id"],
    });
    let id = asked(customer, &wish).await;
    let started = Instant::now();
    loop {
        let moving = customer.lab.platform_get(&format!("/v1/moves/{id}")).await.json();
        if moving["state"] == "done" {
            break;
        }
        assert!(started.elapsed() < GRACE, "{injection}: the migration does not end: {moving}");
        goes_on(customer, &moving).await;
        tokio::time::sleep(Duration::from_millis(40)).await;
    }
    arrived(customer, waba, &source, injection).await;
    customer.gets_event_once("whatsapp.move.completed.v1", injection).await;
}

async fn asked(customer: &Customer<'_>, wish: &Value) -> String {
    loop {
        let begun = customer.lab.platform_post("/v1/moves", wish).await;
        if let Some(id) = begun.json()["move_id"].as_str() {
            return id.to_owned();
        }
    }
}

/// What a person does next; otherwise time passes.
async fn goes_on(customer: &Customer<'_>, moving: &Value) {
    let (lab, id) = (customer.lab, moving["move_id"].as_str().unwrap_or_default());
    match moving["state"].as_str().unwrap_or_default() {
        "awaiting_code" => drop(lab.platform_post(&format!("/v1/moves/{id}/code"), &json!({})).await),
        "code_sent" => {
            let phone = moving["phone_number_id"].as_str().unwrap();
            let code = lab.simulator("state").await["phones"][phone]["arrival"]["code"].clone();
            // A code that never arrived is requested again.
            let (what, body) = if code.is_null() { ("code", json!({})) } else { ("verify", json!({ "code": code })) };
            drop(lab.platform_post(&format!("/v1/moves/{id}/{what}"), &body).await);
        }
        "blocked" => drop(lab.platform_post(&format!("/v1/moves/{id}/resume"), &json!({})).await),
        _ => {}
    }
    lab.age_move(id, 100).await;
    customer.time_goes_by().await;
}

async fn arrived(customer: &Customer<'_>, waba: &str, source: &Value, injection: &str) {
    let account = account(customer, waba).await;
    let phones = account["phones"].as_array().unwrap();
    let here = |phone: &&Value| phone["display_phone_number"] == source["display_phone_number"];
    let moved: Vec<&Value> = phones.iter().filter(here).collect();
    assert_eq!((phones.len(), moved.len()), (2, 1), "{injection}: added once");
    assert_eq!(moved[0]["status"], "CONNECTED", "{injection}: registered");
    assert!(moved[0]["registrations"].as_array().unwrap().len() <= 3, "{injection}: within our share of Meta's limit");
    let there = customer.lab.simulator("state").await["phones"][source["id"].as_str().unwrap()]["status"].clone();
    assert_eq!(there, "MIGRATED", "{injection}: gone from the other provider");
    let live: Vec<Value> = customer.records().await.into_iter().filter(|record| record["state"] != "left").collect();
    assert_eq!(
        live[0]["phone_number_ids"].as_array().unwrap().len(),
        2,
        "{injection}: joined the customer's record: {live:?}"
    );
}
