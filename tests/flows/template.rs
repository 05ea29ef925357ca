//! Templates: reported by webhooks, found by polls.

mod long_lists;

use integration::{Effect, Injection, Lab, Popup, Proxy};
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};

async fn templates_of(lab: &Lab, waba: &str) -> Vec<Value> {
    let state = lab.simulator("state").await;
    state["wabas"][waba]["templates"].as_array().unwrap().clone()
}

fn named<'a>(template: &'a Value, status: &'a str) -> impl Fn(&Value) -> bool + 'a {
    move |event| event["data"]["name"] == template["name"] && event["data"]["status"] == status
}

#[tokio::test(flavor = "multi_thread")]
async fn a_review_that_is_pushed_changes_what_we_know() {
    let lab = Lab::start().await;
    let (_, popup, id) = lab.signed_up("acme", &json!({ "templates": 1 })).await;
    lab.until(&id, "ready").await;
    let template = &templates_of(&lab, &popup.waba).await[0];
    let path = format!("wabas/{}/templates/{}", popup.waba, template["id"].as_str().unwrap());
    lab.simulate(&path, &json!({ "status": "REJECTED", "reason": "INVALID_FORMAT" })).await;
    let event = lab.event("whatsapp.template.changed.v1", named(template, "REJECTED")).await;
    assert_eq!(event["data"]["reason"], "INVALID_FORMAT");
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_without_a_webhook_is_found_by_the_poll_and_published_once() {
    let lab = Lab::start().await;
    let (_, popup, id) = lab.signed_up("acme", &json!({ "templates": 2 })).await;
    lab.until(&id, "ready").await;
    let template = &templates_of(&lab, &popup.waba).await[1];
    let path = format!("wabas/{}/templates/{}", popup.waba, template["id"].as_str().unwrap());
    lab.simulate(&path, &json!({ "status": "PAUSED", "silent": true })).await;
    assert_eq!(lab.stack.fire("TemplatePollFunction", "Poll").await.unwrap()["queued"], 1);
    polls_are_done(&lab).await;
    lab.event("whatsapp.template.changed.v1", named(template, "PAUSED")).await;
    let polls = lab.calls("GET", "/message_templates").await;
    lab.stack.fire("TemplatePollFunction", "Poll").await.unwrap();
    polls_are_done(&lab).await;
    assert_eq!(lab.calls("GET", "/message_templates").await, polls + 1, "it is polled again");
    assert_eq!(lab.events_waiting(), 0, "known state is not published again");
    lab.stop().await;
}

/// A connected account with one template, whose calls can have faults injected. Returns the proxy, the test stack, the
/// record's id, and the path that changes the template at Meta.
async fn spoilable() -> (Proxy, Lab, String, String) {
    let proxy = Proxy::start().await;
    let lab = Lab::start_behind(&proxy).await;
    proxy.connect(lab.stack.endpoints());
    let (_, popup, id) = lab.signed_up("acme", &json!({ "templates": 1 })).await;
    lab.until(&id, "ready").await;
    lab.quiet().await;
    let template = &templates_of(&lab, &popup.waba).await[0];
    let path = format!("wabas/{}/templates/{}", popup.waba, template["id"].as_str().unwrap());
    (proxy, lab, id, path)
}

/// The status values published for templates; each is published once only.
async fn published(lab: &Lab) -> Vec<String> {
    let events = lab.events_of("whatsapp.template.changed.v1").await;
    events.iter().map(|event| event["data"]["status"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_the_event_queue_did_not_take_is_shown_at_once_and_published_when_it_is_back() {
    let (proxy, lab, id, path) = spoilable().await;
    lab.events_of("everything before").await;
    lab.simulate(&path, &json!({ "status": "PAUSED", "silent": true })).await;
    proxy.script(&[Injection {
        call: "sqs SendMessageBatch".to_owned(),
        nth: 1,
        times: 10_000,
        effect: Effect::Refused,
    }]);
    lab.stack.fire("TemplatePollFunction", "Poll").await.unwrap();
    lab.quiet().await;
    let shown = lab.platform_get(&format!("/v1/onboardings/{id}/templates")).await.json();
    assert_eq!((&shown["templates"][0]["status"], lab.events_waiting()), (&json!("PAUSED"), 0));
    proxy.script(&[]);
    lab.stack.shift_time(3600);
    polls_are_done(&lab).await;
    assert_eq!(published(&lab).await, ["PAUSED"], "once, by the redelivered message");
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_whose_answer_is_lost_is_no_conflict_with_itself() {
    let (proxy, lab, _, path) = spoilable().await;
    let mut struck = 0;
    for (nth, status) in ["PAUSED", "APPROVED", "PAUSED", "APPROVED"].into_iter().enumerate() {
        lab.events_of("everything before").await;
        lab.simulate(&path, &json!({ "status": status, "silent": true })).await;
        let lost = Injection { call: "dynamodb PutItem".to_owned(), nth: nth + 1, times: 1, effect: Effect::LostAfter };
        proxy.script(&[lost]);
        lab.stack.fire("TemplatePollFunction", "Poll").await.unwrap();
        lab.quiet().await;
        assert_eq!(published(&lab).await, [status], "the answer to write {} was lost", nth + 1);
        struck += proxy.struck();
    }
    assert!(struck >= 3, "the template, the note that it was published, the poll's own: {struck}");
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_followed_to_the_end() {
    let lab = Lab::start().await;
    let (_, popup, id) = lab.signed_up("acme", &json!({ "templates": 250 })).await;
    lab.until(&id, "ready").await;
    assert_eq!(lab.calls("GET", "/message_templates").await, 3, "250 templates are three pages of a hundred");
    let stored = lab.stored(&format!("WABA#{}", popup.waba)).await;
    let templates = stored.iter().filter(|item| item["entity"].as_s().is_ok_and(|entity| entity == "template")).count();
    assert_eq!(templates, 250);
    lab.stop().await;
}

/// Meta's list repeats: every page names the requested cursor.
async fn circle(lab: &Lab, path: &str) {
    let fault = json!({ "method": "GET", "path": path, "times": 1000, "effect": { "kind": "repeat_cursor" } });
    lab.simulate("faults", &fault).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_templates_that_leads_back_to_itself_is_left_at_once_and_nothing_is_taken_for_deleted() {
    let lab = Lab::start().await;
    let (_, popup, id) = lab.signed_up("acme", &json!({ "templates": 250 })).await;
    lab.until(&id, "ready").await;
    lab.quiet().await;
    lab.events_of("everything before").await;
    let changed = &templates_of(&lab, &popup.waba).await[0];
    let path = format!("wabas/{}/templates/{}", popup.waba, changed["id"].as_str().unwrap());
    lab.simulate(&path, &json!({ "status": "PAUSED", "silent": true })).await;
    let calls = lab.calls("GET", "/message_templates").await;
    circle(&lab, "/message_templates").await;
    lab.stack.fire("TemplatePollFunction", "Poll").await.unwrap();
    let noticed = async || lab.stack.logs().iter().any(|line| line.text.contains("list.repeats")).then_some(());
    lab.eventually("the repeated cursor is noticed", noticed).await;
    lab.quiet().await;
    assert_eq!(
        lab.calls("GET", "/message_templates").await - calls,
        2,
        "the second page names the cursor of the first"
    );
    let published = lab.events_of("whatsapp.template.changed.v1").await;
    let published: Vec<&Value> = published.iter().map(|event| &event["data"]["status"]).collect();
    assert_eq!(published, ["PAUSED"], "what the page listed is stored, nothing else counts as deleted");
    lab.send("DELETE", &format!("{}/_sim/faults", lab.stack.endpoints().graph), &[], b"").await;
    lab.stack.shift_time(3600);
    polls_are_done(&lab).await;
    assert_eq!(lab.events_waiting(), 0);
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_numbers_that_leads_back_to_itself_is_left_at_once_and_read_again_later() {
    let lab = Lab::start().await;
    circle(&lab, "/phone_numbers").await;
    let (_, _, id) = lab.signed_up("acme", &json!({})).await;
    let noticed = async || {
        let steps = lab.platform_get(&format!("/v1/onboardings/{id}")).await.json()["steps"].clone();
        steps.as_array()?.iter().any(|step| step["code"] == "list.repeats").then_some(())
    };
    lab.eventually("the step says why it waits", noticed).await;
    lab.quiet().await;
    assert_eq!(lab.calls("GET", "/phone_numbers").await % 2, 0, "two pages a try");
    lab.send("DELETE", &format!("{}/_sim/faults", lab.stack.endpoints().graph), &[], b"").await;
    lab.age(&id, 7200).await;
    lab.stack.fire("SweeperFunction", "Sweep").await.unwrap();
    lab.until(&id, "ready").await;
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_left_is_not_polled() {
    let lab = Lab::start().await;
    let (_, popup, id) = lab.signed_up("acme", &json!({})).await;
    lab.until(&id, "ready").await;
    let url = format!("{}/_sim/wabas/{}", lab.stack.endpoints().graph, popup.waba);
    lab.send("DELETE", &url, &[], b"").await;
    lab.until(&id, "left").await;
    assert_eq!(lab.stack.fire("TemplatePollFunction", "Poll").await.unwrap()["queued"], 0);
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_token_is_never_retried_and_the_customer_is_asked_to_connect_again() {
    let lab = Lab::start().await;
    let (_, popup, id) = lab.signed_up("acme", &json!({})).await;
    lab.until(&id, "ready").await;
    lab.simulate(&format!("wabas/{}/revoke", popup.waba), &json!({})).await;
    lab.stack.fire("TemplatePollFunction", "Poll").await.unwrap();
    let record = lab.until(&id, "reauthorise").await;
    assert_eq!(record["who_acts"], "customer");
    let calls = lab.calls("GET", "/message_templates").await;
    assert_eq!(lab.stack.fire("TemplatePollFunction", "Poll").await.unwrap()["queued"], 0);
    assert_eq!(lab.calls("GET", "/message_templates").await, calls);
    lab.stop().await;
}

/// The cost of an unchanged account every two hours.
#[tokio::test(flavor = "multi_thread")]
async fn an_unchanged_account_costs_a_page_at_meta_and_one_small_write() {
    let proxy = Proxy::start().await;
    let lab = Lab::start_behind(&proxy).await;
    proxy.connect(lab.stack.endpoints());
    let (_, _, id) = lab.signed_up("acme", &json!({})).await;
    lab.until(&id, "ready").await;
    let polled = async || proxy.calls().contains_key("graph GET /#/message_templates").then_some(());
    for _ in 0..2 {
        lab.quiet().await;
        proxy.script(&[]);
        lab.stack.fire("TemplatePollFunction", "Poll").await.unwrap();
        lab.eventually("the account is polled", polled).await;
        lab.quiet().await;
    }
    let calls = proxy.calls();
    let of = |call: &str| calls.get(call).copied().unwrap_or_default();
    assert_eq!(of("graph GET /#/message_templates"), 1, "{calls:?}");
    assert_eq!(of("dynamodb PutItem"), 1, "the time of the check, and nothing else: {calls:?}");
    assert_eq!(
        (of("dynamodb Query"), of("dynamodb GetItem")),
        (3, 1),
        "accounts, drafts, templates; the record: {calls:?}"
    );
    assert_eq!(of("sqs SendMessage"), 1, "one job, no event: {calls:?}");
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_odd_template_hides_no_other_and_is_never_stored() {
    let lab = Lab::start().await;
    let (_, popup, id) = lab.signed_up("acme", &json!({ "templates": 1 })).await;
    lab.until(&id, "ready").await;
    let fresh =
        json!({ "id": "777", "name": "fresh", "language": "en_US", "status": "APPROVED", "category": "UTILITY" });
    let listed = json!({ "data": [{ "id": 7, "name": null }, "warped", fresh] });
    let path = format!("/{}/message_templates", popup.waba);
    lab.simulate("faults", &json!({ "path": path, "effect": { "kind": "answer", "status": 200, "body": listed } }))
        .await;
    lab.stack.fire("TemplatePollFunction", "Poll").await.unwrap();
    lab.event("whatsapp.template.changed.v1", |event| event["data"]["name"] == "fresh").await;
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_cannot_be_polled_holds_up_no_other_and_each_has_its_own_list() {
    let lab = Lab::start().await;
    let (_, broken, one) = lab.signed_up("broken", &json!({ "templates": 1 })).await;
    let (_, whole, other) = lab.signed_up("whole", &json!({ "templates": 1 })).await;
    lab.until(&one, "ready").await;
    lab.until(&other, "ready").await;
    let limited = json!({ "error": { "code": 80_008, "message": "too many calls" } });
    let effect = json!({ "kind": "answer", "status": 400, "body": limited });
    let path = format!("/{}/message_templates", broken.waba);
    lab.simulate("faults", &json!({ "path": path, "times": 10, "effect": effect })).await;
    lab.simulate(&format!("wabas/{}/templates", whole.waba), &json!({ "name": "own" })).await;
    lab.stack.fire("TemplatePollFunction", "Poll").await.unwrap();
    lab.event("whatsapp.template.changed.v1", |event| event["data"]["name"] == "own").await;
    let names = async |id: &str| lab.platform_get(&format!("/v1/onboardings/{id}/templates")).await.json().to_string();
    assert!(names(&other).await.contains("own") && !names(&one).await.contains("own"));
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poll_leaves_the_hours_calls_to_an_account_that_is_being_connected() {
    let lab = Lab::start().await;
    let (_, _, id) = lab.signed_up("acme", &json!({ "event": "FINISH_ONLY_WABA", "numbers": 0 })).await;
    lab.until(&id, "waiting").await;
    lab.quiet().await;
    let polls = lab.calls("GET", "/message_templates").await;
    lab.stack.fire("TemplatePollFunction", "Poll").await.unwrap();
    polls_are_done(&lab).await;
    assert!(lab.calls("GET", "/message_templates").await > polls, "it is polled while there are calls left");
    lab.spend_calls(&id, 150).await;
    let polls = lab.calls("GET", "/message_templates").await;
    lab.stack.fire("TemplatePollFunction", "Poll").await.unwrap();
    polls_are_done(&lab).await;
    assert_eq!(lab.calls("GET", "/message_templates").await, polls, "left to the onboarding");
    lab.stop().await;
}

async fn polls_are_done(lab: &Lab) {
    let waits = || {
        let counts = lab.stack.sqs().counts(&lab.queue("TemplateQueue")).unwrap();
        counts.visible + counts.in_flight + counts.delayed
    };
    lab.eventually("all polls are done", async || (lab.stack.is_at_rest() && waits() == 0).then_some(())).await;
}
