//! Compares policies with what the functions really do: they do nothing that is not allowed, and nothing is allowed
//! that they never do, except for documented reasons.

#![expect(clippy::indexing_slicing, reason = "unexpected results fail the test")]

use super::super::logical_id;
use super::grants::{CONSUME, GRANTS, MOVE};
use super::pairs;
use integration::{Lab, Proxy, Use};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Allowed but not observed here, and why it is allowed.
const REASONS: [(&str, &str, &str); 7] = [
    (
        "platform-api",
        "sqs:StartMessageMoveTask on PlatformEventsDeadLetters",
        "a platform's own dead letters are sent back like all others",
    ),
    ("platform-api", "sqs:SendMessage on WebhookQueue", "SQS moves dead letters back with the caller's role"),
    ("message-retry", "dynamodb:Query on Table", "its template's category is read for people without marketing"),
    ("message-retry", "sqs:SendMessage on OnboardingQueue", "an invalid token ends the connection"),
    (
        "webhook-events",
        "sqs:ChangeMessageVisibility on WebhookQueue",
        "failures back off longer while the table is unavailable",
    ),
    ("webhook-events", "sqs:SendMessage on WebhookQueue", "a change that fails in a batch is queued again alone"),
    ("credit-sharing", "sqs:SendMessage on CreditQueue", "enqueues itself when its deadline passes during the work"),
];

#[tokio::test(flavor = "multi_thread")]
async fn what_functions_do_is_what_they_may_do() {
    let proxy = Proxy::start().await;
    let lab = Lab::start_behind(&proxy).await;
    proxy.connect(lab.stack.endpoints());
    everything_happens(&lab).await;
    let used = proxy.used();
    lab.stop().await;
    let (mut denied, mut idle) = (Vec::new(), Vec::new());
    for (function, grants) in GRANTS {
        let done: BTreeSet<String> = used.iter().filter(|it| it.function == logical_id(function)).map(shown).collect();
        let own = grants.iter().filter(|(_, actions, _)| ![CONSUME, MOVE].contains(actions));
        let allowed: BTreeSet<String> = own.flat_map(pairs).collect();
        denied.extend(done.difference(&allowed).map(|it| format!("{function} does {it} and may not")));
        let excused = |it: &&String| REASONS.iter().any(|(who, what, _)| *who == function && *what == it.as_str());
        idle.extend(
            allowed.difference(&done).filter(|it| !excused(it)).map(|it| format!("{function} may {it} and never does")),
        );
        println!("{function}: {} of {} allowed actions seen", done.len(), allowed.len());
    }
    assert_eq!((denied, idle), (Vec::<String>::new(), Vec::<String>::new()));
}

fn shown(used: &Use) -> String {
    format!("{} on {}", used.action, used.thing)
}

async fn everything_happens(lab: &Lab) {
    let (popup, id) = a_customer_with_a_callback(lab).await;
    the_platform_asks_everything(lab, &popup, &id).await;
    meta_speaks(lab, &popup).await;
    the_platform_writes(lab, &popup, &id).await;
    let (_, _, second) = lab.signed_up("acme", &json!({ "waba_id": popup["waba_id"], "new_number": true })).await;
    lab.until(&second, "left").await;
    lab.until(&id, "ready").await;
    lab.platform_delete(&format!("/v1/onboardings/{id}")).await;
    lab.until(&id, "left").await;
    a_token_dies(lab).await;
    nobody_brings_a_code(lab).await;
}

/// Including everything a browser does.
async fn a_customer_with_a_callback(lab: &Lab) -> (Value, String) {
    let wanted = json!({ "override_callback_uri": "https://hooks.acme.com/wa", "verify_token": "tenant-token" });
    let order =
        lab.platform_post("/v1/sessions", &json!({ "customer_ref": "acme", "callback_override": wanted })).await;
    let session = order.json()["session"].as_str().unwrap().to_owned();
    lab.send("GET", order.json()["signup_url"].as_str().unwrap(), &[], b"").await;
    let left = json!({ "session": session, "event": "CANCEL", "current_step": "PERMISSIONS" }).to_string();
    let headers = [("origin", "http://localhost:8080"), ("content-type", "application/json")];
    let abandoned = lab.send("POST", &lab.api("/signup/abandoned"), &headers, left.as_bytes()).await;
    assert_eq!(abandoned.status, 204);
    let popup = lab.popup(&json!({})).await;
    let mut body = popup.body.clone();
    body["session"] = json!(session);
    let id = lab.server_callback(&body).await.json()["onboarding_id"].as_str().unwrap().to_owned();
    lab.until(&id, "ready").await;
    (popup.body, id)
}

async fn the_platform_asks_everything(lab: &Lab, popup: &Value, id: &str) {
    let phone = popup["phone_number_id"].as_str().unwrap();
    for path in [
        "/v1/onboardings".to_owned(),
        "/v1/onboardings?customer_ref=acme".to_owned(),
        format!("/v1/onboardings/{id}"),
        format!("/v1/reception/{phone}"),
        "/v1/limits".to_owned(),
        "/v1/credit-shares".to_owned(),
        "/v1/doctor".to_owned(),
    ] {
        assert_eq!(lab.platform_get(&path).await.status, 200, "{path}");
    }
    the_platform_operates(lab).await;
    assert_eq!(lab.platform_post("/v1/doctor/repair", &json!({})).await.status, 200);
    assert_eq!(lab.platform_post("/v1/doctor", &json!({})).await.status, 202);
    let examined =
        async || lab.platform_get("/v1/doctor").await.json().to_string().contains("system_user").then_some(());
    lab.eventually("the checks of the system token are done", examined).await;
}

/// Pauses signups, and sends dead letters back.
async fn the_platform_operates(lab: &Lab) {
    for path in ["/v1/signups/pause", "/v1/signups/resume"] {
        assert_eq!(lab.platform_post(path, &json!({})).await.status, 204, "{path}");
    }
    for path in ["/v1/funnel", "/v1/moves", "/v1/messages?state=retry_scheduled", "/v1/dead-letters"] {
        assert_eq!(lab.platform_get(path).await.status, 200, "{path}");
    }
    for queue in ["Webhook", "Onboarding", "Credit", "Template", "MessageRetry"] {
        lab.put(&format!("{queue}DeadLetters"), "{}").await;
        let redriven = lab.platform_post(&format!("/v1/dead-letters/{queue}Queue/redrive"), &json!({})).await;
        assert_eq!((redriven.status, &redriven.json()["messages"]), (202, &json!(1)), "{queue}");
    }
}

/// A template, and a message that fails once.
async fn the_platform_writes(lab: &Lab, popup: &Value, id: &str) {
    let body = json!([{ "type": "BODY", "text": "Your order is on its way." }]);
    let template = json!({ "name": "written", "language": "en", "category": "UTILITY", "components": body });
    let path = format!("/v1/onboardings/{id}/templates");
    assert_eq!(lab.platform_post(&path, &template).await.status, 201);
    assert_eq!(lab.platform_post(&format!("{path}/refresh"), &json!({})).await.status, 202);
    let phone = popup["phone_number_id"].as_str().unwrap();
    lab.simulate(&format!("phones/{phone}"), &json!({ "outcomes": ["refused:130429", "failed:131000"] })).await;
    let message = json!({ "to": "16505551234", "type": "text", "text": { "body": "hi" } });
    let path = format!("/v1/phone-numbers/{phone}/messages");
    let sent = lab.platform_post(&path, &message).await.json();
    lab.platform_post(&path, &message).await;
    let by_status = |event: &Value| event["data"]["code"] == "graph.131000";
    lab.event("whatsapp.message.retry_scheduled.v1", by_status).await;
    let message = sent["message_id"].as_str().unwrap().to_owned();
    lab.quiet().await;
    lab.age_message(&message, 700).await;
    lab.stack.fire("SweeperFunction", "Sweep").await.unwrap();
    let path = format!("/v1/messages/{message}");
    let arrived = async || (lab.platform_get(&path).await.json()["state"] == "delivered").then_some(());
    lab.eventually("the second attempt arrived", arrived).await;
}

async fn meta_speaks(lab: &Lab, popup: &Value) {
    lab.simulate("handshake", &json!({})).await;
    let waba = popup["waba_id"].as_str().unwrap();
    lab.simulate(&format!("wabas/{waba}/templates"), &json!({ "name": "fresh", "status": "PENDING" })).await;
    lab.stack.fire("TemplatePollFunction", "Poll").await.unwrap();
    lab.event("whatsapp.template.changed.v1", |event| event["data"]["name"] == "fresh").await;
    // An edited text is read again; a change of an account that is not connected yet waits.
    for (account, field) in [(waba, "message_template_components_update"), ("555", "account_update")] {
        let change = json!({ "field": field, "value": { "message_template_id": 1, "event": "ACCOUNT_DELETED" } });
        let entry = json!({ "id": account, "time": 1_800_000_000, "changes": [change] });
        lab.webhook(&json!({ "object": "whatsapp_business_account", "entry": [entry] }), "valid").await;
    }
    let parked = async || (!lab.stored("WABA#555").await.is_empty()).then_some(());
    lab.eventually("the change waits", parked).await;
    lab.age_parked("555", 100).await;
    lab.stack.fire("SweeperFunction", "Sweep").await.unwrap();
}

/// The poll enqueues the worker.
async fn a_token_dies(lab: &Lab) {
    let (_, popup, id) = lab.signed_up("dying", &json!({})).await;
    lab.until(&id, "ready").await;
    lab.simulate(&format!("wabas/{}/revoke", popup.waba), &json!({})).await;
    lab.stack.fire("TemplatePollFunction", "Poll").await.unwrap();
    lab.until(&id, "reauthorise").await;
}

async fn nobody_brings_a_code(lab: &Lab) {
    let popup = lab.popup(&json!({})).await;
    let stored = async || (!lab.stored(&format!("WABA#{}", popup.waba)).await.is_empty()).then_some(());
    lab.eventually("the announcement is stored", stored).await;
    lab.age_announcement(&popup.waba, 1000).await;
    lab.stack.fire("SweeperFunction", "Sweep").await.unwrap();
    let ready = async || {
        let listed = lab.platform_get("/v1/onboardings?state=ready").await.json();
        listed["onboardings"].as_array()?.iter().any(|it| it["waba_id"] == popup.waba.as_str()).then_some(())
    };
    lab.eventually("the announced account is ready", ready).await;
}
