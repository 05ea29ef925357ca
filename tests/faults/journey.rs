//! The flows of a customer, and what must be true at their end.

use crate::customer::Customer;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A complete flow from one settled state to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Journey {
    /// From a link to `ready`.
    Signup,
    /// The same with a number that remains in the WhatsApp Business app.
    Coexistence,
    /// A connected customer adds a number.
    SecondNumber,
    /// From Meta's announcement to `ready`, without a browser.
    Announced,
    /// From `ready` to `left`.
    Exit,
    /// A message that fails once at Meta, and its second attempt.
    Message,
    /// A message that fails because the person has not written for a day, and its second attempt when the person does.
    Reply,
    /// A number that migrates from another provider.
    Move,
}

/// State before a flow.
pub(crate) struct Ready {
    waba: String,
    /// The record.
    id: String,
    /// Tokens in the vault.
    tokens: usize,
}

const READY: &str = "whatsapp.onboarding.ready.v1";
const LEFT: &str = "whatsapp.onboarding.left.v1";

impl Journey {
    pub(crate) async fn prepare(self, customer: &Customer<'_>) -> Ready {
        let (waba, id) = match self {
            Self::Signup | Self::Coexistence | Self::Announced => (String::new(), String::new()),
            Self::SecondNumber | Self::Exit | Self::Message | Self::Reply | Self::Move => {
                let (_, popup) = customer.signs_up(&json!({}), "prepared").await;
                customer.gets_event_once(READY, "prepared").await;
                (popup.waba, customer.records().await[0]["id"].as_str().unwrap().to_owned())
            }
        };
        Ready { waba, id, tokens: tokens(customer) }
    }

    /// Runs the flow to its end and checks the result.
    pub(crate) async fn arrive(self, customer: &Customer<'_>, ready: Ready, injection: &str) {
        match self {
            Self::Signup => signs_up(customer, &json!({}), injection).await,
            Self::Coexistence => {
                let coexistence = json!({ "event": "FINISH_WHATSAPP_BUSINESS_APP_ONBOARDING" });
                synchronises(customer, &coexistence, injection).await;
            }
            Self::SecondNumber => adds_a_number(customer, &ready, injection).await,
            Self::Announced => is_announced(customer, injection).await,
            Self::Exit => leaves(customer, &ready, injection).await,
            Self::Message => crate::sending::sends(customer, &ready.waba, injection).await,
            Self::Reply => crate::sending::is_replied_to(customer, &ready.waba, injection).await,
            Self::Move => crate::migration::moves(customer, &ready.waba, &ready.id, injection).await,
        }
    }
}

/// An attempt's id is 30 characters long; the vault names a secret more than once.
fn tokens(customer: &Customer<'_>) -> usize {
    let vault = customer.lab.stack.secrets().snapshot().to_string();
    let attempts: BTreeSet<&str> = vault.split("/business-token/").skip(1).filter_map(|rest| rest.get(..30)).collect();
    attempts.len()
}

async fn signs_up(customer: &Customer<'_>, what: &Value, injection: &str) {
    let (_, popup) = customer.signs_up(what, injection).await;
    is_paid_once(customer, &popup.waba, injection).await;
    numbers_are_connected(customer, &popup.waba, 1, injection).await;
    customer.gets_event_once(READY, injection).await;
}

async fn synchronises(customer: &Customer<'_>, what: &Value, injection: &str) {
    let (_, popup) = customer.signs_up(what, injection).await;
    let synced = async || {
        let steps = customer
            .lab
            .platform_get(&format!("/v1/onboardings/{}", customer.records().await[0]["id"].as_str().unwrap()))
            .await;
        let over = |step: &&Value| {
            step["name"].as_str().is_some_and(|name| name.starts_with("sync_")) && step["state"] == "done"
        };
        let steps = steps.json()["steps"].as_array().cloned().unwrap_or_default();
        account(customer, &popup.waba).await["phones"][0]["synced"].as_array().is_some_and(|kinds| kinds.len() == 2)
            && steps.iter().filter(over).count() == 2
    };
    customer.until("both kinds of data were requested", injection, synced).await;
    let phone = account(customer, &popup.waba).await["phones"][0].clone();
    assert_eq!(phone["registrations"], json!([]), "{injection}: never registered");
}

async fn adds_a_number(customer: &Customer<'_>, ready: &Ready, injection: &str) {
    customer.signs_up(&json!({ "waba_id": ready.waba, "new_number": true }), injection).await;
    is_paid_once(customer, &ready.waba, injection).await;
    numbers_are_connected(customer, &ready.waba, 2, injection).await;
    let live: Vec<Value> = customer.records().await.into_iter().filter(|record| record["state"] != "left").collect();
    assert_eq!(live.len(), 1, "{injection}: one record per account: {live:?}");
    assert_eq!(live[0]["phone_number_ids"].as_array().unwrap().len(), 2, "{injection}: {live:?}");
    let replaced = async || tokens(customer) == ready.tokens;
    customer.until("the replaced token is destroyed", injection, replaced).await;
}

/// The customer of the announcement is named after its portfolio.
async fn is_announced(customer: &Customer<'_>, injection: &str) {
    let lab = customer.lab;
    let popup = lab.popup(&json!({})).await;
    let stored = async || {
        let items = lab.stored(&format!("WABA#{}", popup.waba)).await;
        items.iter().any(|item| item["sk"].as_s().is_ok_and(|sk| sk == "PARTNER"))
    };
    customer.until("the announcement is stored", injection, stored).await;
    let business = popup.body["business_id"].as_str().unwrap();
    let unclaimed = Customer::new(lab, &format!("meta:{business}"));
    let begun = async || {
        lab.age_announcement(&popup.waba, 1000).await;
        !unclaimed.records().await.is_empty()
    };
    unclaimed.until("an onboarding has started", injection, begun).await;
    let settled = async || {
        let records = unclaimed.records().await;
        let settled = |record: &Value| ["ready", "relaunch"].contains(&record["state"].as_str().unwrap());
        !records.is_empty() && records.iter().all(settled)
    };
    unclaimed.until("the onboarding is settled", injection, settled).await;
    let records = unclaimed.records().await;
    assert_eq!(records.len(), 1, "{injection}: one announcement, one record");
    // Three lost or refused responses are enough to ask the customer; fewer are not.
    assert_eq!(records[0]["state"], "ready", "{injection}");
    is_paid_once(customer, &popup.waba, injection).await;
}

async fn leaves(customer: &Customer<'_>, ready: &Ready, injection: &str) {
    let lab = customer.lab;
    let bearer = format!("Bearer {}", lab.stack.endpoints().platform_token);
    let asked = async || {
        let url = lab.api(&format!("/v1/onboardings/{}?deregister=true", ready.id));
        lab.send("DELETE", &url, &[("authorization", &bearer)], b"").await.status == 202
    };
    customer.until("the exit was requested", injection, asked).await;
    let left = async || customer.records().await.first().is_some_and(|record| record["state"] == "left");
    customer.until("the customer has left", injection, left).await;
    let account = account(customer, &ready.waba).await;
    let waba = &account["waba"];
    assert_eq!((&waba["subscribed"], &waba["primary_funding_id"]), (&json!([]), &json!(null)), "{injection}");
    assert_eq!(account["phones"][0]["status"], "DISCONNECTED", "{injection}");
    assert_eq!(live_shares(&account), 0, "{injection}: no credit is shared any more");
    assert_eq!(tokens(customer), ready.tokens - 1, "{injection}: the token is destroyed");
    customer.gets_event_once(LEFT, injection).await;
}

/// An account as Meta has it.
pub(crate) async fn account(customer: &Customer<'_>, waba: &str) -> Value {
    customer.lab.simulator(&format!("wabas/{waba}")).await
}

fn live_shares(account: &Value) -> usize {
    account["allocations"].as_array().unwrap().iter().filter(|share| share["status"] == "APPROVED").count()
}

async fn is_paid_once(customer: &Customer<'_>, waba: &str, injection: &str) {
    let account = account(customer, waba).await;
    assert_eq!(live_shares(&account), 1, "{injection}: the line is shared once");
    assert_eq!(account["waba"]["subscribed"].as_array().unwrap().len(), 1, "{injection}: subscribed");
}

async fn numbers_are_connected(customer: &Customer<'_>, waba: &str, expected: usize, injection: &str) {
    let account = account(customer, waba).await;
    let phones = account["phones"].as_array().unwrap();
    assert_eq!(phones.len(), expected, "{injection}");
    for phone in phones {
        assert_eq!(phone["status"], "CONNECTED", "{injection}: registered");
        let registrations = phone["registrations"].as_array().unwrap().len();
        assert!(registrations <= 3, "{injection}: within our share of Meta's limit: {registrations}");
    }
}
