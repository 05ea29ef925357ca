//! Which customer a change belongs to: it waits for an account that connects later, or is quarantined if it is
//! unclaimed or two customers'.

use integration::{Effect, Injection, Lab, Popup, Proxy, soon};
use serde_json::{Value, json};
use std::time::Duration;

fn body(entry: &str, time: i64, field: &str, value: &Value) -> Value {
    let change = json!({ "field": field, "value": value });
    json!({ "object": "whatsapp_business_account", "entry": [{ "id": entry, "time": time, "changes": [change] }] })
}

fn violation() -> Value {
    json!({ "event": "ACCOUNT_VIOLATION", "violation_info": { "violation_type": "ALCOHOL" } })
}

async fn ready(lab: &Lab, customer: &str) -> (Popup, String) {
    let (_, popup, id) = lab.signed_up(customer, &json!({})).await;
    lab.until(&id, "ready").await;
    (popup, id)
}

async fn violation_of(lab: &Lab, id: &str) -> Value {
    lab.platform_get(&format!("/v1/onboardings/{id}")).await.json()["account"]["violation"]["word"].clone()
}

async fn is_parked(lab: &Lab, waba: &str) -> Option<()> {
    let items = lab.stored(&format!("WABA#{waba}")).await;
    let parked = items.iter().any(|item| item["sk"].as_s().is_ok_and(|sk| sk.starts_with("PARKED#")));
    parked.then_some(())
}

/// Whether any of them is retried.
async fn waits(lab: &Lab, waba: &str) -> bool {
    let items = lab.stored(&format!("WABA#{waba}")).await;
    items.iter().any(|item| item["sk"].as_s().is_ok_and(|sk| sk.starts_with("PARKED#")) && item.contains_key("due_at"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_comes_before_its_account_waits_for_it() {
    let lab = Lab::start().await;
    let session = lab.session("acme").await;
    let popup = lab.popup(&json!({})).await;
    let early = body(&popup.waba, soon(), "account_update", &violation());
    assert_eq!(lab.webhook(&early, "valid").await, 200);
    assert_eq!(lab.webhook(&early, "valid").await, 200, "twice, as Meta does");
    lab.event("whatsapp.webhook.received.v1", |event| event["data"]["value"]["event"] == "ACCOUNT_VIOLATION").await;
    lab.eventually("the change waits", async || is_parked(&lab, &popup.waba).await).await;
    let id = lab.callback(&session, &popup).await.json()["onboarding_id"].as_str().unwrap().to_owned();
    lab.until(&id, "ready").await;
    lab.age_parked(&popup.waba, 100).await;
    lab.stack.fire("SweeperFunction", "Sweep").await.unwrap();
    let applied = async || (violation_of(&lab, &id).await == "ALCOHOL").then_some(());
    lab.eventually("the change has taken effect", applied).await;
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_whose_account_is_not_connected_within_a_day_is_quarantined() {
    let lab = Lab::start().await;
    assert_eq!(lab.webhook(&body("555", soon(), "account_update", &violation()), "valid").await, 200);
    lab.eventually("the change waits", async || is_parked(&lab, "555").await).await;
    for hours in [1, 24] {
        lab.age_parked("555", hours * 3600).await;
        lab.stack.fire("SweeperFunction", "Sweep").await.unwrap();
        lab.quiet().await;
    }
    let event = lab.event("whatsapp.webhook.quarantined.v1", |_| true).await;
    assert_eq!(event["data"]["code"], "webhook.unknown_account");
    assert_eq!(event["data"]["change"]["value"], violation(), "whole");
    lab.stack.fire("SweeperFunction", "Sweep").await.unwrap();
    lab.quiet().await;
    assert_eq!(lab.events_of("whatsapp.webhook.quarantined.v1").await.len(), 0, "once");
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_names_accounts_of_two_customers_changes_neither() {
    let lab = Lab::start().await;
    let (one, first) = ready(&lab, "one").await;
    let (two, second) = ready(&lab, "two").await;
    let removed = json!({ "event": "PARTNER_REMOVED", "waba_info": { "waba_id": two.waba, "owner_business_id": "7" } });
    assert_eq!(lab.webhook(&body(&one.waba, soon(), "account_update", &removed), "valid").await, 200);
    let event = lab.event("whatsapp.webhook.quarantined.v1", |_| true).await;
    assert_eq!(event["data"]["code"], "webhook.two_customers");
    assert_eq!(event["subject"], Value::Null);
    for id in [first, second] {
        assert_eq!(lab.onboarding(&id).await["state"], "ready");
    }
    let published = lab.events_of("whatsapp.webhook.received.v1").await;
    assert!(!published.iter().any(|event| event["data"]["value"] == removed), "no customer sees the other's");
    lab.stop().await;
}

/// Characters of a name that no table item can hold with the rest (DynamoDB: 400 KB).
const TOO_LONG: usize = 450_000;

fn template(number: u64, name: &str) -> Value {
    json!({ "field": "message_template_status_update", "value": {
        "event": "APPROVED", "message_template_id": number, "message_template_name": name,
        "message_template_language": "en_US", "message_template_category": "UTILITY", "reason": "NONE",
    } })
}

/// A change ends in the dead-letter queue, alone and compressed. Returns how often: duplicate jobs may send it twice.
async fn buried(lab: &Lab) -> usize {
    let dead = lab.queue("WebhookDeadLetters");
    let buried = async || {
        lab.stack.shift_time(3600);
        lab.quiet().await;
        (lab.stack.sqs().counts(&dead).unwrap().visible > 0).then_some(())
    };
    lab.eventually("the change is a dead letter", buried).await;
    let letters = lab.stack.sqs().receive(&dead, 10, Duration::ZERO, None).await.unwrap();
    assert!(letters.iter().all(|letter| letter.body.len() < 10_000));
    letters.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_the_table_refuses_fails_alone_and_ends_in_the_dead_letters() {
    let lab = Lab::start().await;
    let (popup, id) = ready(&lab, "acme").await;
    let refused = template(72, &"n".repeat(TOO_LONG));
    let behind = json!({ "field": "account_update", "value": violation() });
    let changes = [template(71, "first"), refused, template(73, "last"), behind];
    let entry = json!({ "id": popup.waba, "time": soon(), "changes": changes });
    let body = json!({ "object": "whatsapp_business_account", "entry": [entry] });
    assert_eq!(lab.webhook(&body, "valid").await, 200);
    lab.quiet().await;
    assert_eq!(violation_of(&lab, &id).await, "ALCOHOL", "the change behind it is applied");
    let events = lab.events().await;
    let told = |name: &str| events.iter().filter(|event| event["data"]["name"] == name).count();
    assert_eq!((told("first"), told("last")), (1, 1), "the others are applied");
    let passed_on =
        |name: &str| events.iter().filter(|event| event["data"]["value"]["message_template_name"] == name).count();
    assert_eq!((passed_on("first"), passed_on("last")), (1, 1), "and passed on once");
    assert_eq!(buried(&lab).await, 1);
    assert_eq!(lab.events_of("whatsapp.webhook.received.v1").await.len(), 0, "nothing is passed on again");
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_waited_for_its_account_and_is_refused_ends_in_the_dead_letters_and_waits_no_more() {
    let lab = Lab::start().await;
    let session = lab.session("acme").await;
    let popup = lab.popup(&json!({})).await;
    let refused = template(72, &"n".repeat(TOO_LONG));
    let early = body(&popup.waba, soon(), "message_template_status_update", &refused["value"]);
    assert_eq!(lab.webhook(&early, "valid").await, 200);
    assert_eq!(lab.webhook(&body(&popup.waba, soon(), "account_update", &violation()), "valid").await, 200);
    lab.quiet().await;
    assert!(waits(&lab, &popup.waba).await);
    let id = lab.callback(&session, &popup).await.json()["onboarding_id"].as_str().unwrap().to_owned();
    lab.until(&id, "ready").await;
    lab.age_parked(&popup.waba, 100).await;
    lab.stack.fire("SweeperFunction", "Sweep").await.unwrap();
    assert!((1..=2).contains(&buried(&lab).await));
    assert_eq!(violation_of(&lab, &id).await, "ALCOHOL", "the other change is applied");
    assert!(!waits(&lab, &popup.waba).await);
    lab.stop().await;
}

/// A customer that has left, and a later change of its account that waits.
async fn left_with_late_news(lab: &Lab) -> (Popup, String) {
    let (popup, id) = ready(lab, "acme").await;
    assert_eq!(lab.platform_delete(&format!("/v1/onboardings/{id}")).await.status, 202);
    lab.until(&id, "left").await;
    assert_eq!(lab.webhook(&body(&popup.waba, soon(), "account_update", &violation()), "valid").await, 200);
    lab.eventually("the change waits", async || is_parked(lab, &popup.waba).await).await;
    (popup, id)
}

#[tokio::test(flavor = "multi_thread")]
async fn late_changes_of_a_customer_that_has_left_are_not_applied_and_wait_for_whoever_connects_next() {
    let lab = Lab::start().await;
    let (popup, first) = left_with_late_news(&lab).await;
    assert_eq!(violation_of(&lab, &first).await, Value::Null, "the former customer's record");
    let (_, _, second) = lab.signed_up("other", &json!({ "waba_id": popup.waba })).await;
    lab.until(&second, "ready").await;
    lab.age_parked(&popup.waba, 100).await;
    lab.stack.fire("SweeperFunction", "Sweep").await.unwrap();
    let applied = async || (violation_of(&lab, &second).await == "ALCOHOL").then_some(());
    lab.eventually("the change has taken effect for the new customer", applied).await;
    assert_eq!(violation_of(&lab, &first).await, Value::Null);
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn late_changes_of_a_customer_that_has_left_expire_unclaimed_after_a_day() {
    let lab = Lab::start().await;
    let (popup, _) = left_with_late_news(&lab).await;
    for hours in [1, 24] {
        lab.age_parked(&popup.waba, hours * 3600).await;
        lab.stack.fire("SweeperFunction", "Sweep").await.unwrap();
        lab.quiet().await;
    }
    assert_eq!(lab.events_of("whatsapp.webhook.quarantined.v1").await.len(), 0, "no alarm for expired changes");
    assert!(!waits(&lab, &popup.waba).await, "it does not wait any more");
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn dead_letters_that_are_sent_back_take_effect() {
    let lab = Lab::start().await;
    let (popup, id) = ready(&lab, "acme").await;
    lab.stack.set_mapping("WebhookQueue", false);
    assert_eq!(lab.webhook(&body(&popup.waba, soon(), "account_update", &violation()), "valid").await, 200);
    let (queue, dead) = (lab.queue("WebhookQueue"), lab.queue("WebhookDeadLetters"));
    // Five unsuccessful receives, then the next receive moves it.
    for _ in 0..6 {
        lab.stack.sqs().receive(&queue, 1, Duration::ZERO, Some(Duration::ZERO)).await.unwrap();
    }
    assert_eq!(lab.stack.sqs().counts(&dead).unwrap().visible, 1, "a dead letter");
    lab.stack.set_mapping("WebhookQueue", true);
    assert_eq!(lab.redrive("WebhookDeadLetters").await, 200);
    let applied = async || (violation_of(&lab, &id).await == "ALCOHOL").then_some(());
    lab.eventually("the change has taken effect", applied).await;
    lab.stop().await;
}

/// A connected account whose webhooks wait while a call of the functions is refused.
async fn with_refused(call: &str) -> (Proxy, Lab, Popup) {
    let proxy = Proxy::start().await;
    let lab = Lab::start_behind(&proxy).await;
    proxy.connect(lab.stack.endpoints());
    let (popup, _) = ready(&lab, "acme").await;
    lab.quiet().await;
    proxy.script(&[Injection { call: call.to_owned(), nth: 1, times: 10_000, effect: Effect::Refused }]);
    lab.stack.set_mapping("WebhookQueue", false);
    (proxy, lab, popup)
}

/// Lets the worker receive the deliveries until it has deferred each of them.
async fn all_deferred(lab: &Lab, proxy: &Proxy, deliveries: usize) {
    lab.stack.set_mapping("WebhookQueue", true);
    let put_aside = || proxy.calls().get("sqs ChangeMessageVisibility").copied().unwrap_or_default();
    let all = async || (put_aside() >= deliveries && lab.stack.is_at_rest()).then_some(());
    lab.eventually("every delivery was deferred", all).await;
    assert_eq!(lab.stack.sqs().counts(&lab.queue("WebhookQueue")).unwrap().in_flight, deliveries);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_table_fails_the_worker_slows_down_and_nothing_is_lost() {
    let (proxy, lab, popup) = with_refused("dynamodb GetItem").await;
    for number in 0..8 {
        let time = soon() + number;
        assert_eq!(lab.webhook(&body(&popup.waba, time, "account_update", &violation()), "valid").await, 200);
    }
    all_deferred(&lab, &proxy, 8).await;
    // Eight messages would make two calls each, if all of them were tried.
    let tried = proxy.calls().get("dynamodb GetItem").copied().unwrap_or_default();
    assert!((2..16).contains(&tried), "once the table failed twice the rest of a batch is not tried: {tried} calls");
    proxy.script(&[]);
    assert_eq!(lab.stack.sqs().counts(&lab.queue("WebhookDeadLetters")).unwrap().visible, 0);
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_event_queue_is_down_deliveries_back_off_and_afterwards_nothing_is_missing() {
    let (proxy, lab, popup) = with_refused("sqs SendMessageBatch").await;
    // Those with many changes fail whole; the others are not queued alone again, because the queue is unavailable.
    let before = lab.events_waiting();
    let deliveries = [1, 15, 3, 15, 3, 1];
    for (delivery, changes) in deliveries.into_iter().enumerate() {
        let change =
            |change: usize| json!({ "field": "flows", "value": { "flow_id": format!("{delivery}-{change}") } });
        let changes: Vec<Value> = (0..changes).map(change).collect();
        let entry = json!({ "id": popup.waba, "time": soon(), "changes": changes });
        let body = json!({ "object": "whatsapp_business_account", "entry": [entry] });
        assert_eq!(lab.webhook(&body, "valid").await, 200);
    }
    all_deferred(&lab, &proxy, deliveries.len()).await;
    assert_eq!(lab.events_waiting(), before);
    proxy.script(&[]);
    lab.stack.shift_time(3600);
    lab.quiet().await;
    assert_eq!(lab.events_waiting(), before + deliveries.iter().sum::<usize>(), "every change is passed on, once");
    assert_eq!(lab.stack.sqs().counts(&lab.queue("WebhookDeadLetters")).unwrap().visible, 0);
    lab.stop().await;
}
