//! Lists of templates that one job cannot read to the end.

use super::*;

/// An account whose list has twelve pages.
async fn long_list(lab: &Lab) -> Popup {
    let (_, popup, id) = lab.signed_up("acme", &json!({ "templates": 115, "templates_a_page": 10 })).await;
    lab.until(&id, "ready").await;
    assert_eq!(lab.calls("GET", "/message_templates").await, 12);
    popup
}

/// A poll that Meta interrupts at the last page, up to where its message is received again.
async fn interrupted_poll(lab: &Lab, popup: &Popup) {
    let refused = json!({ "kind": "answer", "status": 503, "body": {} });
    let listed = format!("/{}/message_templates", popup.waba);
    lab.simulate("faults", &json!({ "path": listed, "after": 11, "effect": refused })).await;
    lab.stack.fire("TemplatePollFunction", "Poll").await.unwrap();
    let struck = async || (lab.calls("GET", "/message_templates").await == 24).then_some(());
    lab.eventually("the poll is interrupted at the twelfth page", struck).await;
    let counts = || lab.stack.sqs().counts(&lab.queue("TemplateQueue")).unwrap();
    lab.eventually("its message waits", async || (lab.stack.is_at_rest() && counts().in_flight == 1).then_some(()))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_list_that_is_interrupted_continues_where_it_stopped_and_still_reports_what_is_gone() {
    let lab = Lab::start().await;
    let popup = long_list(&lab).await;
    let gone = templates_of(&lab, &popup.waba).await.remove(5);
    let path = format!("/_sim/wabas/{}/templates/{}", popup.waba, gone["id"].as_str().unwrap());
    lab.send("DELETE", &format!("{}{path}", lab.stack.endpoints().graph), &[], b"").await;
    interrupted_poll(&lab, &popup).await;
    lab.stack.shift_time(720);
    polls_are_done(&lab).await;
    assert_eq!(lab.calls("GET", "/message_templates").await, 26, "from the eleventh page");
    // Polls within one second count as one.
    let second = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let interrupted = second();
    lab.eventually("a second passes", async || (second() > interrupted).then_some(())).await;
    lab.stack.fire("TemplatePollFunction", "Poll").await.unwrap();
    lab.event("whatsapp.template.changed.v1", named(&gone, "DELETED")).await;
    polls_are_done(&lab).await;
    assert_eq!(lab.calls("GET", "/message_templates").await, 38, "from the beginning");
    assert_eq!(lab.events_waiting(), 0, "one template is gone, one event is published");
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_cursor_does_not_stop_the_poll() {
    let lab = Lab::start().await;
    let popup = long_list(&lab).await;
    interrupted_poll(&lab, &popup).await;
    let error = json!({ "message": "(#100) Invalid parameter", "type": "OAuthException", "code": 100 });
    let forgotten = json!({ "kind": "answer", "status": 400, "body": { "error": error } });
    let listed = format!("/{}/message_templates", popup.waba);
    lab.simulate("faults", &json!({ "path": listed, "effect": forgotten })).await;
    lab.stack.shift_time(720);
    polls_are_done(&lab).await;
    assert_eq!(lab.calls("GET", "/message_templates").await, 37, "one refused, then from the beginning");
    lab.stop().await;
}
