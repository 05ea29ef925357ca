//! Many changes of one account at once: all compete for the same record.

use futures_util::future::join_all;
use integration::{Lab, Popup, soon};
use serde_json::json;
use std::collections::BTreeSet;

async fn ready(lab: &Lab) -> (Popup, String) {
    let (_, popup, id) = lab.signed_up("acme", &json!({})).await;
    lab.until(&id, "ready").await;
    lab.quiet().await;
    lab.lose("PlatformEventsQueue").await;
    (popup, id)
}

/// Violations of one account, each a second newer than the one before and of another kind.
fn violations(waba: &str, count: i64) -> Vec<String> {
    let first = soon() - count - 5;
    let body = |number: i64| {
        let violation =
            json!({ "event": "ACCOUNT_VIOLATION", "violation_info": { "violation_type": format!("KIND_{number}") } });
        let change = json!({ "field": "account_update", "value": violation });
        let entry = json!({ "id": waba, "time": first + number, "changes": [change] });
        json!({ "object": "whatsapp_business_account", "entry": [entry] }).to_string()
    };
    (0..count).map(body).collect()
}

/// All of them at once, in an order of no meaning.
async fn post(lab: &Lab, bodies: Vec<String>) {
    let (even, odd): (Vec<_>, Vec<_>) = bodies.into_iter().enumerate().partition(|(place, _)| place % 2 == 0);
    let mixed: Vec<String> = odd.into_iter().rev().chain(even).map(|(_, body)| body).collect();
    for bodies in mixed.chunks(8) {
        let taken = join_all(bodies.iter().map(|body| lab.signed_text(body))).await;
        assert!(taken.iter().all(|status| *status == 200), "{taken:?}");
    }
}

async fn burst(count: i64) {
    let lab = Lab::start().await;
    let (popup, id) = ready(&lab).await;
    post(&lab, violations(&popup.waba, count)).await;
    let newest = format!("KIND_{}", count - 1);
    let applied = async || {
        let shown = lab.platform_get(&format!("/v1/onboardings/{id}")).await.json();
        (shown["account"]["violation"]["word"] == newest.as_str()).then_some(())
    };
    lab.eventually("the newest change is applied", applied).await;
    lab.quiet().await;
    let left = lab.waiting("WebhookQueue");
    assert_eq!(left, 0, "no message comes again later");
    let passed_on = lab.events_of("whatsapp.webhook.received.v1").await;
    let kinds: BTreeSet<_> =
        passed_on.iter().map(|event| event["data"]["value"]["violation_info"]["violation_type"].to_string()).collect();
    assert_eq!(i64::try_from(kinds.len()).unwrap(), count, "every change is passed on");
    assert_eq!(passed_on.len(), kinds.len(), "once");
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_changes_of_one_account_in_a_second_are_applied_and_passed_on_at_once() {
    burst(60).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_changes_of_one_account_are_applied_and_passed_on_and_none_comes_twice() {
    burst(1000).await;
}
