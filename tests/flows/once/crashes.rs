//! The process crashes before or after every write of a request, and the request is repeated with its key.

use super::template;
use integration::{Effect, Injection, Lab, Popup, Proxy};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Calls of the answering function at which it is killed.
const CALLS: [&str; 5] = [
    "dynamodb PutItem",
    "dynamodb TransactWriteItems",
    "secretsmanager CreateSecret",
    "graph POST /#/message_templates",
    "graph POST /#/messages",
];

async fn behind() -> (Proxy, Lab, Popup, String) {
    let proxy = Proxy::start().await;
    let lab = Lab::start_behind(&proxy).await;
    proxy.connect(lab.stack.endpoints());
    let (_, popup, id) = lab.signed_up("acme", &json!({})).await;
    lab.until(&id, "ready").await;
    lab.quiet().await;
    (proxy, lab, popup, id)
}

/// Kills the process at each of its writes in turn. `again` is retried until the request is answered; each run has its
/// own key and body. Returns the responses.
async fn killed_everywhere(
    proxy: &Proxy,
    lab: &Lab,
    path: &str,
    body: impl Fn(usize) -> Value,
    heal: impl AsyncFn(),
) -> Vec<(usize, Value)> {
    let (mut answers, mut run) = (Vec::new(), 0);
    for call in CALLS {
        for effect in [Effect::KilledBefore, Effect::KilledAfter] {
            for nth in 1.. {
                run += 1;
                let (key, body) = (format!("run-{run}"), body(run));
                proxy.script(&[Injection { call: call.to_owned(), nth, times: 1, effect }]);
                let first = lab.keyed_post(path, &key, &body).await;
                let struck = proxy.struck();
                proxy.script(&[]);
                if struck == 0 {
                    assert!(first.status < 300, "{}", first.json());
                    answers.push((run, first.json()));
                    break;
                }
                heal().await;
                let answered = async || Some(lab.keyed_post(path, &key, &body).await).filter(|it| it.status < 300);
                let healed = lab.eventually(&format!("{call} {nth} {effect:?} is healed"), answered).await;
                let again = lab.keyed_post(path, &key, &body).await;
                assert_eq!((again.status, again.json()), (healed.status, healed.json()), "{call} {nth} {effect:?}");
                answers.push((run, healed.json()));
            }
        }
    }
    answers
}

fn died(answers: &[(usize, Value)]) -> usize {
    // One run for each call and effect ends without a crash.
    answers.len() - 2 * CALLS.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_whose_process_crashes_anywhere_is_created_once() {
    let (proxy, lab, _, _) = behind().await;
    let before = super::entities(&lab, "session").await;
    let hook = json!({ "override_callback_uri": "https://hooks.acme.com/wa", "verify_token": "tenant-token" });
    let order = |run: usize| json!({ "customer_ref": format!("customer {run}"), "callback_override": hook });
    let answers = killed_everywhere(&proxy, &lab, "/v1/sessions", order, async || {}).await;
    assert!(
        died(&answers) >= 8,
        "the claim, the secret, the session and the answer, before and after: {}",
        died(&answers)
    );
    assert_eq!(super::entities(&lab, "session").await - before, answers.len(), "one per request");
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_whose_process_crashes_anywhere_is_sent_at_most_once() {
    let (proxy, lab, popup, _) = behind().await;
    let phone = popup.body["phone_number_id"].as_str().unwrap().to_owned();
    let text = |run: usize| json!({ "to": "16505551234", "type": "text", "text": { "body": format!("text {run}") } });
    let answers =
        killed_everywhere(&proxy, &lab, &format!("/v1/phone-numbers/{phone}/messages"), text, async || {}).await;
    assert!(died(&answers) >= 8, "{}", died(&answers));
    let sent = lab.simulator(&format!("phones/{phone}/messages")).await;
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    for reference in sent.as_array().unwrap() {
        *times.entry(reference.as_str().unwrap().to_owned()).or_default() += 1;
    }
    assert!(times.values().all(|times| *times == 1), "{times:?}");
    assert_eq!(super::entities(&lab, "message").await, answers.len(), "one per request");
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_whose_process_crashes_anywhere_is_submitted_when_its_reservation_expires() {
    let (proxy, lab, popup, id) = behind().await;
    let named = |run: usize| template(&format!("offer_{run}"));
    let heal = async || {
        lab.age_reservations(&popup.waba, 60).await;
    };
    let answers = killed_everywhere(&proxy, &lab, &format!("/v1/onboardings/{id}/templates"), named, heal).await;
    assert!(died(&answers) >= 8, "{}", died(&answers));
    let state = lab.simulator("state").await;
    let templates = state["wabas"][&popup.waba]["templates"].as_array().unwrap().clone();
    for (run, answer) in &answers {
        let name = format!("offer_{run}");
        let there: Vec<&Value> = templates.iter().filter(|template| template["name"] == name.as_str()).collect();
        assert_eq!((there.len(), &there[0]["id"]), (1, &answer["id"]), "{name}");
    }
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reservation_is_respected_while_its_holder_may_be_running() {
    let (_, lab, popup, id) = behind().await;
    let path = format!("/v1/onboardings/{id}/templates");
    let slow = json!({ "method": "POST", "path": "/message_templates", "effect": { "kind": "delay", "milliseconds": 60_000 } });
    lab.simulate("faults", &slow).await;
    let offer = template("offer");
    let dies = lab.keyed_post(&path, "k", &offer);
    let killer = async {
        let called = async || (lab.calls("POST", "/message_templates").await > 0).then_some(());
        lab.eventually("the call is in progress", called).await;
        assert!(lab.stack.kill("PlatformApiFunction") > 0);
    };
    let (died, ()) = tokio::join!(dies, killer);
    assert!(died.status >= 500);
    for (answer, code) in [
        (lab.keyed_post(&path, "k", &offer).await, "idempotency_in_progress"),
        (lab.platform_post(&path, &offer).await, "template.in_progress"),
    ] {
        assert_eq!((answer.status, &answer.json()["code"]), (409, &json!(code)));
    }
    assert_eq!(lab.age_reservations(&popup.waba, 60).await, 1);
    let healed = lab.keyed_post(&path, "k", &offer).await;
    assert_eq!((healed.status, &healed.json()["name"]), (201, &json!("offer")), "{}", healed.json());
    let state = lab.simulator("state").await;
    let templates = state["wabas"][&popup.waba]["templates"].as_array().unwrap();
    assert_eq!(templates.iter().filter(|template| template["name"] == "offer").count(), 1);
    lab.stop().await;
}
