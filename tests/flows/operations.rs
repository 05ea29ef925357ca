//! Every operation is attributed: its caller appears in the record's timeline and in an event.

use crate::healing::sweep;
use crate::joining::announced;
use crate::messages::{outcomes, phone, post, text, until};
use crate::moves::case::{Case, case};
use integration::{Effect, Injection, Lab, Proxy};
use local::Answer;
use platform_api::ROUTES;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const REQUESTED: &str = "whatsapp.operation.requested.v1";

/// Routes that store, send and change nothing although they are not GET.
const SILENT: [&str; 1] = ["POST /v1/templates/preview"];

async fn send(lab: &Lab, bearer: &str, (method, path): (&str, &str), body: &Value) -> Answer {
    let headers = [("authorization", bearer), ("content-type", "application/json")];
    let body = if body.is_null() { String::new() } else { body.to_string() };
    lab.send(method, &lab.api(path), &headers, body.as_bytes()).await
}

fn bearer(lab: &Lab) -> String {
    let claims = json!({
        "aud": "whatsapp-onboarding", "sub": "auth0|maria", "client_id": "console",
        "scope": "onboarding/read onboarding/operate onboarding/send onboarding/admin",
    });
    format!("Bearer {}", lab.stack.sign(&claims).unwrap())
}

/// A call that is accepted.
async fn done(lab: &Lab, route: (&str, &str), body: &Value) -> Value {
    let answer = send(lab, &bearer(lab), route, body).await;
    assert!((200..300).contains(&answer.status), "{route:?}: {} {}", answer.status, answer.json());
    answer.json()
}

async fn templates(case: &Case) {
    let (lab, path) = (&case.lab, format!("/v1/onboardings/{}/templates", case.onboarding));
    let body = json!([{ "type": "BODY", "text": "Your parcel is on its way to you today." }]);
    let offer = json!({ "name": "parcel_sent", "language": "en_US", "category": "utility", "components": body });
    done(lab, ("POST", &path), &offer).await;
    done(lab, ("POST", &format!("{path}/refresh")), &Value::Null).await;
    let sample = json!({ "content_type": "image/png", "data": "iVBORw0KGgo=" });
    done(lab, ("POST", &format!("/v1/onboardings/{}/template-samples", case.onboarding)), &sample).await;
    done(lab, ("PATCH", &format!("{path}/order_update_1/en_US")), &json!({ "components": body })).await;
    let copy = format!("{path}/order_update_2/en_US/copy");
    done(lab, ("POST", &copy), &json!({ "name": "order_update_again" })).await;
    done(lab, ("DELETE", &format!("{path}/order_update_2/en_US")), &Value::Null).await;
}

async fn messages(case: &Case) {
    let lab = &case.lab;
    outcomes(lab, &case.target, &["failed:131000"]).await;
    let path = format!("/v1/phone-numbers/{}/messages", phone(&case.target));
    let sent = done(lab, ("POST", &path), &text()).await["message_id"].as_str().unwrap().to_owned();
    until(lab, &sent, "retrying").await;
    done(lab, ("DELETE", &format!("/v1/messages/{sent}")), &Value::Null).await;
}

/// Returns the migration that was completed.
async fn moves(case: &Case) -> String {
    let lab = &case.lab;
    let begun = done(lab, ("POST", "/v1/moves"), &case.wish().await).await;
    let id = begun["move_id"].as_str().unwrap().to_owned();
    let waiting = case.until(&id, "awaiting_code").await;
    done(lab, ("POST", &format!("/v1/moves/{id}/code")), &json!({})).await;
    let code = case.code(&waiting).await;
    done(lab, ("POST", &format!("/v1/moves/{id}/verify")), &json!({ "code": code })).await;
    case.until(&id, "done").await;
    // A migration that no worker is processing can be resumed.
    lab.quiet().await;
    lab.stack.set_mapping("OnboardingQueue", false);
    let number = json!({ "onboarding_id": case.onboarding, "country_code": "1", "phone_number": "6505550199" });
    let other = done(lab, ("POST", "/v1/moves"), &number).await;
    let path = format!("/v1/moves/{}", other["move_id"].as_str().unwrap());
    done(lab, ("POST", &format!("{path}/resume")), &Value::Null).await;
    let given_up = done(lab, ("DELETE", &path), &Value::Null).await;
    named(&given_up["timeline"], "move.resume");
    named(&given_up["timeline"], "move.cancel");
    lab.stack.set_mapping("OnboardingQueue", true);
    id
}

/// A revoked link, and an unclaimed account that is assigned to a customer.
async fn decisions(lab: &Lab) {
    let link = done(lab, ("POST", "/v1/sessions"), &json!({ "customer_ref": "florist" })).await;
    let link = format!("/v1/sessions/{}", link["session"].as_str().unwrap());
    done(lab, ("DELETE", &link), &Value::Null).await;
    let popup = lab.popup(&json!({})).await;
    let id = announced(lab, &popup.waba).await;
    lab.until(&id, "ready").await;
    let decision = json!({ "customer_ref": "florist", "waba_id": popup.waba });
    done(lab, ("POST", &format!("/v1/onboardings/{id}/assign")), &decision).await;
    named(&lab.platform_get(&format!("/v1/onboardings/{id}")).await.json()["timeline"], "onboarding.assign");
}

/// Returns the onboarding that was resumed and ended.
async fn onboardings(lab: &Lab) -> String {
    let created = done(lab, ("POST", "/v1/sessions"), &json!({ "customer_ref": "bakery" })).await;
    let popup = lab.popup(&json!({ "event": "FINISH_ONLY_WABA", "numbers": 0 })).await;
    let mut callback = popup.body.clone();
    callback["session"] = created["session"].clone();
    let id = lab.server_callback(&callback).await.json()["onboarding_id"].as_str().unwrap().to_owned();
    lab.until(&id, "waiting").await;
    lab.quiet().await;
    done(lab, ("POST", &format!("/v1/onboardings/{id}/resume")), &Value::Null).await;
    done(lab, ("DELETE", &format!("/v1/onboardings/{id}")), &Value::Null).await;
    id
}

async fn platform_wide(lab: &Lab) {
    done(lab, ("POST", "/v1/doctor"), &Value::Null).await;
    done(lab, ("POST", "/v1/doctor/repair"), &Value::Null).await;
    done(lab, ("POST", "/v1/signups/pause"), &Value::Null).await;
    done(lab, ("POST", "/v1/signups/resume"), &Value::Null).await;
    lab.put("TemplateQueue", "{}").await;
    let given_up = async || {
        lab.stack.shift_time(181);
        (lab.stack.sqs().counts(&lab.queue("TemplateDeadLetters")).unwrap().visible == 1).then_some(())
    };
    lab.eventually("it is a dead letter", given_up).await;
    done(lab, ("POST", "/v1/dead-letters/TemplateQueue/redrive"), &Value::Null).await;
}

/// The timeline entry that names the caller of an operation.
fn named(timeline: &Value, operation: &str) -> Value {
    let lines = timeline.as_array().unwrap();
    let line = lines.iter().find(|line| line["by"]["operation"] == operation);
    assert!(line.is_some(), "{operation} has no name in {timeline}");
    let by = line.unwrap()["by"].clone();
    assert_eq!((&by["subject"], &by["client"]), (&json!("auth0|maria"), &json!("console")), "{operation}");
    assert!(by["request_id"].as_str().unwrap().len() > 8, "{operation}");
    by
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_of_the_api_records_who_asked_for_it() {
    let case = case(&json!({})).await;
    let lab = &case.lab;
    templates(&case).await;
    messages(&case).await;
    let moved = moves(&case).await;
    platform_wide(lab).await;
    decisions(lab).await;
    let left = onboardings(lab).await;
    lab.until(&left, "left").await;
    lab.quiet().await;
    let timeline = async |path: &str| lab.platform_get(path).await.json()["timeline"].clone();
    let of_customer = timeline(&format!("/v1/onboardings/{}", case.onboarding)).await;
    let of_migration = timeline(&format!("/v1/moves/{moved}")).await;
    let of_left = timeline(&format!("/v1/onboardings/{left}")).await;
    let events = of_maria(lab.events_of(REQUESTED).await);
    for operation in acting(lab).await {
        assert!(events.contains_key(&operation), "{operation} leaves no name");
        let event = &events[&operation];
        assert!(!event["data"]["request_id"].as_str().unwrap().is_empty(), "{operation}");
        match operation.split_once('.').unwrap() {
            ("template", _) => assert_eq!(named(&of_customer, &operation)["request_id"], event["data"]["request_id"]),
            ("onboarding", "leave" | "resume") => {
                assert_eq!(named(&of_left, &operation)["request_id"], event["data"]["request_id"]);
            }
            ("move", "begin" | "request_code" | "verify") => drop(named(&of_migration, &operation)),
            _ => {}
        }
    }
    let target = |operation: &str, name: &str| events[operation]["data"]["target"][name].clone();
    assert_eq!(target("template.delete", "template"), json!("order_update_2"));
    assert_eq!(target("onboarding.leave", "onboarding_id"), json!(left));
    assert_eq!(target("session.revoke", "customer_ref"), json!("florist"));
    assert_eq!(target("dead_letters.redrive", "queue"), json!("TemplateQueue"));
    nothing_else_is_told(&events);
    case.lab.stop().await;
}

/// Events of the operator, by the name of the operation.
fn of_maria(events: Vec<Value>) -> BTreeMap<String, Value> {
    let hers = json!({ "subject": "auth0|maria", "client": "console" });
    let events = events.into_iter().filter(|event| event["data"]["actor"] == hers);
    events.map(|event| (event["data"]["operation"].as_str().unwrap().to_owned(), event)).collect()
}

/// Operations of the API's own description that change something, by the names of the function's table.
async fn acting(lab: &Lab) -> BTreeSet<String> {
    let description = lab.platform_get("/v1/openapi.json").await.json();
    let paths = description["paths"].as_object().unwrap().iter().filter(|(path, _)| path.starts_with("/v1/"));
    let routes = paths.flat_map(|(path, item)| {
        let methods = item.as_object().unwrap().keys().map(|method| method.to_uppercase());
        methods.map(move |method| format!("{method} {path}"))
    });
    let acting = routes.filter(|route| !route.starts_with("GET ") && !SILENT.contains(&route.as_str()));
    acting
        .map(|route| {
            let (method, path) = route.split_once(' ').unwrap();
            let known = ROUTES.iter().find(|known| known.method == method && known.path == path);
            let operation = known.and_then(|known| known.operation);
            assert!(operation.is_some(), "{route} has no name in the table of routes");
            operation.unwrap().to_owned()
        })
        .collect()
}

/// Neither a message's recipient, nor its text, nor a number, a code or a session.
fn nothing_else_is_told(events: &BTreeMap<String, Value>) {
    for (operation, event) in events {
        let whole = event.to_string();
        for private in ["6505551234", "650 555", "6505550199", "parcel is on", "order is on", "ses_"] {
            assert!(!whole.contains(private), "{operation} tells {private}: {whole}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_ended_a_connection_is_recorded_although_everything_crashes_right_after() {
    let lab = Lab::start().await;
    let (_, _, id) = lab.signed_up("acme", &json!({})).await;
    lab.until(&id, "ready").await;
    lab.quiet().await;
    lab.stack.set_mapping("OnboardingQueue", false);
    done(&lab, ("DELETE", &format!("/v1/onboardings/{id}")), &Value::Null).await;
    lab.stack.kill("PlatformApiFunction");
    assert_eq!(lab.lose("OnboardingQueue").await, 1);
    lab.stack.set_mapping("OnboardingQueue", true);
    // Due times have whole seconds.
    lab.eventually("the sweeper finds the exit", async || (sweep(&lab).await > 0).then_some(())).await;
    let published = lab.event(REQUESTED, |event| event["data"]["operation"] == "onboarding.leave").await;
    assert_eq!(published["data"]["actor"]["subject"], "auth0|maria");
    let again = done(&lab, ("DELETE", &format!("/v1/onboardings/{id}")), &Value::Null).await;
    assert!(["leaving", "left"].contains(&again["state"].as_str().unwrap()));
    lab.until(&id, "left").await;
    lab.quiet().await;
    let published = lab.events_of(REQUESTED).await;
    assert!(
        published.iter().all(|event| event["data"]["operation"] != "onboarding.leave"),
        "what changed nothing is not attributed"
    );
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operation_that_cannot_be_attributed_is_not_done() {
    let proxy = Proxy::start().await;
    let lab = Lab::start_behind(&proxy).await;
    proxy.connect(lab.stack.endpoints());
    let (_, popup, id) = lab.signed_up("acme", &json!({})).await;
    lab.until(&id, "ready").await;
    lab.quiet().await;
    let refuse = |call: &str| {
        proxy.script(&[Injection { call: call.to_owned(), nth: 1, times: 10_000, effect: Effect::Refused }]);
    };
    refuse("sqs SendMessage");
    for path in ["/v1/signups/pause", "/v1/doctor", "/v1/doctor/repair"] {
        assert_eq!(send(&lab, &bearer(&lab), ("POST", path), &Value::Null).await.status, 503, "{path}");
    }
    assert_eq!(lab.platform_get("/v1/limits").await.json()["signups"]["paused_since"], Value::Null);
    let items = lab.items().await;
    let session = send(&lab, &bearer(&lab), ("POST", "/v1/sessions"), &json!({ "customer_ref": "acme" })).await;
    assert_eq!((session.status, post(&lab, &popup, &text()).await.status), (503, 503));
    assert_eq!((lab.items().await, lab.calls("POST", "/messages").await), (items, 0));
    // An operation on an account is saved with it, or not started.
    refuse("dynamodb TransactWriteItems");
    let before = lab.calls("POST", "/message_templates").await;
    let body = json!([{ "type": "BODY", "text": "Your parcel is on its way to you today." }]);
    let offer = json!({ "name": "parcel_sent", "language": "en_US", "category": "utility", "components": body });
    let path = format!("/v1/onboardings/{id}/templates");
    assert_eq!(send(&lab, &bearer(&lab), ("POST", &path), &offer).await.status, 503);
    assert_eq!(lab.calls("POST", "/message_templates").await, before);
    proxy.script(&[]);
    lab.stop().await;
}
